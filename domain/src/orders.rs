use std::{collections::HashMap, future::ready, sync::Arc};

use chrono::NaiveDate;
use futures_util::TryStreamExt;

use crate::{
    Clock, Cursor, Failure, FollowError, IdempotencyKey, LogRange, NewOrder, NewestOrderStream, Order,
    OrderEvent, OrderEventStream, OrderFeed, OrderFilter, OrderId, OrderQuery, OrderRepository, OrderState,
    Page, PageArguments, PageError, PageRequest, Placement, Position, Refusal, RepositoryError, Scope,
    Transition, TransitionOutcome, UserId, Username, Version, Viewer, WithUser,
};

/// How much one request may ask for. Each is a setting of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Orders in a page for which the client gave neither `first` nor `last`.
    pub page_default: u32,
    /// The most orders in a page.
    pub page_limit: u32,
    /// The most orders in the list of all orders.
    pub list_limit: u32,
}

/// What the use cases of orders work with.
#[derive(Clone)]
pub struct Ports {
    /// Where orders are kept.
    pub orders: Arc<dyn OrderRepository>,
    /// Tells of their changes.
    pub feed: Arc<dyn OrderFeed>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The use cases of orders. Each takes the viewer who asks and reaches no order outside that viewer's scope: a foreign
/// order is not there.
#[derive(Clone)]
pub struct Orders {
    ports: Ports,
    limits: Limits,
}

/// What a command did, and where the log tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What it made or changed.
    pub value: T,
    /// The position of the change, or a later one: to read it on any node, follow the log up to here. `None` in the
    /// rare case that the log could not be read in time.
    pub cursor: Option<Cursor>,
}

/// A request to place an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    /// Whose order it will be.
    pub username: Username,
    /// The day it is for; today (UTC) without one.
    pub date: Option<NaiveDate>,
    /// The state it starts in.
    pub state: OrderState,
    /// See [`NewOrder::idempotency_key`].
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Orders {
    /// The use cases over these ports.
    pub fn new(ports: Ports, limits: Limits) -> Self {
        Self { ports, limits }
    }

    /// How much one request may ask for.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Checks a client's arguments for a page against the limits.
    pub fn parse_page(&self, arguments: PageArguments) -> Result<PageRequest, PageError> {
        PageRequest::parse(arguments, self.limits.page_default, self.limits.page_limit)
    }

    /// The order of that id.
    pub async fn find(
        &self,
        viewer: &Viewer,
        id: OrderId,
        with_user: WithUser,
    ) -> Result<Option<Order>, RepositoryError> {
        self.ports.orders.find(&viewer.scope(), id, with_user).await
    }

    /// Every order, oldest first. `Err` in the answer is the limit when there are more than [`Limits::list_limit`].
    pub async fn list(
        &self,
        viewer: &Viewer,
        with_user: WithUser,
    ) -> Result<Result<Vec<Order>, u32>, RepositoryError> {
        let limit = self.limits.list_limit;
        let filter = OrderFilter::default();
        let page = self.page(viewer, filter, PageRequest::first(limit), with_user).await?;
        Ok(if page.has_next { Err(limit) } else { Ok(page.orders) })
    }

    /// A part of the list of orders.
    pub async fn page(
        &self,
        viewer: &Viewer,
        filter: OrderFilter,
        page: PageRequest,
        with_user: WithUser,
    ) -> Result<Page, RepositoryError> {
        let query = OrderQuery { scope: viewer.scope(), filter, page, with_user };
        self.ports.orders.page(&query).await
    }

    /// The same part of the list of each of these users, for all of them at once.
    pub async fn pages_by_user(
        &self,
        viewer: &Viewer,
        users: &[UserId],
        filter: OrderFilter,
        page: PageRequest,
        with_user: WithUser,
    ) -> Result<HashMap<UserId, Page>, RepositoryError> {
        let query = OrderQuery { scope: viewer.scope(), filter, page, with_user };
        self.ports.orders.pages_by_user(users, &query).await
    }

    /// How many orders there are.
    pub async fn count(&self, viewer: &Viewer, filter: &OrderFilter) -> Result<u64, RepositoryError> {
        self.ports.orders.count(&viewer.scope(), filter).await
    }

    /// How many orders each of these users has, for all of them at once.
    pub async fn count_by_user(
        &self,
        viewer: &Viewer,
        users: &[UserId],
        filter: &OrderFilter,
    ) -> Result<HashMap<UserId, u64>, RepositoryError> {
        let scope = viewer.scope();
        self.ports.orders.count_by_user(users, &scope, filter).await
    }

    /// Places an order.
    ///
    /// Refused with `UserNotFound`, `IdempotencyKeyReused` or `IdempotentOrderGone`.
    pub async fn place(&self, viewer: &Viewer, request: PlaceOrder) -> Result<Done<Order>, Failure> {
        if !viewer.may_see(&request.username) {
            return Err(Refusal::UserNotFound(request.username).into());
        }
        let order = NewOrder {
            date: request.date.unwrap_or_else(|| self.ports.clock.now().date_naive()),
            requested_date: request.date,
            username: request.username,
            state: request.state,
            idempotency_key: request.idempotency_key,
        };
        match self.ports.orders.place(&order).await? {
            Placement::Placed(value, cursor) => Ok(Done { value, cursor }),
            Placement::UserNotFound => Err(Refusal::UserNotFound(order.username).into()),
            Placement::KeyReused => Err(Refusal::IdempotencyKeyReused.into()),
            Placement::OrderGone => Err(Refusal::IdempotentOrderGone.into()),
        }
    }

    /// Pays an unpaid order.
    ///
    /// Refused with `OrderNotFound` or `OrderAlreadyPaid`.
    pub async fn pay(&self, viewer: &Viewer, id: OrderId) -> Result<Done<Order>, Failure> {
        self.transition(viewer, id, Transition::Pay).await
    }

    /// Cancels an unpaid order: it is deleted, and returned as it was.
    ///
    /// Refused with `OrderNotFound` or `OrderNotCancellable`.
    pub async fn cancel(&self, viewer: &Viewer, id: OrderId) -> Result<Done<Order>, Failure> {
        self.transition(viewer, id, Transition::Cancel).await
    }

    /// The newest order at once, then whenever it changes: see [`OrderFeed::newest`].
    pub async fn watch_newest(&self, viewer: &Viewer) -> Result<NewestOrderStream, RepositoryError> {
        self.ports.feed.newest(&viewer.scope()).await
    }

    /// The position to follow a list from that is read after this.
    pub async fn position(&self) -> Result<Cursor, RepositoryError> {
        self.ports.feed.position().await
    }

    /// The version of all that is stored. See [`OrderFeed::version`].
    pub async fn version(&self) -> Result<Option<Version>, RepositoryError> {
        self.ports.feed.version().await
    }

    /// What the log can tell.
    pub async fn log_range(&self) -> Result<LogRange, RepositoryError> {
        self.ports.feed.range().await
    }

    /// Every change that the viewer may see and that the filter lets through before or after it, from `after` on; from
    /// now on without it. See [`OrderFeed::events`].
    pub async fn watch_events(
        &self,
        viewer: &Viewer,
        after: Option<Cursor>,
        filter: OrderFilter,
    ) -> Result<OrderEventStream, FollowError> {
        Ok(within(self.ports.feed.events(after).await?, viewer, filter))
    }

    /// The same changes, as far as `until`. See [`OrderFeed::replay`].
    pub async fn replay_events(
        &self,
        viewer: &Viewer,
        after: Cursor,
        until: Position,
        filter: OrderFilter,
    ) -> Result<OrderEventStream, FollowError> {
        Ok(within(self.ports.feed.replay(after, until).await?, viewer, filter))
    }

    async fn transition(
        &self,
        viewer: &Viewer,
        id: OrderId,
        transition: Transition,
    ) -> Result<Done<Order>, Failure> {
        let scope = viewer.scope();
        match self.ports.orders.transition(&scope, id, transition).await? {
            TransitionOutcome::Done(value, cursor) => Ok(Done { value, cursor }),
            TransitionOutcome::Refused => Err(transition.refusal(id).into()),
            TransitionOutcome::NotFound => Err(Refusal::OrderNotFound(id).into()),
        }
    }
}

/// The events that the viewer may see and the filter lets through.
fn within(events: OrderEventStream, viewer: &Viewer, filter: OrderFilter) -> OrderEventStream {
    let scope = viewer.scope();
    Box::pin(events.try_filter_map(move |event| ready(Ok(visible(event, &scope, &filter)))))
}

/// The event as it looks from within the scope, if the filter lets it through.
fn visible(event: Arc<OrderEvent>, scope: &Scope, filter: &OrderFilter) -> Option<Arc<OrderEvent>> {
    let event = match scope {
        Scope::All => event,
        Scope::Of(_) => Arc::new(OrderEvent { change: event.change.within(scope)?, ..*event }),
    };
    event.change.matches(filter).then_some(event)
}
