use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::{
    Cursor, Direction, Epoch, FollowError, IdempotencyKey, LogRange, NewOrder, NewUser, NewestOrder,
    NewestOrderStream, Order, OrderChange, OrderEvent, OrderEventStream, OrderFeed, OrderFilter, OrderId,
    OrderQuery, OrderRepository, OrderState, Page, Placement, Position, RepositoryError, Scope, Transition,
    TransitionOutcome, User, UserId, UserRef, UserRepository, Username, Version, WithUser,
};

/// Every port of storage in memory, for tests. What it holds is lost with it.
pub struct InMemory {
    state: Arc<Mutex<State>>,
    newest: watch::Sender<Position>,
}

#[derive(Default)]
struct State {
    users: BTreeMap<UserId, User>,
    orders: BTreeMap<OrderId, StoredOrder>,
    placements: HashMap<(UserId, IdempotencyKey), PlacedBefore>,
    last_order: i64,
    commits: u64,
    log: Vec<Arc<OrderEvent>>,
}

struct StoredOrder {
    date: NaiveDate,
    state: OrderState,
    user: UserId,
}

struct PlacedBefore {
    date: Option<NaiveDate>,
    state: OrderState,
    order: OrderId,
}

impl State {
    fn order(&self, id: OrderId, with_user: WithUser) -> Option<Order> {
        let stored = self.orders.get(&id)?;
        Some(Order {
            id,
            date: stored.date,
            state: stored.state,
            user: match with_user {
                WithUser::Yes => UserRef::Loaded(self.users.get(&stored.user)?.clone()),
                WithUser::No => UserRef::Id(stored.user),
            },
        })
    }

    fn matches(&self, order: &StoredOrder, scope: &Scope, filter: &OrderFilter) -> bool {
        let Some(owner) = self.users.get(&order.user).map(User::username) else {
            return false;
        };
        scope.includes(owner)
            && filter.state.is_none_or(|state| state == order.state)
            && filter.username.as_ref().is_none_or(|name| name == owner)
            && filter.date_from.is_none_or(|from| from <= order.date)
            && filter.date_to.is_none_or(|to| order.date <= to)
    }

    fn matching<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a OrderFilter,
        of: Option<UserId>,
    ) -> impl DoubleEndedIterator<Item = OrderId> + 'a {
        self.orders
            .iter()
            .filter(move |(_, order)| of.is_none_or(|user| user == order.user))
            .filter(move |(_, order)| self.matches(order, scope, filter))
            .map(|(id, _)| *id)
    }

    fn page(&self, query: &OrderQuery, of: Option<UserId>) -> Page {
        let page = &query.page;
        let within = |id: &OrderId| {
            page.after.is_none_or(|after| *id > after) && page.before.is_none_or(|before| *id < before)
        };
        let found = self.matching(&query.scope, &query.filter, of).filter(within);
        let count = page.limit as usize + 1;
        let ids: Vec<_> = match page.direction {
            Direction::Forward => found.take(count).collect(),
            Direction::Backward => found.rev().take(count).collect(),
        };
        let read = ids.into_iter().filter_map(|id| self.order(id, query.with_user)).collect();
        Page::from_read(read, page)
    }

    fn newest(&self, scope: &Scope) -> Option<Order> {
        let id = self.matching(scope, &OrderFilter::default(), None).next_back()?;
        self.order(id, WithUser::Yes)
    }
}

impl Default for InMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl InMemory {
    /// An empty storage.
    pub fn new() -> Self {
        Self { state: Arc::default(), newest: watch::Sender::new(Position(0)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn tell(&self, state: &mut State, change: Option<OrderChange>) -> Cursor {
        state.commits += 1;
        if let Some(change) = change {
            let cursor = at(state.log.len() + 1);
            state.log.push(Arc::new(OrderEvent { cursor, occurred_at: DateTime::UNIX_EPOCH, change }));
        }
        let cursor = at(state.log.len());
        self.newest.send_replace(cursor.position);
        cursor
    }
}

#[async_trait]
impl OrderRepository for InMemory {
    async fn find(
        &self,
        scope: &Scope,
        id: OrderId,
        with_user: WithUser,
    ) -> Result<Option<Order>, RepositoryError> {
        let state = self.state();
        Ok(state
            .orders
            .get(&id)
            .filter(|order| state.matches(order, scope, &OrderFilter::default()))
            .and_then(|_| state.order(id, with_user)))
    }

    async fn page(&self, query: &OrderQuery) -> Result<Page, RepositoryError> {
        Ok(self.state().page(query, None))
    }

    async fn pages_by_user(
        &self,
        users: &[UserId],
        query: &OrderQuery,
    ) -> Result<HashMap<UserId, Page>, RepositoryError> {
        let state = self.state();
        Ok(users.iter().map(|user| (*user, state.page(query, Some(*user)))).collect())
    }

    async fn count(&self, scope: &Scope, filter: &OrderFilter) -> Result<u64, RepositoryError> {
        Ok(self.state().matching(scope, filter, None).count() as u64)
    }

    async fn count_by_user(
        &self,
        users: &[UserId],
        scope: &Scope,
        filter: &OrderFilter,
    ) -> Result<HashMap<UserId, u64>, RepositoryError> {
        let state = self.state();
        let count = |user| state.matching(scope, filter, Some(user)).count() as u64;
        Ok(users.iter().map(|user| (*user, count(*user))).collect())
    }

    async fn place(&self, order: &NewOrder) -> Result<Placement, RepositoryError> {
        let mut state = self.state();
        let owner = |user: &&User| *user.username() == order.username;
        let Some(user) = state.users.values().find(owner).map(User::id) else {
            return Ok(Placement::UserNotFound);
        };
        let key = order.idempotency_key.clone().map(|key| (user, key));
        if let Some(before) = key.as_ref().and_then(|key| state.placements.get(key)) {
            if (before.date, before.state) != (order.requested_date, order.state) {
                return Ok(Placement::KeyReused);
            }
            return Ok(match state.order(before.order, WithUser::Yes) {
                Some(placed) => Placement::Placed(placed, Some(at(state.log.len()))),
                None => Placement::OrderGone,
            });
        }
        state.last_order += 1;
        let id = OrderId(state.last_order);
        let stored = StoredOrder { date: order.date, state: order.state, user };
        state.orders.insert(id, stored);
        if let Some(key) = key {
            let placed = PlacedBefore { date: order.requested_date, state: order.state, order: id };
            state.placements.insert(key, placed);
        }
        let placed = state.order(id, WithUser::Yes);
        let cursor = self.tell(&mut state, OrderChange::new(None, placed.clone()));
        Ok(placed.map_or(Placement::UserNotFound, |placed| Placement::Placed(placed, Some(cursor))))
    }

    async fn transition(
        &self,
        scope: &Scope,
        id: OrderId,
        transition: Transition,
    ) -> Result<TransitionOutcome, RepositoryError> {
        let mut state = self.state();
        let visible = state
            .orders
            .get(&id)
            .filter(|order| state.matches(order, scope, &OrderFilter::default()))
            .and_then(|_| state.order(id, WithUser::No));
        let Some(mut order) = visible else {
            return Ok(TransitionOutcome::NotFound);
        };
        if order.state != transition.from() {
            return Ok(TransitionOutcome::Refused);
        }
        let before = state.order(id, WithUser::Yes);
        if let Some(next) = transition.to() {
            order.state = next;
            if let Some(stored) = state.orders.get_mut(&id) {
                stored.state = next;
            }
        } else {
            state.orders.remove(&id);
        }
        let after = state.order(id, WithUser::Yes);
        let cursor = self.tell(&mut state, OrderChange::new(before, after));
        Ok(TransitionOutcome::Done(order, Some(cursor)))
    }
}

#[async_trait]
impl UserRepository for InMemory {
    async fn find_by_username(&self, username: &Username) -> Result<Option<User>, RepositoryError> {
        let state = self.state();
        let mut users = state.users.values();
        Ok(users.find(|user| user.username() == username).cloned())
    }

    async fn find_by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, RepositoryError> {
        let state = self.state();
        Ok(state.users.values().filter(|user| ids.contains(&user.id())).cloned().collect())
    }

    async fn create(&self, user: &NewUser) -> Result<Option<User>, RepositoryError> {
        let mut state = self.state();
        if state.users.values().any(|other| *other.username() == user.username) {
            return Ok(None);
        }
        let last = state.users.keys().next_back().map_or(0, |id| id.0);
        let created = User::new(UserId(last + 1), user.username.clone(), user.email.clone());
        state.users.insert(created.id(), created.clone());
        state.commits += 1;
        Ok(Some(created))
    }
}

#[async_trait]
impl OrderFeed for InMemory {
    async fn newest(&self, scope: &Scope) -> Result<NewestOrderStream, RepositoryError> {
        let (state, scope) = (Arc::clone(&self.state), scope.clone());
        let mut told = None;
        let newest = WatchStream::new(self.newest.subscribe()).filter_map(move |_| {
            let state = lock(&state);
            let order = state.newest(&scope);
            let is_news = told.as_ref() != Some(&order);
            told = Some(order.clone());
            ready(is_news.then(|| NewestOrder { cursor: at(state.log.len()), order }))
        });
        Ok(newest.boxed())
    }

    async fn position(&self) -> Result<Cursor, RepositoryError> {
        Ok(at(self.state().log.len()))
    }

    async fn version(&self) -> Result<Option<Version>, RepositoryError> {
        let state = self.state();
        Ok(Some(Version { storage: state.commits, position: at(state.log.len()).position }))
    }

    async fn range(&self) -> Result<LogRange, RepositoryError> {
        Ok(LogRange { oldest: at(0), newest: at(self.state().log.len()) })
    }

    async fn events(&self, after: Option<Cursor>) -> Result<OrderEventStream, FollowError> {
        let range = self.range().await?;
        let after = after.unwrap_or(range.newest);
        let kept = range.oldest.position..=range.newest.position;
        if after.epoch != range.newest.epoch || !kept.contains(&after.position) {
            return Err(FollowError::Invalid(range));
        }
        let state = Arc::clone(&self.state);
        let mut told = usize::try_from(after.position.0).unwrap_or_default();
        let events = WatchStream::new(self.newest.subscribe()).flat_map(move |_| {
            let new = lock(&state).log[told..].to_vec();
            told += new.len();
            stream::iter(new.into_iter().map(Ok))
        });
        Ok(events.boxed())
    }

    async fn replay(&self, after: Cursor, until: Position) -> Result<OrderEventStream, FollowError> {
        drop(self.events(Some(after)).await?);
        let log = self.state().log.clone();
        let within = move |event: &Arc<OrderEvent>| {
            let position = event.cursor.position;
            after.position < position && position <= until
        };
        Ok(stream::iter(log.into_iter().filter(within).map(Ok)).boxed())
    }
}

fn at(position: usize) -> Cursor {
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    Cursor { epoch: Epoch(1), position: Position(position) }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
