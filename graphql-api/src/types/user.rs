use async_graphql::{ComplexObject, Context, Error, ID, SimpleObject};

use super::{ConnectedList, ConnectionArguments, OrderConnection, OrderFilter};
use crate::{
    context::{ApiContext, user_of_connection},
    error::fault,
    loaders::OrdersOfUser,
    node_id::NodeId,
};

/// Somebody who has orders.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct User {
    /// The user's id among all objects.
    pub(crate) id: ID,
    /// The user's unique name.
    username: String,
    #[graphql(skip)]
    stored: domain::User,
}

#[ComplexObject]
impl User {
    /// The user's e-mail address; null for a viewer who may not see it.
    async fn email(&self, context: &Context<'_>) -> Option<&str> {
        self.stored.email_for(context.viewer()).map(domain::Email::as_str)
    }

    /// The user's orders, oldest first.
    async fn orders(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many, from the oldest on.")] first: Option<i32>,
        #[graphql(desc = "Only orders after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the newest back.")] last: Option<i32>,
        #[graphql(desc = "Only orders before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only orders like this.")] filter: Option<OrderFilter>,
    ) -> Result<OrderConnection, Error> {
        let page = ConnectionArguments { first, after, last, before }.parse(context.orders())?;
        let orders = OrdersOfUser {
            user: self.stored.id(),
            filter: OrderFilter::parse(filter)?,
            page,
            with_user: user_of_connection(&context.look_ahead()),
        };
        let all = ConnectedList::OfUser(orders.user, orders.filter.clone());
        let position = context.orders().position().await.map_err(|error| fault(&error))?;
        Ok(OrderConnection::new(context.loaders().orders_of_user(orders).await?, all, position))
    }
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        Self { id: NodeId::User(user.id()).into(), username: user.username().to_string(), stored: user }
    }
}
