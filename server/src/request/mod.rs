//! GraphQL requests, which every transport reads and prepares alike.

mod parameters;

use async_graphql::ServerError;
use graphql_api::{Api, PreparedRequest};

pub(crate) use self::parameters::{Malformed, Parameters};
use crate::{
    documents::{DocumentError, Documents},
    error::with_code,
};

/// Why a request is not executed.
#[derive(Debug)]
pub(crate) enum NotPrepared {
    /// It is none: the client speaks another language.
    Malformed(Malformed),
    /// What it asks for is not known, allowed or valid: errors as GraphQL tells them.
    Refused(Vec<ServerError>),
}

impl NotPrepared {
    /// Either of them as GraphQL tells errors, for a client that sent other requests besides.
    pub(crate) fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Malformed(reason) => vec![with_code(reason, "BAD_USER_INPUT")],
            Self::Refused(errors) => errors,
        }
    }
}

/// Finds the document that a request asks for, and holds the request against the limits and the schema.
pub(crate) fn prepare(
    parameters: Parameters,
    documents: &Documents,
    api: &Api,
) -> Result<PreparedRequest, NotPrepared> {
    let document_id = parameters.document_id.clone();
    let (mut request, variables) = parameters.into_request().map_err(NotPrepared::Malformed)?;
    match documents.resolve(document_id.as_deref(), &mut request) {
        Ok(()) => api.prepare(request, variables).map_err(NotPrepared::Refused),
        Err(error @ DocumentError::Missing) => Err(NotPrepared::Malformed(error.message().into())),
        Err(error) => Err(NotPrepared::Refused(vec![error.to_server_error()])),
    }
}
