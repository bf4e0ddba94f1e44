//! The contract of the storage ports as a list of rules. Each adapter runs each rule on a fresh, empty storage.

use std::{collections::BTreeSet, pin::Pin, sync::Arc, time::Duration};

use chrono::NaiveDate;
use futures_util::{FutureExt, StreamExt, future::join_all};

use crate::{
    Direction, Email, IdempotencyKey, NewOrder, NewUser, Order, OrderFeed, OrderFilter, OrderId, OrderQuery,
    OrderRepository, OrderState, OrderStream, PageRequest, Placement, Scope, Transition, TransitionOutcome,
    User, UserRef, UserRepository, Username, WithUser,
};

/// The ports of one storage, empty when a rule starts.
#[derive(Clone)]
pub struct Adapter {
    /// Its orders.
    pub orders: Arc<dyn OrderRepository>,
    /// Its users.
    pub users: Arc<dyn UserRepository>,
    /// Its feed.
    pub feed: Arc<dyn OrderFeed>,
}

/// One rule of the contract.
#[derive(Clone, Copy)]
pub struct Rule {
    /// What holds, as a sentence in snake case.
    pub name: &'static str,
    /// Panics where it does not hold.
    pub check: fn(Adapter) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

macro_rules! rules {
    ($($rule:ident),* $(,)?) => {
        /// Every rule.
        pub fn rules() -> Vec<Rule> {
            vec![$(Rule { name: stringify!($rule), check: |adapter| $rule(adapter).boxed() }),*]
        }
    };
}

rules![
    a_placed_order_is_found_with_its_user,
    an_order_is_found_without_its_user_where_that_is_not_asked_for,
    an_order_for_an_unknown_user_is_not_placed,
    orders_are_listed_in_the_order_of_their_ids,
    pages_follow_each_other_in_both_directions,
    an_empty_page_tells_whether_there_is_more,
    every_condition_of_a_filter_holds,
    a_scope_hides_the_orders_of_others,
    many_users_pages_are_those_that_each_user_has,
    counts_agree_with_lists,
    an_unpaid_order_is_paid_once,
    of_racing_payments_one_is_done,
    an_unpaid_order_is_cancelled_and_gone,
    a_paid_order_is_not_cancelled,
    the_id_of_a_deleted_order_is_not_used_again,
    a_repeated_key_returns_the_first_order,
    a_key_with_other_input_is_told,
    a_key_belongs_to_its_user,
    the_key_of_a_deleted_order_places_no_other,
    of_racing_placements_with_one_key_one_is_placed,
    a_username_is_taken_once,
    users_are_found_by_name_and_by_id,
    the_feed_starts_with_the_newest_order,
    the_feed_tells_each_change_of_the_newest_order,
    the_feed_is_silent_about_older_orders,
    the_feed_goes_back_when_the_newest_order_is_deleted,
    the_feed_of_a_scope_tells_its_own_orders_only,
    the_feed_ends_on_the_newest_state_for_every_follower,
];

/// A user for tests.
pub fn new_user(username: &str) -> NewUser {
    NewUser {
        username: Username::parse(username).expect("a valid username"),
        email: Email::parse(&format!("{username}@dev.io")).expect("a valid address"),
    }
}

/// The day of that number in April 2026.
pub fn april(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, day).expect("a day of April")
}

/// An unpaid order for tests.
pub fn new_order(username: &Username, day: u32) -> NewOrder {
    NewOrder {
        username: username.clone(),
        date: april(day),
        requested_date: Some(april(day)),
        state: OrderState::Unpaid,
        idempotency_key: None,
    }
}

fn with_key(order: NewOrder, key: &str) -> NewOrder {
    let key = IdempotencyKey::parse(key).expect("a valid key");
    NewOrder { idempotency_key: Some(key), ..order }
}

fn everything() -> OrderQuery {
    OrderQuery {
        scope: Scope::All,
        filter: OrderFilter::default(),
        page: PageRequest::first(1000),
        with_user: WithUser::No,
    }
}

impl Adapter {
    async fn user(&self, username: &str) -> User {
        let created = self.users.create(&new_user(username)).await;
        created.expect("a storage that works").expect("a free name")
    }

    async fn try_place(&self, order: &NewOrder) -> Placement {
        self.orders.place(order).await.expect("a storage that works")
    }

    async fn place(&self, order: &NewOrder) -> Order {
        match self.try_place(order).await {
            Placement::Placed(order) => order,
            other => panic!("expected a placed order, got {other:?}"),
        }
    }

    async fn find(&self, id: OrderId) -> Option<Order> {
        let found = self.orders.find(&Scope::All, id, WithUser::Yes).await;
        found.expect("a storage that works")
    }

    async fn transition(&self, id: OrderId, transition: Transition) -> TransitionOutcome {
        let outcome = self.orders.transition(&Scope::All, id, transition).await;
        outcome.expect("a storage that works")
    }

    async fn ids(&self, query: &OrderQuery) -> Vec<i64> {
        let page = self.orders.page(query).await.expect("a storage that works");
        ids(&page.orders)
    }

    async fn follow(&self, scope: &Scope) -> OrderStream {
        self.feed.newest(scope).await.expect("a storage that works")
    }
}

fn ids(orders: &[Order]) -> Vec<i64> {
    orders.iter().map(|order| order.id.0).collect()
}

async fn next(feed: &mut OrderStream) -> Option<Order> {
    let next = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
    next.expect("the feed tells within 10 s").expect("the feed goes on")
}

async fn next_state(feed: &mut OrderStream) -> Option<(i64, OrderState)> {
    next(feed).await.map(|order| (order.id.0, order.state))
}

async fn a_placed_order_is_found_with_its_user(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let placed = adapter.place(&new_order(user.username(), 12)).await;
    let expected =
        Order { id: placed.id, date: april(12), state: OrderState::Unpaid, user: UserRef::Loaded(user) };
    assert_eq!(adapter.find(placed.id).await, Some(expected));
    assert_eq!(adapter.find(OrderId(placed.id.0 + 1)).await, None);
}

async fn an_order_is_found_without_its_user_where_that_is_not_asked_for(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let placed = adapter.place(&new_order(user.username(), 12)).await;
    let found = adapter.orders.find(&Scope::All, placed.id, WithUser::No).await;
    let found = found.expect("a storage that works").expect("the order");
    assert_eq!(found.user, UserRef::Id(user.id()));
    let page = adapter.orders.page(&everything()).await.expect("a storage that works");
    assert_eq!(page.orders[0].user, UserRef::Id(user.id()));
}

async fn an_order_for_an_unknown_user_is_not_placed(adapter: Adapter) {
    let nobody = new_user("nobody").username;
    let outcome = adapter.try_place(&new_order(&nobody, 1)).await;
    assert_eq!(outcome, Placement::UserNotFound);
    assert!(adapter.ids(&everything()).await.is_empty());
}

async fn orders_are_listed_in_the_order_of_their_ids(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut placed = Vec::new();
    for day in [12, 3, 30] {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id.0);
    }
    assert!(placed.is_sorted(), "later orders have higher ids: {placed:?}");
    assert_eq!(adapter.ids(&everything()).await, placed);
}

async fn pages_follow_each_other_in_both_directions(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut placed = Vec::new();
    for day in 1..=5 {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id);
    }
    let all: Vec<i64> = placed.iter().map(|id| id.0).collect();
    let read = async |page| {
        let query = OrderQuery { page, ..everything() };
        let page = adapter.orders.page(&query).await.expect("a storage that works");
        (ids(&page.orders), page.has_previous, page.has_next)
    };
    let page = |direction, after, before| PageRequest { limit: 2, direction, after, before };
    let forward = |after| page(Direction::Forward, after, None);
    let backward = |before| page(Direction::Backward, None, before);
    assert_eq!(read(forward(None)).await, (all[0..2].to_vec(), false, true));
    assert_eq!(read(forward(Some(placed[1]))).await, (all[2..4].to_vec(), true, true));
    assert_eq!(read(forward(Some(placed[3]))).await, (all[4..].to_vec(), true, false));
    assert_eq!(read(backward(None)).await, (all[3..].to_vec(), true, false));
    assert_eq!(read(backward(Some(placed[3]))).await, (all[1..3].to_vec(), true, true));
    assert_eq!(read(backward(Some(placed[1]))).await, (all[..1].to_vec(), false, true));
    let between = page(Direction::Forward, Some(placed[0]), Some(placed[2]));
    assert_eq!(read(between).await, (all[1..2].to_vec(), true, false));
}

async fn an_empty_page_tells_whether_there_is_more(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let page = PageRequest::first(0);
    let query = OrderQuery { page, ..everything() };
    let has_next = async || adapter.orders.page(&query).await.expect("works").has_next;
    assert!(!has_next().await);
    adapter.place(&new_order(user.username(), 1)).await;
    assert!(has_next().await);
}

async fn every_condition_of_a_filter_holds(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let mut placed = Vec::new();
    for (user, day) in [(&caty, 1), (&caty, 10), (&joe, 10), (&joe, 20)] {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id);
    }
    adapter.transition(placed[1], Transition::Pay).await;
    let none = OrderFilter::default;
    let caty = Some(caty.username().clone());
    let cases = [
        (none(), vec![0, 1, 2, 3]),
        (OrderFilter { state: Some(OrderState::Paid), ..none() }, vec![1]),
        (OrderFilter { state: Some(OrderState::Unpaid), ..none() }, vec![0, 2, 3]),
        (OrderFilter { username: caty.clone(), ..none() }, vec![0, 1]),
        (OrderFilter { date_from: Some(april(10)), ..none() }, vec![1, 2, 3]),
        (OrderFilter { date_to: Some(april(10)), ..none() }, vec![0, 1, 2]),
        (
            OrderFilter {
                state: Some(OrderState::Paid),
                username: caty,
                date_from: Some(april(11)),
                date_to: Some(april(30)),
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|i: usize| placed[i].0).collect();
        let query = OrderQuery { filter: filter.clone(), ..everything() };
        assert_eq!(adapter.ids(&query).await, expected, "{filter:?}");
    }
}

async fn a_scope_hides_the_orders_of_others(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let own = adapter.place(&new_order(caty.username(), 1)).await.id;
    let foreign = adapter.place(&new_order(joe.username(), 1)).await.id;
    let scope = Scope::Of(caty.username().clone());
    let orders = &adapter.orders;
    for with_user in [WithUser::Yes, WithUser::No] {
        let found = orders.find(&scope, own, with_user).await.expect("works");
        assert_eq!(found.map(|order| order.id), Some(own));
        assert_eq!(orders.find(&scope, foreign, with_user).await.expect("works"), None);
        let query = OrderQuery { scope: scope.clone(), with_user, ..everything() };
        assert_eq!(adapter.ids(&query).await, [own.0]);
        let both = [caty.id(), joe.id()];
        let pages = orders.pages_by_user(&both, &query).await.expect("works");
        assert_eq!(ids(&pages[&caty.id()].orders), [own.0]);
        assert!(pages.get(&joe.id()).is_none_or(|page| page.orders.is_empty()));
    }
    for transition in Transition::ALL {
        let outcome = orders.transition(&scope, foreign, transition).await.expect("works");
        assert_eq!(outcome, TransitionOutcome::NotFound);
    }
    let filter = OrderFilter::default();
    assert_eq!(orders.count(&scope, &filter).await.expect("works"), 1);
    assert!(adapter.find(foreign).await.is_some());
}

async fn many_users_pages_are_those_that_each_user_has(adapter: Adapter) {
    let mut users = Vec::new();
    for number in 0..4 {
        let user = adapter.user(&format!("user{number}")).await;
        for day in 1..=number {
            adapter.place(&new_order(user.username(), day)).await;
        }
        users.push(user);
    }
    let keys: Vec<_> = users.iter().map(User::id).collect();
    for direction in [Direction::Forward, Direction::Backward] {
        let page = PageRequest { direction, ..PageRequest::first(2) };
        let query = OrderQuery { page, ..everything() };
        let pages = adapter.orders.pages_by_user(&keys, &query).await.expect("works");
        for user in &users {
            let username = Some(user.username().clone());
            let filter = OrderFilter { username, ..OrderFilter::default() };
            let own = OrderQuery { filter, ..query.clone() };
            let expected = adapter.orders.page(&own).await.expect("works");
            let page = pages.get(&user.id()).cloned().unwrap_or_default();
            assert_eq!(page, expected, "{direction:?} of {}", user.username());
        }
    }
}

async fn counts_agree_with_lists(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    for day in 1..=3 {
        let placed = adapter.place(&new_order(caty.username(), day)).await;
        if day == 2 {
            adapter.transition(placed.id, Transition::Pay).await;
        }
    }
    adapter.place(&new_order(joe.username(), 1)).await;
    let (all, orders) = (OrderFilter::default(), &adapter.orders);
    assert_eq!(orders.count(&Scope::All, &all).await.expect("works"), 4);
    let unpaid = OrderFilter { state: Some(OrderState::Unpaid), ..all };
    assert_eq!(orders.count(&Scope::All, &unpaid).await.expect("works"), 3);
    let both = [caty.id(), joe.id()];
    let counts = orders.count_by_user(&both, &Scope::All, &unpaid).await.expect("works");
    assert_eq!((counts[&caty.id()], counts[&joe.id()]), (2, 1));
}

async fn an_unpaid_order_is_paid_once(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    let TransitionOutcome::Done(paid) = adapter.transition(id, Transition::Pay).await else {
        panic!("the first payment is done");
    };
    assert_eq!((paid.id, paid.date, paid.state), (id, april(1), OrderState::Paid));
    assert_eq!(paid.user.id(), user.id());
    assert_eq!(adapter.find(id).await.expect("the order").state, OrderState::Paid);
    assert_eq!(adapter.transition(id, Transition::Pay).await, TransitionOutcome::Refused);
    let unknown = adapter.transition(OrderId(id.0 + 1), Transition::Pay).await;
    assert_eq!(unknown, TransitionOutcome::NotFound);
}

async fn of_racing_payments_one_is_done(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    let outcomes = join_all((0..8).map(|_| adapter.transition(id, Transition::Pay))).await;
    let done = outcomes.iter().filter(|o| matches!(o, TransitionOutcome::Done(_))).count();
    let refused = outcomes.iter().filter(|o| matches!(o, TransitionOutcome::Refused)).count();
    assert_eq!((done, refused), (1, 7));
}

async fn an_unpaid_order_is_cancelled_and_gone(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 7)).await.id;
    let TransitionOutcome::Done(was) = adapter.transition(id, Transition::Cancel).await else {
        panic!("an unpaid order is cancelled");
    };
    assert_eq!((was.id, was.date, was.state), (id, april(7), OrderState::Unpaid));
    assert_eq!(adapter.find(id).await, None);
    assert_eq!(adapter.transition(id, Transition::Cancel).await, TransitionOutcome::NotFound);
}

async fn a_paid_order_is_not_cancelled(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    adapter.transition(id, Transition::Pay).await;
    assert_eq!(adapter.transition(id, Transition::Cancel).await, TransitionOutcome::Refused);
    assert!(adapter.find(id).await.is_some());
}

async fn the_id_of_a_deleted_order_is_not_used_again(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let first = adapter.place(&new_order(user.username(), 1)).await.id;
    adapter.transition(first, Transition::Cancel).await;
    let second = adapter.place(&new_order(user.username(), 1)).await.id;
    assert!(second > first, "{second} follows {first}");
}

async fn a_repeated_key_returns_the_first_order(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let first = adapter.place(&order).await;
    adapter.transition(first.id, Transition::Pay).await;
    let again = adapter.place(&order).await;
    assert_eq!((again.id, again.state), (first.id, OrderState::Paid));
    assert_eq!(adapter.ids(&everything()).await, [first.id.0]);

    let today = |day| NewOrder { requested_date: None, ..new_order(user.username(), day) };
    let before_midnight = adapter.place(&with_key(today(1), "two")).await;
    let after_midnight = adapter.place(&with_key(today(2), "two")).await;
    assert_eq!(before_midnight, after_midnight);
}

async fn a_key_with_other_input_is_told(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = new_order(user.username(), 1);
    let first = adapter.place(&with_key(order.clone(), "one")).await;
    let others = [
        new_order(user.username(), 2),
        NewOrder { requested_date: None, ..order.clone() },
        NewOrder { state: OrderState::Paid, ..order },
    ];
    for other in others {
        let outcome = adapter.try_place(&with_key(other, "one")).await;
        assert_eq!(outcome, Placement::KeyReused);
    }
    assert_eq!(adapter.ids(&everything()).await, [first.id.0]);
}

async fn a_key_belongs_to_its_user(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let first = adapter.place(&with_key(new_order(caty.username(), 1), "one")).await;
    let second = adapter.place(&with_key(new_order(joe.username(), 2), "one")).await;
    assert_ne!(first.id, second.id);
}

async fn the_key_of_a_deleted_order_places_no_other(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let placed = adapter.place(&order).await;
    adapter.transition(placed.id, Transition::Cancel).await;
    assert_eq!(adapter.try_place(&order).await, Placement::OrderGone);
    assert!(adapter.ids(&everything()).await.is_empty());
}

async fn of_racing_placements_with_one_key_one_is_placed(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let placed = join_all((0..8).map(|_| adapter.place(&order))).await;
    let ids: BTreeSet<_> = placed.iter().map(|order| order.id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(adapter.ids(&everything()).await.len(), 1);
}

async fn a_username_is_taken_once(adapter: Adapter) {
    adapter.user("caty88").await;
    let again = adapter.users.create(&new_user("caty88")).await;
    assert_eq!(again.expect("works"), None);
    let racing = join_all((0..8).map(|_| async {
        let created = adapter.users.create(&new_user("joe")).await;
        created.expect("works").is_some()
    }));
    let created = racing.await.into_iter().filter(|created| *created).count();
    assert_eq!(created, 1);
}

async fn users_are_found_by_name_and_by_id(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let users = &adapter.users;
    let found = users.find_by_username(joe.username()).await.expect("works");
    assert_eq!(found, Some(joe.clone()));
    let nobody = new_user("CATY88").username;
    assert_eq!(users.find_by_username(&nobody).await.expect("works"), None);
    let mut ids = vec![joe.id(), caty.id()];
    ids.push(crate::UserId(joe.id().0 + 1));
    let mut found = users.find_by_ids(&ids).await.expect("works");
    found.sort_by_key(User::id);
    assert_eq!(found, [caty, joe]);
}

async fn the_feed_starts_with_the_newest_order(adapter: Adapter) {
    let mut empty = adapter.follow(&Scope::All).await;
    assert_eq!(next(&mut empty).await, None);
    let user = adapter.user("caty88").await;
    adapter.place(&new_order(user.username(), 1)).await;
    let newest = adapter.place(&new_order(user.username(), 2)).await;
    let mut feed = adapter.follow(&Scope::All).await;
    let told = next(&mut feed).await.expect("an order");
    assert_eq!((told.id, told.user), (newest.id, UserRef::Loaded(user)));
}

async fn the_feed_tells_each_change_of_the_newest_order(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut feed = adapter.follow(&Scope::All).await;
    assert_eq!(next(&mut feed).await, None);
    for day in 1..=3 {
        let id = adapter.place(&new_order(user.username(), day)).await.id;
        assert_eq!(next_state(&mut feed).await, Some((id.0, OrderState::Unpaid)));
        adapter.transition(id, Transition::Pay).await;
        assert_eq!(next_state(&mut feed).await, Some((id.0, OrderState::Paid)));
    }
}

async fn the_feed_is_silent_about_older_orders(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let older = adapter.place(&new_order(user.username(), 1)).await.id;
    let newest = adapter.place(&new_order(user.username(), 2)).await.id;
    let mut feed = adapter.follow(&Scope::All).await;
    assert_eq!(next_state(&mut feed).await, Some((newest.0, OrderState::Unpaid)));
    adapter.transition(older, Transition::Pay).await;
    adapter.transition(newest, Transition::Pay).await;
    assert_eq!(next_state(&mut feed).await, Some((newest.0, OrderState::Paid)));
}

async fn the_feed_goes_back_when_the_newest_order_is_deleted(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let older = adapter.place(&new_order(user.username(), 1)).await.id;
    let newest = adapter.place(&new_order(user.username(), 2)).await.id;
    let mut feed = adapter.follow(&Scope::All).await;
    for expected in [Some(newest), Some(older), None] {
        assert_eq!(next(&mut feed).await.map(|order| order.id), expected);
        if let Some(id) = expected {
            adapter.transition(id, Transition::Cancel).await;
        }
    }
}

async fn the_feed_of_a_scope_tells_its_own_orders_only(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let mut feed = adapter.follow(&Scope::Of(caty.username().clone())).await;
    assert_eq!(next(&mut feed).await, None);
    adapter.place(&new_order(joe.username(), 1)).await;
    let own = adapter.place(&new_order(caty.username(), 1)).await.id;
    adapter.place(&new_order(joe.username(), 2)).await;
    assert_eq!(next_state(&mut feed).await, Some((own.0, OrderState::Unpaid)));
    adapter.transition(own, Transition::Pay).await;
    assert_eq!(next_state(&mut feed).await, Some((own.0, OrderState::Paid)));
}

async fn the_feed_ends_on_the_newest_state_for_every_follower(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let followers = join_all((0..20).map(|_| adapter.follow(&Scope::All))).await;
    let writers = join_all((0..10).map(|day| {
        let order = new_order(user.username(), day + 1);
        let adapter = &adapter;
        async move {
            let id = adapter.place(&order).await.id;
            adapter.transition(id, Transition::Pay).await;
            id
        }
    }));
    let newest = writers.await.into_iter().max().expect("ten orders");
    for mut follower in followers {
        while next_state(&mut follower).await != Some((newest.0, OrderState::Paid)) {}
    }
}
