use std::fmt;

use async_graphql::{Error, ID};
use domain::{OrderId, UserId};

use crate::error::bad_input;

/// The id of an object among all objects of the schema: its type's name and its key, as in `Order:12`. Opaque to
/// clients, readable to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeId {
    /// An order.
    Order(OrderId),
    /// A user.
    User(UserId),
}

impl NodeId {
    /// Reads an id of any type.
    pub(crate) fn parse(id: &ID) -> Result<Self, Error> {
        let parsed = id.split_once(':').and_then(|(name, key)| match name {
            "Order" => Some(Self::Order(OrderId(parse_key(key)?))),
            "User" => Some(Self::User(UserId(parse_key(key)?))),
            _ => None,
        });
        parsed.ok_or_else(|| bad_input("`id` is not the id of an object"))
    }

    /// Reads the id of an order; the bare key, as the database has it, is one too. `None` for anything else.
    pub(crate) fn parse_order(id: &ID) -> Option<OrderId> {
        parse_key(id.strip_prefix("Order:").unwrap_or(id)).map(OrderId)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => write!(f, "Order:{id}"),
            Self::User(id) => write!(f, "User:{id}"),
        }
    }
}

/// A key as [`i64`] prints it, and in no other way, so that an object has one id.
fn parse_key(text: &str) -> Option<i64> {
    text.parse().ok().filter(|key: &i64| key.to_string() == text)
}
