use async_graphql::ServerError;

/// An error of a whole request as GraphQL tells errors, with its `extensions.code`.
pub(crate) fn with_code(message: impl Into<String>, code: &'static str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    error
}
