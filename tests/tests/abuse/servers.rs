//! The servers that cases are sent to. Cases come faster than any address may start operations, so that limit is off.

use tests::{Api, Installation, SECRET, Server, TokenKey, claims};

/// One without settings: everyone is staff.
pub(crate) fn open() -> Server {
    installation().start()
}

/// One that asks for tokens, without the introspection, and with what is off by default.
pub(crate) fn guarded() -> Server {
    installation()
        .set("ORDERCAST_JWT_SECRET", SECRET)
        .set("ORDERCAST_INTROSPECTION", "false")
        .set("ORDERCAST_BATCH_LIMIT", "5")
        .set("ORDERCAST_PERSISTED_DOCUMENTS", "100000")
        .start()
}

/// The API of the second for a customer, a user of the sample data.
pub(crate) fn customer(server: &Server) -> Api {
    server.api().with_token(&TokenKey::secret(SECRET).token(&claims("caty88", 3600)))
}

fn installation() -> Installation {
    Installation::new().set("ORDERCAST_OPERATIONS_PER_ADDRESS", "1000000")
}
