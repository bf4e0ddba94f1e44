//! The server that asks for tokens.

use tests::{Api, Installation, SECRET, Server, TokenKey, claims};

/// Starts it.
pub(crate) fn start() -> Server {
    Installation::new()
        .set("ORDERCAST_JWT_SECRET", SECRET)
        .set("ORDERCAST_INTROSPECTION", "false")
        .set("ORDERCAST_BATCH_LIMIT", "5")
        .set("ORDERCAST_PERSISTED_DOCUMENTS", "100000")
        .start()
}

/// The API for a customer, a user of the sample data.
pub(crate) fn customer(server: &Server) -> Api {
    server.api().with_token(&TokenKey::secret(SECRET).token(&claims("caty88", 3600)))
}
