//! The schema's types, which wrap domain values.

mod connection;
mod event;
mod filter;
mod mutations;
mod order;
mod order_list;
mod scalars;
mod user;
mod viewer;

use async_graphql::{ID, Interface};

pub(crate) use connection::{ConnectedList, ConnectionArguments, OrderConnection};
pub(crate) use event::OrderEvent;
pub(crate) use filter::OrderFilter;
pub(crate) use mutations::{
    CancelOrderInput, CancelOrderPayload, CreateUserInput, CreateUserPayload, PayOrderInput, PayOrderPayload,
    PlaceOrderInput, PlaceOrderPayload, outcome, parse_order_id,
};
pub(crate) use order::{Order, OrderState};
pub(crate) use order_list::OrderList;
pub(crate) use scalars::{Cursor, Date, DateTime};
pub(crate) use user::User;
pub(crate) use viewer::Viewer;

/// An object with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID", desc = "The object's id among all objects."))]
pub(crate) enum Node {
    /// An order.
    Order(Order),
    /// A user.
    User(User),
}
