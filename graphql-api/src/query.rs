use async_graphql::{Context, Error, ID, Object};
use domain::{Username, WithUser};

use crate::{
    context::{ApiContext, user_of_connection, user_of_order},
    error::{ErrorCode, bad_input, error, fault},
    node_id::NodeId,
    types::{
        ConnectedList, ConnectionArguments, Node, Order, OrderConnection, OrderFilter, OrderList, User,
        Viewer,
    },
};

/// The root of queries.
pub(crate) struct Query;

/// What can be read.
#[Object]
impl Query {
    /// Every order that you may see, oldest first. An error when there are more than the server's limit: then use
    /// `orders`.
    async fn get_orders(&self, context: &Context<'_>) -> Result<OrderList, Error> {
        let with_user = user_of_order(&context.look_ahead());
        match context.orders().list(context.viewer(), with_user).await.map_err(|error| fault(&error))? {
            Ok(orders) => Ok(OrderList::of_root(orders, context)),
            Err(limit) => Err(error(
                ErrorCode::LimitExceeded,
                format!("there are more than {limit} orders; page through `orders` instead"),
            )),
        }
    }

    /// The orders that you may see, oldest first, in pages.
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
        let filter = OrderFilter::parse(filter)?;
        let with_user = user_of_connection(&context.look_ahead());
        let position = context.orders().position().await.map_err(|error| fault(&error))?;
        let read = context.orders().page(context.viewer(), filter.clone(), page, with_user).await;
        Ok(OrderConnection::new(read.map_err(|error| fault(&error))?, ConnectedList::All(filter), position))
    }

    /// The order of that id; null when there is none that you may see.
    async fn order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: ID,
    ) -> Option<Result<Order, Error>> {
        find_order(context, &id).await.transpose()
    }

    /// The user of that name; null when there is none that you may see.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The user's name.")] username: String,
    ) -> Option<Result<User, Error>> {
        find_user(context, &username).await.transpose()
    }

    /// Who the server takes you for, and what you may do.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// The object of that id; null when there is none that you may see.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The object's id.")] id: ID,
    ) -> Option<Result<Node, Error>> {
        find_node(context, &id).await.transpose()
    }
}

// The library nulls a field that fails, as GraphQL asks for, only where the failure is within the option; as the option's
// container it takes the whole parent along.

async fn find_order(context: &Context<'_>, id: &ID) -> Result<Option<Order>, Error> {
    let order = NodeId::parse_order(id).ok_or_else(|| bad_input("`id` is not the id of an order"))?;
    let with_user = user_of_order(&context.look_ahead());
    let found = context.orders().find(context.viewer(), order, with_user).await;
    Ok(found.map_err(|error| fault(&error))?.map(Order::from))
}

async fn find_user(context: &Context<'_>, username: &str) -> Result<Option<User>, Error> {
    let username =
        Username::parse(username).map_err(|refusal| bad_input(format!("`username`: {refusal}")))?;
    let found = context.users().find(context.viewer(), &username).await;
    Ok(found.map_err(|error| fault(&error))?.map(User::from))
}

async fn find_node(context: &Context<'_>, id: &ID) -> Result<Option<Node>, Error> {
    match NodeId::parse(id)? {
        NodeId::Order(id) => {
            let found = context.orders().find(context.viewer(), id, WithUser::No).await;
            Ok(found.map_err(|error| fault(&error))?.map(|order| Node::Order(order.into())))
        }
        NodeId::User(id) => Ok(context.loaders().user(id).await?.map(|user| Node::User(user.into()))),
    }
}
