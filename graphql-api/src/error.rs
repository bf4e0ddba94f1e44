use async_graphql::{Error, ErrorExtensions, ServerError};
use domain::{RepositoryError, WithCauses};

/// The values of `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An argument makes no sense.
    BadUserInput,
    /// More was asked for than a limit allows.
    LimitExceeded,
    /// Events behind the cursor are no longer kept.
    CursorExpired,
    /// The cursor is none of this log.
    CursorInvalid,
    /// The same request may succeed later.
    Unavailable,
    /// A fault of ours.
    InternalServerError,
}

impl ErrorCode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::CursorInvalid => "CURSOR_INVALID",
            Self::Unavailable => "UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// An error for the client.
pub(crate) fn error(code: ErrorCode, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// An argument that makes no sense.
pub(crate) fn bad_input(message: impl Into<String>) -> Error {
    error(ErrorCode::BadUserInput, message)
}

/// Logs a fault with its cause, and tells the client without it.
pub(crate) fn fault(fault: &RepositoryError) -> Error {
    tracing::error!(error = %WithCauses(fault), "a request failed");
    match fault {
        RepositoryError::Unavailable(_) => {
            error(ErrorCode::Unavailable, "the service is unavailable for the moment; try again")
        }
        RepositoryError::InvalidStoredValue { .. } | RepositoryError::Failed(_) => {
            error(ErrorCode::InternalServerError, "the service failed; the failure is logged")
        }
    }
}

/// Gives an error the code, unless it has one.
pub(crate) fn with_code(mut error: ServerError, code: ErrorCode) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code.name());
    }
    error
}
