//! Equal queries share their execution, and each is told what was so after it was asked.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::Request;
use async_trait::async_trait;
use domain::{
    NewOrder, Order, OrderFilter, OrderId, OrderQuery, OrderRepository, Page, Placement, RepositoryError,
    Scope, Transition, TransitionOutcome, UserId, UserRepository, Viewer, WithUser,
    testing::{
        InMemory,
        contract::{new_order, new_user},
    },
};
use futures_util::future::join_all;
use graphql_api::{Answer, Message, QuerySharing};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::service::{Client, Service, name, with_variables};

const LIST: &str = "{ getOrders { id } }";

/// Orders in memory, whose pages are counted and are read only as they are let.
struct Watched {
    orders: Arc<InMemory>,
    reads: AtomicUsize,
    let_through: Semaphore,
    fails: bool,
}

impl Watched {
    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

async fn watched(fails: bool, kept: usize) -> (Arc<Watched>, Client) {
    let storage = Arc::new(InMemory::new());
    storage.create(&new_user("joe")).await.expect("works").expect("a free name");
    let watched = Arc::new(Watched {
        orders: Arc::clone(&storage),
        reads: AtomicUsize::new(0),
        let_through: Semaphore::new(0),
        fails,
    });
    let sharing = QuerySharing::Executions { kept };
    let client = Client::sharing(watched.clone(), storage.clone(), storage, sharing);
    (watched, client)
}

async fn answer(client: &Client, request: impl Into<Request>) -> Answer {
    match client.respond(request).await {
        Message::Next(answer) => answer,
        refused @ Message::Error(_) => panic!("expected an answer, got {refused:?}"),
    }
}

/// Lets everything that can go on do so.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn those_that_come_while_one_is_executed_share_the_next_execution() {
    let (orders, client) = watched(false, 0).await;
    let ask = || {
        tokio::spawn({
            let client = client.clone();
            async move { answer(&client, LIST).await }
        })
    };
    let first = ask();
    settle().await;
    assert_eq!(orders.reads(), 1, "the first one is executed at once");
    let later: Vec<_> = (0..5).map(|_| ask()).collect();
    settle().await;
    assert_eq!(orders.reads(), 1, "the later ones wait: what the first one reads may be older than they are");
    orders.orders.place(&new_order(&name("joe"), 12)).await.expect("works");
    orders.let_through.add_permits(2);
    first.await.expect("an answer");
    let later: Vec<_> = join_all(later).await.into_iter().map(|answer| answer.expect("an answer")).collect();
    assert_eq!(orders.reads(), 2);
    for answer in &later {
        assert!(Arc::ptr_eq(&answer.json, &later[0].json));
        assert_eq!(&*answer.json, r#"{"data":{"getOrders":[{"id":"Order:1"}]}}"#);
    }
}

#[tokio::test]
async fn one_that_goes_away_takes_no_other_along() {
    let (orders, client) = watched(false, 0).await;
    let ask = || {
        tokio::spawn({
            let client = client.clone();
            async move { answer(&client, LIST).await }
        })
    };
    let (first, second, third) = (ask(), ask(), ask());
    settle().await;
    first.abort();
    settle().await;
    orders.let_through.add_permits(10);
    assert_eq!(second.await.expect("an answer").json, third.await.expect("an answer").json);
}

#[tokio::test]
async fn an_answer_is_told_again_until_something_changes() {
    let (orders, client) = watched(false, 16 * 1024).await;
    orders.let_through.add_permits(100);
    let ask = async || answer(&client, LIST).await;
    let first = ask().await;
    assert!(Arc::ptr_eq(&ask().await.json, &first.json));
    assert_eq!(orders.reads(), 1);
    orders.orders.place(&new_order(&name("joe"), 12)).await.expect("works");
    assert_ne!(ask().await.json, first.json);
    assert_eq!(orders.reads(), 2);
    // A user is no event of the log, and may be in any answer.
    orders.orders.create(&new_user("caty88")).await.expect("works");
    ask().await;
    assert_eq!(orders.reads(), 3);
}

#[tokio::test]
async fn the_least_used_answers_make_room() {
    let (orders, client) = watched(false, 2_000).await;
    orders.let_through.add_permits(1_000);
    let ask =
        async |number: u32| answer(&client, format!("{{ a{number:03}: getOrders {{ id }} }}").as_str()).await;
    for number in 0..20 {
        ask(number).await;
    }
    ask(19).await;
    assert_eq!(orders.reads(), 20, "the newest is kept");
    ask(0).await;
    assert_eq!(orders.reads(), 21, "the oldest is not");
}

#[tokio::test]
async fn what_failed_is_executed_again() {
    let (orders, client) = watched(true, 16 * 1024).await;
    orders.let_through.add_permits(100);
    for reads in 1..=3 {
        assert!(answer_has_errors(&client, LIST).await);
        assert_eq!(orders.reads(), reads);
    }
}

async fn answer_has_errors(client: &Client, request: &str) -> bool {
    match client.respond(request).await {
        Message::Next(answer) => answer.has_errors(),
        Message::Error(_) => true,
    }
}

#[tokio::test]
async fn errors_are_told_at_their_places_in_each_document() {
    let client = Service::new().await.staff();
    let (one, other) = (r#"{ order(id: "x") { id } }"#, "{\n\n  order(id: \"x\") { id } }");
    let both = join_all([client.ask(one), client.ask(other), client.ask(one)]).await;
    assert_eq!(both[0]["errors"][0]["locations"], json!([{ "line": 1, "column": 3 }]));
    assert_eq!(both[1]["errors"][0]["locations"], json!([{ "line": 3, "column": 3 }]));
    assert_eq!(both[0], both[2]);
}

#[tokio::test]
async fn layout_does_not_tell_queries_apart_and_variables_do() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let client = service.staff();
    let kept = answer(&client, "query a { getOrders { id, user { id } } }").await;
    let same =
        answer(&client, "query b\n{ getOrders { id ...F } } fragment F on Order { user { id } }").await;
    assert_eq!(same.json, kept.json);
    let same = answer(&client, "query other\n{ getOrders { id user { id } # all\n } }").await;
    assert!(Arc::ptr_eq(&same.json, &kept.json));
    let document = "query($id: ID!) { order(id: $id) { id } }";
    let of = async |id: &str| answer(&client, with_variables(document, json!({ "id": id }))).await.json;
    assert_eq!(
        (&*of("1").await, &*of("2").await),
        (r#"{"data":{"order":{"id":"Order:1"}}}"#, r#"{"data":{"order":null}}"#)
    );
}

/// Each viewer is answered as if nobody else asked.
#[tokio::test]
async fn no_viewer_is_answered_what_another_may_see() {
    let documents = [
        LIST,
        "{ getOrders { id date state user { id username email } } }",
        "{ getOrders { user { orders { totalCount nodes { user { email } } } } } }",
        "{ orders { totalCount nodes { id } edges { cursor node { user { email } } } pageInfo { endCursor } } }",
        "{ order(id: 1) { user { username email } } }",
        "{ order(id: 2) { user { username email } } }",
        "{ user(username: \"caty88\") { id username email orders { nodes { id } } } }",
        "{ node(id: \"User:2\") { ... on User { username email } } }",
        "{ viewer { username permissions user { username email } } }",
        "{ ...F } fragment F on Query { viewer { username } getOrders { id } }",
        "{ viewer { username } getOrders { id } }",
    ];
    let viewers = [
        Viewer::unauthenticated_staff(),
        Viewer::Staff { username: Some(name("caty88")) },
        Viewer::Staff { username: Some(name("joe")) },
        Viewer::Customer { username: name("caty88") },
        Viewer::Customer { username: name("joe") },
    ];
    let service = async || {
        let service = Service::new().await;
        service.place("caty88", 12).await;
        service.place("joe", 13).await;
        service
    };
    for document in documents {
        let shared = service().await;
        let clients = viewers.clone().map(|viewer| shared.client(viewer));
        // At once, and one after another.
        let together = join_all(clients.iter().map(|client| client.ask(document))).await;
        for ((client, viewer), together) in clients.iter().zip(&viewers).zip(together) {
            let alone = service().await.client(viewer.clone()).ask(document).await;
            assert_eq!(together, alone, "{document} of {viewer:?}, at once with others");
            assert_eq!(client.ask(document).await, alone, "{document} of {viewer:?}, after others");
        }
    }
}

#[async_trait]
impl OrderRepository for Watched {
    async fn page(&self, query: &OrderQuery) -> Result<Page, RepositoryError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.let_through.acquire().await.expect("never closed").forget();
        if self.fails {
            return Err(RepositoryError::Failed("a test wants it".into()));
        }
        self.orders.page(query).await
    }

    async fn find(
        &self,
        scope: &Scope,
        id: OrderId,
        with: WithUser,
    ) -> Result<Option<Order>, RepositoryError> {
        self.orders.find(scope, id, with).await
    }

    async fn pages_by_user(
        &self,
        users: &[UserId],
        query: &OrderQuery,
    ) -> Result<HashMap<UserId, Page>, RepositoryError> {
        self.orders.pages_by_user(users, query).await
    }

    async fn count(&self, scope: &Scope, filter: &OrderFilter) -> Result<u64, RepositoryError> {
        self.orders.count(scope, filter).await
    }

    async fn count_by_user(
        &self,
        users: &[UserId],
        scope: &Scope,
        filter: &OrderFilter,
    ) -> Result<HashMap<UserId, u64>, RepositoryError> {
        self.orders.count_by_user(users, scope, filter).await
    }

    async fn place(&self, order: &NewOrder) -> Result<Placement, RepositoryError> {
        self.orders.place(order).await
    }

    async fn transition(
        &self,
        scope: &Scope,
        id: OrderId,
        transition: Transition,
    ) -> Result<TransitionOutcome, RepositoryError> {
        self.orders.transition(scope, id, transition).await
    }
}
