use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use async_graphql::ServerError;

use super::{accept::JsonType, answer};

/// A request that is turned down before its operation is known or executed. It is answered as GraphQL answers errors, with
/// a status that any HTTP client understands.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    allow: Option<&'static str>,
}

impl Refusal {
    /// The request makes no sense.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// One that its status says best.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: "BAD_USER_INPUT", message: message.into(), allow: None }
    }

    /// More than a limit allows.
    pub(crate) fn over_limit(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: "LIMIT_EXCEEDED", ..Self::new(status, message) }
    }

    /// The client may not.
    pub(crate) fn forbidden(message: &'static str) -> Self {
        Self { code: "FORBIDDEN", ..Self::new(StatusCode::FORBIDDEN, message) }
    }

    /// Another method would do.
    pub(crate) fn method(allow: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    /// The answer.
    pub(crate) fn answer(&self, json: JsonType) -> HttpResponse {
        let mut response = answer::errors(self.status, &[self.to_server_error()], json);
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        response
    }

    /// The error as GraphQL tells errors.
    pub(crate) fn to_server_error(&self) -> ServerError {
        let mut error = ServerError::new(self.message.clone(), None);
        error.extensions.get_or_insert_default().set("code", self.code);
        error
    }
}
