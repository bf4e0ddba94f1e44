//! What the use cases need from the outside. Adapters live in other crates; a comment here is the contract that each
//! of them keeps, and `testing::contract` checks it.

use std::{collections::HashMap, pin::Pin, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_core::Stream;

use crate::{
    Cursor, NewOrder, NewUser, Order, OrderEvent, OrderFilter, OrderId, Page, PageRequest, Position, Scope,
    Transition, User, UserId, Username, Version,
};

/// A fault of the storage behind a port. Its text is for the log, not for clients.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The storage cannot be reached or is too busy; the same call may succeed later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value that the domain does not admit.
    #[error("the stored value in {table}.{column} of row {row} is invalid")]
    InvalidStoredValue {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's primary key.
        row: i64,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else.
    #[error("the database failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whether a read loads each order's user along, in the same statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WithUser {
    /// [`Order::user`] is [`UserRef::Loaded`](crate::UserRef::Loaded).
    Yes,
    /// [`Order::user`] is [`UserRef::Id`](crate::UserRef::Id).
    No,
}

/// A part of a list of orders, as a repository reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderQuery {
    /// Whose orders may be seen.
    pub scope: Scope,
    /// Which of them are wanted.
    pub filter: OrderFilter,
    /// Which part.
    pub page: PageRequest,
    /// Whether the users come along.
    pub with_user: WithUser,
}

/// What became of a request to place an order. The cursor is that of the change in the log, or a later one; `None` in
/// the rare case that the log could not be read in time, though the change is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The order was placed now, or earlier by the same request with the same key.
    Placed(Order, Option<Cursor>),
    /// No such user; nothing was changed.
    UserNotFound,
    /// The user placed an order with this key and other input; nothing was changed.
    KeyReused,
    /// The user placed an order with this key and this input, which was deleted since; nothing was changed.
    OrderGone,
}

/// What became of a transition. About the cursor see [`Placement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitionOutcome {
    /// The order as it is after the transition; for one that deletes it, as it was before.
    Done(Order, Option<Cursor>),
    /// The order is in a state that the transition does not start from; nothing was changed.
    Refused,
    /// No such order within the scope; nothing was changed.
    NotFound,
}

/// Where orders are kept.
///
/// Every method MUST see what every earlier acknowledged write changed, MUST keep within the given [`Scope`], and
/// MUST run a number of statements that does not depend on the number of rows. A write is acknowledged only when it
/// is durable, and wholly done or not at all.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait OrderRepository: Send + Sync {
    /// The order of that id.
    async fn find(
        &self,
        scope: &Scope,
        id: OrderId,
        with_user: WithUser,
    ) -> Result<Option<Order>, RepositoryError>;

    /// A part of the list of orders, in ascending order of ids.
    async fn page(&self, query: &OrderQuery) -> Result<Page, RepositoryError>;

    /// The same part of the list of each of these users. A user without orders MAY be missing from the answer.
    async fn pages_by_user(
        &self,
        users: &[UserId],
        query: &OrderQuery,
    ) -> Result<HashMap<UserId, Page>, RepositoryError>;

    /// How many orders there are.
    async fn count(&self, scope: &Scope, filter: &OrderFilter) -> Result<u64, RepositoryError>;

    /// How many orders each of these users has. A user without orders MAY be missing from the answer.
    async fn count_by_user(
        &self,
        users: &[UserId],
        scope: &Scope,
        filter: &OrderFilter,
    ) -> Result<HashMap<UserId, u64>, RepositoryError>;

    /// Places an order. The same key by the same user MUST place one order at most, also when requests race.
    async fn place(&self, order: &NewOrder) -> Result<Placement, RepositoryError>;

    /// Does the transition if the order is in [`Transition::from`]; of requests that race, one at most is done.
    async fn transition(
        &self,
        scope: &Scope,
        id: OrderId,
        transition: Transition,
    ) -> Result<TransitionOutcome, RepositoryError>;
}

/// Where users are kept. The rules of [`OrderRepository`] hold here too.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// The user of that name.
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, RepositoryError>;

    /// The users of these ids, in any order; ids without a user are left out.
    async fn find_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, RepositoryError>;

    /// Creates the user; `None` when the name is taken.
    async fn create(&self, user: &NewUser) -> Result<Option<User>, RepositoryError>;
}

/// The newest order of a scope, and the position in the log that shows it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestOrder {
    /// What is told is what the log tells up to here.
    pub cursor: Cursor,
    /// The order with the highest id, with its user; `None` while there is none.
    pub order: Option<Order>,
}

/// The newest order of a scope, whenever it changes.
pub type NewestOrderStream = Pin<Box<dyn Stream<Item = NewestOrder> + Send>>;

/// The events of the log, one after another.
pub type OrderEventStream = Pin<Box<dyn Stream<Item = Result<Arc<OrderEvent>, FollowError>> + Send>>;

/// Why the log cannot be followed from a cursor.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Events behind the cursor are no longer kept.
    #[error("events after this cursor are no longer kept")]
    Expired(LogRange),
    /// The cursor is of another log, or of a position that this log has not reached.
    #[error("this is not a cursor of this log")]
    Invalid(LogRange),
    /// A fault of the storage.
    #[error(transparent)]
    Fault(#[from] RepositoryError),
}

/// What the log can tell: every event after `oldest`, up to `newest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRange {
    /// The oldest cursor that can be followed.
    pub oldest: Cursor,
    /// The cursor of the newest event.
    pub newest: Cursor,
}

/// Tells what happens to orders, whoever makes it happen: every committed change, in commit order.
///
/// An acknowledged write of the same storage is behind every position that is taken after it, and in every newest order
/// that is told after it.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait OrderFeed: Send + Sync {
    /// The newest order within the scope at once, then each time that it is another one or has changed.
    ///
    /// MUST NOT read the database per follower or on a timer, MUST NOT tell the same state twice in a row, and MUST end
    /// on the newest state. A follower that falls behind skips to it. The stream ends only when the service does.
    async fn newest(&self, scope: &Scope) -> Result<NewestOrderStream, RepositoryError>;

    /// A position that every change is behind which a read that starts now does not show.
    async fn position(&self) -> Result<Cursor, RepositoryError>;

    /// The version of all that is stored, users too; `None` where it could be told only by reading all of it.
    ///
    /// After a commit, by this service, another node or another program, it MUST be another one than before.
    async fn version(&self) -> Result<Option<Version>, RepositoryError>;

    /// What the log can tell.
    async fn range(&self) -> Result<LogRange, RepositoryError>;

    /// Every event after the cursor; without one, every event from now on.
    ///
    /// Every follower MUST be told the same events in the same order, each once and none left out; one that falls
    /// behind is told later, and MUST NOT cost more memory for it. The stream ends after an error.
    async fn events(&self, after: Option<Cursor>) -> Result<OrderEventStream, FollowError>;

    /// The same events, as far as `until`: the stream ends behind the last of them.
    async fn replay(&self, after: Cursor, until: Position) -> Result<OrderEventStream, FollowError>;
}

/// Tells the time.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}
