use std::sync::Arc;

use async_graphql::{Enum, Object};

use super::{Cursor, DateTime, Order, OrderState};
use crate::log_cursor;

/// What kind of change an event tells.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::OrderEventKind")]
pub(crate) enum OrderEventKind {
    /// The order is new.
    Placed,
    /// Its state changed, and maybe more.
    StateChanged,
    /// Something else of it changed.
    Updated,
    /// It is no more.
    Deleted,
}

/// A committed change of an order, by anyone.
pub(crate) struct OrderEvent(pub(crate) Arc<domain::OrderEvent>);

/// A committed change of an order, by anyone.
#[Object]
impl OrderEvent {
    /// The event's position: following after it continues with the next event.
    async fn cursor(&self) -> Cursor {
        log_cursor::encode(self.0.cursor)
    }

    /// What kind of change it is.
    async fn kind(&self) -> OrderEventKind {
        self.0.change.kind().into()
    }

    /// The order as it was after this event; before it, when the order was deleted.
    async fn order(&self) -> Order {
        self.0.change.order().clone().into()
    }

    /// The state before, when the state changed.
    async fn previous_state(&self) -> Option<OrderState> {
        self.0.change.previous_state().map(OrderState::from)
    }

    /// When the change was made, shortly before it was committed.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }
}
