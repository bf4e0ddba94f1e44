use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Lookahead};
use domain::{Cursor, Orders, Position, Users, Viewer, WithUser};

use crate::{loaders::Loaders, types};

/// What resolvers call.
#[derive(Clone)]
pub(crate) struct UseCases {
    pub(crate) orders: Orders,
    pub(crate) users: Users,
}

/// The position in the order log of the subscription message that is being made.
#[derive(Clone, Default)]
pub(crate) struct MessagePosition(Arc<Mutex<Option<Cursor>>>);

impl MessagePosition {
    /// Tells the position of the message that is made next.
    pub(crate) fn is_at(&self, cursor: Cursor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }

    /// Whether a message is being made.
    pub(crate) fn is_under_way(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The position of the message that was just made.
    pub(crate) fn take(&self) -> Option<Cursor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The cursor that a connection resumes from.
pub(crate) struct Resume(pub(crate) types::Cursor);

/// Which events to tell, whatever the document and the connection say.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) after: Cursor,
    /// The last of them; without it there is none.
    pub(crate) until: Option<Position>,
}

/// Whether the operation has one root field, whose answer is the whole answer.
pub(crate) struct HasOneRootField(pub(crate) bool);

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
    /// The position of the subscription message that is being made.
    fn message(&self) -> &MessagePosition;
    /// The cursor that the connection resumes from.
    fn resume(&self) -> Option<&types::Cursor>;
    /// Which events to tell, where that is settled.
    fn span(&self) -> Option<Span>;
    /// Whether the operation has one root field.
    fn has_one_root_field(&self) -> bool;
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

    fn message(&self) -> &MessagePosition {
        self.data_unchecked()
    }

    fn resume(&self) -> Option<&types::Cursor> {
        self.data_opt::<Resume>().map(|resume| &resume.0)
    }

    fn span(&self) -> Option<Span> {
        self.data_opt().copied()
    }

    fn has_one_root_field(&self) -> bool {
        self.data_unchecked::<HasOneRootField>().0
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
