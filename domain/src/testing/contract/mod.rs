//! The contract of the storage ports as a list of rules. Each adapter runs each rule on a fresh, empty storage.

use std::{pin::Pin, sync::Arc};

use chrono::NaiveDate;

use crate::{
    Cursor, Email, NewOrder, NewUser, Order, OrderFeed, OrderFilter, OrderId, OrderQuery, OrderRepository,
    OrderState, PageRequest, Placement, Scope, Transition, TransitionOutcome, User, UserRepository, Username,
    WithUser,
};

/// Makes a file's `rules()` from the names of its checks, so that no rule's name can differ from its function's.
macro_rules! rules {
    ($($rule:ident),* $(,)?) => {
        pub(super) fn rules() -> Vec<super::Rule> {
            vec![$(super::Rule { name: stringify!($rule), check: |adapter| Box::pin($rule(adapter)) }),*]
        }
    };
}

// Below the macro, which only what follows it sees.
mod feed;
mod log;
mod reading;
mod writing;

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

/// Every rule.
pub fn rules() -> Vec<Rule> {
    [reading::rules(), writing::rules(), feed::rules(), log::rules()].concat()
}

/// A user for tests.
///
/// # Panics
///
/// If `username` is not valid.
pub fn new_user(username: &str) -> NewUser {
    NewUser {
        username: Username::parse(username).expect("a valid username"),
        email: Email::parse(&format!("{username}@dev.io")).expect("a valid address"),
    }
}

/// The day of that number in April 2026.
///
/// # Panics
///
/// If April has no such day.
pub fn april(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, day).expect("a day of April")
}

/// An unpaid order for tests, for that day of April 2026.
///
/// # Panics
///
/// If April has no such day.
pub fn new_order(username: &Username, day: u32) -> NewOrder {
    NewOrder {
        username: username.clone(),
        date: april(day),
        requested_date: Some(april(day)),
        state: OrderState::Unpaid,
        idempotency_key: None,
    }
}

fn everything() -> OrderQuery {
    OrderQuery {
        scope: Scope::All,
        filter: OrderFilter::default(),
        page: PageRequest::first(1000),
        with_user: WithUser::No,
    }
}

fn ids(orders: &[Order]) -> Vec<i64> {
    orders.iter().map(|order| order.id.0).collect()
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
        self.place_at(order).await.0
    }

    async fn place_at(&self, order: &NewOrder) -> (Order, Cursor) {
        match self.try_place(order).await {
            Placement::Placed(order, cursor) => (order, cursor.expect("the log is read in time")),
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
}
