use async_graphql::{
    Request, ServerError,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationType},
    },
};

use crate::{
    error::{ErrorCode, with_code},
    operation::OperationKind,
    root_fields,
};

/// A request whose document was parsed and is within the limits, ready to be executed.
pub struct PreparedRequest {
    pub(crate) request: Request,
    kind: OperationKind,
}

impl PreparedRequest {
    /// Parses the request's document and finds the operation it asks for.
    pub(crate) fn new(mut request: Request) -> Result<Self, Vec<ServerError>> {
        let mut document = parse_query(&request.query)
            .map_err(|error| vec![with_code(error.into(), ErrorCode::GraphqlParseFailed)])?;
        root_fields::collect(&mut document);
        if let Some(position) = root_fields::second_of_subscription(&document) {
            return Err(vec![invalid(ServerError::new("a subscription has one root field", Some(position)))]);
        }
        let kind = kind(&document, request.operation_name.as_deref())?;
        request.set_parsed_query(document);
        Ok(Self { request, kind })
    }

    /// What the operation does.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }
}

/// The kind of the operation of that name, or of the only one (GraphQL, October 2021, section 6.1).
fn kind(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationKind, Vec<ServerError>> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        _ => None,
    };
    match operation.map(|operation| operation.node.ty) {
        Some(OperationType::Query) => Ok(OperationKind::Query),
        Some(OperationType::Mutation) => Ok(OperationKind::Mutation),
        Some(OperationType::Subscription) => Ok(OperationKind::Subscription),
        None => {
            let message = match name {
                Some(name) => format!("the document has no operation named `{name}`"),
                None => "the document has several operations, and the request names none".to_owned(),
            };
            Err(vec![invalid(ServerError::new(message, None))])
        }
    }
}

fn invalid(error: ServerError) -> ServerError {
    with_code(error, ErrorCode::GraphqlValidationFailed)
}
