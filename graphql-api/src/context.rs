use async_graphql::{Context, Lookahead};
use domain::{Orders, Users, Viewer, WithUser};

use crate::loaders::Loaders;

/// What resolvers call.
#[derive(Clone)]
pub(crate) struct UseCases {
    pub(crate) orders: Orders,
    pub(crate) users: Users,
}

/// What resolvers take from the context. [`Api`](crate::Api) puts all of it there, for every request.
pub(crate) trait ApiContext {
    /// The use cases of orders.
    fn orders(&self) -> &Orders;
    /// The use cases of users.
    fn users(&self) -> &Users;
    /// Who asks.
    fn viewer(&self) -> &Viewer;
    /// Reads for many at once.
    fn loaders(&self) -> &Loaders;
}

impl ApiContext for Context<'_> {
    fn orders(&self) -> &Orders {
        &self.data_unchecked::<UseCases>().orders
    }

    fn users(&self) -> &Users {
        &self.data_unchecked::<UseCases>().users
    }

    fn viewer(&self) -> &Viewer {
        self.data_unchecked()
    }

    fn loaders(&self) -> &Loaders {
        self.data_unchecked()
    }
}

/// Whether the document asks for the user of the orders that are selected here.
pub(crate) fn user_of_order(order: &Lookahead<'_>) -> WithUser {
    if order.field("user").exists() { WithUser::Yes } else { WithUser::No }
}

/// Whether the document asks for the users of the connection that is selected here.
pub(crate) fn user_of_connection(connection: &Lookahead<'_>) -> WithUser {
    match user_of_order(&connection.field("nodes")) {
        WithUser::Yes => WithUser::Yes,
        WithUser::No => user_of_order(&connection.field("edges").field("node")),
    }
}
