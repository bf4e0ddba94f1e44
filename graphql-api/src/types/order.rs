use async_graphql::{ComplexObject, Context, Enum, Error, ID, SimpleObject};
use domain::UserRef;

use super::{Date, User};
use crate::{
    context::ApiContext,
    error::{ErrorCode, error},
    node_id::NodeId,
};

/// Whether an order is paid.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::OrderState")]
pub(crate) enum OrderState {
    /// Paid: final.
    Paid,
    /// Not paid yet: it may be paid, and may be cancelled.
    Unpaid,
}

/// An order of a user for a day.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Order {
    /// The order's id among all objects.
    pub(crate) id: ID,
    /// The day that the order is for.
    date: Date,
    /// Whether it is paid.
    state: OrderState,
    #[graphql(skip)]
    user_ref: UserRef,
}

#[ComplexObject]
impl Order {
    /// Whose order it is.
    async fn user(&self, context: &Context<'_>) -> Result<User, Error> {
        if let Some(user) = self.user_ref.loaded() {
            return Ok(user.clone().into());
        }
        let user = context.loaders().user(self.user_ref.id()).await?;
        user.map(User::from).ok_or_else(|| error(ErrorCode::Unavailable, "the order's user was just deleted"))
    }
}

impl From<domain::Order> for Order {
    fn from(order: domain::Order) -> Self {
        Self {
            id: NodeId::Order(order.id).into(),
            date: Date(order.date),
            state: order.state.into(),
            user_ref: order.user,
        }
    }
}
