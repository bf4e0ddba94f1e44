use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::NaiveDate;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::{
    Direction, IdempotencyKey, NewOrder, NewUser, Order, OrderFeed, OrderFilter, OrderId, OrderQuery,
    OrderRepository, OrderState, OrderStream, Page, Placement, RepositoryError, Scope, Transition,
    TransitionOutcome, User, UserId, UserRef, UserRepository, Username, WithUser,
};

/// Every port of storage in memory, for tests. What it holds is lost with it.
#[derive(Default)]
pub struct InMemory {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    users: BTreeMap<UserId, User>,
    orders: BTreeMap<OrderId, StoredOrder>,
    placements: HashMap<(UserId, IdempotencyKey), PlacedBefore>,
    last_order: i64,
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

impl InMemory {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
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
                Some(placed) => Placement::Placed(placed),
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
        drop(state);
        self.tell();
        Ok(placed.map_or(Placement::UserNotFound, Placement::Placed))
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
        if let Some(next) = transition.to() {
            order.state = next;
            if let Some(stored) = state.orders.get_mut(&id) {
                stored.state = next;
            }
        } else {
            state.orders.remove(&id);
        }
        drop(state);
        self.tell();
        Ok(TransitionOutcome::Done(order))
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
        Ok(Some(created))
    }
}

#[async_trait]
impl OrderFeed for InMemory {
    async fn newest(&self, scope: &Scope) -> Result<OrderStream, RepositoryError> {
        let (state, scope) = (Arc::clone(&self.state), scope.clone());
        let mut told = None;
        let newest = WatchStream::new(self.changed.subscribe()).filter_map(move |_version| {
            let newest = lock(&state).newest(&scope);
            let news = (told.as_ref() != Some(&newest)).then(|| newest.clone());
            told = Some(newest);
            ready(news)
        });
        Ok(newest.boxed())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
