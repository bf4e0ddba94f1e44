use async_graphql::{Context, Error, Object, SimpleObject, connection::PageInfo};
use domain::{Orders, Page, PageArguments, PageRequest, UserId};

use super::{Cursor, Order, OrderList};
use crate::{
    context::ApiContext,
    cursor,
    error::{ErrorCode, bad_input, error, fault},
    loaders::OrderCountOfUser,
    log_cursor,
};

/// The arguments of a connection field.
pub(crate) struct ConnectionArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

impl ConnectionArguments {
    /// Reads the cursors, and checks the counts against the limits.
    pub(crate) fn parse(self, orders: &Orders) -> Result<PageRequest, Error> {
        let cursor = |name, text: Option<String>| text.map(|text| cursor::decode(name, &text)).transpose();
        let arguments = PageArguments {
            first: self.first,
            after: cursor("after", self.after)?,
            last: self.last,
            before: cursor("before", self.before)?,
        };
        orders.parse_page(arguments).map_err(|refused| match refused {
            domain::PageError::TooLarge { .. } => error(ErrorCode::LimitExceeded, refused.to_string()),
            _ => bad_input(refused.to_string()),
        })
    }
}

/// The list that a connection is a part of.
pub(crate) enum ConnectedList {
    /// The orders of every user.
    All(domain::OrderFilter),
    /// The orders of one user.
    OfUser(UserId, domain::OrderFilter),
}

/// A part of a list of orders.
pub(crate) struct OrderConnection {
    page: Page,
    list: ConnectedList,
    position: domain::Cursor,
}

/// An order in a list.
#[derive(SimpleObject)]
pub(crate) struct OrderEdge {
    /// The order's place in the list.
    cursor: String,
    /// The order.
    node: Order,
}

impl OrderConnection {
    /// A page that was read after the log was at `position`.
    pub(crate) fn new(page: Page, list: ConnectedList, position: domain::Cursor) -> Self {
        Self { page, list, position }
    }
}

/// A part of a list of orders.
#[Object]
impl OrderConnection {
    /// The orders with their places in the list.
    async fn edges(&self) -> Vec<OrderEdge> {
        let edge = |order: &domain::Order| OrderEdge {
            cursor: cursor::encode(order.id),
            node: order.clone().into(),
        };
        self.page.orders.iter().map(edge).collect()
    }

    /// The orders.
    async fn nodes(&self, context: &Context<'_>) -> OrderList {
        OrderList::new(self.page.orders.clone(), context)
    }

    /// Where this part of the list starts and ends.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.page.has_previous,
            has_next_page: self.page.has_next,
            start_cursor: self.page.orders.first().map(|order| cursor::encode(order.id)),
            end_cursor: self.page.orders.last().map(|order| cursor::encode(order.id)),
        }
    }

    /// The position in the order log to follow this list from, with `orderEvents(after:)`: what the list does not show
    /// comes after it. What comes after it may be in the list already; events carry state, so applying one twice is
    /// harmless.
    async fn cursor(&self) -> Cursor {
        log_cursor::encode(self.position)
    }

    /// How many orders the whole list has.
    async fn total_count(&self, context: &Context<'_>) -> Result<u64, Error> {
        match &self.list {
            ConnectedList::All(filter) => {
                let count = context.orders().count(context.viewer(), filter).await;
                count.map_err(|error| fault(&error))
            }
            ConnectedList::OfUser(user, filter) => {
                let count = OrderCountOfUser { user: *user, filter: filter.clone() };
                context.loaders().order_count_of_user(count).await
            }
        }
    }
}
