//! Cursors of pages: positions in the list of orders, opaque to clients.

use async_graphql::Error;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::OrderId;

use crate::error::bad_input;

const PREFIX: &str = "order:";

/// The cursor of an order in a list.
pub(crate) fn encode(id: OrderId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{PREFIX}{id}"))
}

/// Reads the cursor that a client gave as `argument`.
pub(crate) fn decode(argument: &str, cursor: &str) -> Result<OrderId, Error> {
    let key = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        text.strip_prefix(PREFIX)?.parse().ok().map(OrderId)
    });
    key.filter(|id| encode(*id) == cursor)
        .ok_or_else(|| bad_input(format!("`{argument}` is not a cursor of a list of orders")))
}
