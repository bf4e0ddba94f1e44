//! The GraphQL schema over the domain: types that wrap domain values, resolvers of a line or three that call use
//! cases, and the mapping of errors. Knows no transport: [`Api::prepare`], then [`Api::execute`] or [`Api::start`], are the
//! way in.

mod api;
mod context;
mod cursor;
mod documents;
mod error;
mod execution;
#[cfg(test)]
mod fuzz;
mod limits;
mod loaders;
mod log_cursor;
mod mutation;
mod node_id;
mod operation;
mod prepared;
mod query;
mod root_fields;
mod schema_types;
mod shared;
mod subscription;
mod tokens;
mod types;
mod validation;

use async_graphql::ServerError;

pub use api::{Api, ApiSettings, QuerySharing};
pub use limits::{Introspection, Limit, QueryLimits};
pub use operation::{Answer, Message, Operation, OperationKind};
pub use prepared::PreparedRequest;
pub use shared::{Batch, ChannelId, Listener, Parked, Place};

/// The error of a request that wants more than a limit allows.
pub fn limit_exceeded(message: impl Into<String>) -> ServerError {
    error::with_code(ServerError::new(message, None), error::ErrorCode::LimitExceeded)
}
