//! What a request costs in statements: fixed by the document, never by the number of rows, users or followers.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::{Clock, Limits, Orders, Ports, Username, Users, Viewer};
use futures_util::StreamExt;
use graphql_api::{Api, ApiSettings, Limit, Message, Operation, QueryLimits, QuerySharing};
use persistence::{Database, DatabaseSettings, LogSettings, OrderLog, SqlRepository};
use serde_json::{Map, Value};
use tests::{PATIENCE, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(a_list_without_users_is_one_statement_without_a_join)
        .on_each_store(a_list_with_users_is_one_statement_with_a_join)
        .on_each_store(a_page_with_users_is_one_statement_with_a_join)
        .on_each_store(an_order_is_one_statement)
        .on_each_store(a_list_that_is_selected_twice_is_read_once)
        .on_each_store(nested_lists_cost_the_same_whatever_the_number_of_users)
        .on_each_store(users_by_id_are_read_at_once)
        .on_each_store(a_payment_reads_the_user_only_where_it_is_asked_for)
        .on_each_store(a_change_costs_the_same_whatever_the_number_of_followers)
        .on_each_store(followers_of_one_scope_cost_one_read)
        .run();
}

/// The API over a database whose statements are counted.
struct Service {
    api: Api,
    statements: Arc<Mutex<Vec<String>>>,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Runs `test` on a new, migrated database.
fn on(store: &Store, test: impl AsyncFnOnce(&Service)) {
    let directory = tempfile::tempdir().expect("a directory");
    let postgres = match store {
        Store::Sqlite => None,
        Store::Postgres(server) => Some(server.create_database()),
    };
    let file = format!("sqlite://{}", directory.path().join("orders.db").display());
    let url = postgres.as_ref().map_or(file, tests::PostgresDatabase::url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let statements = Arc::new(Mutex::new(Vec::new()));
        let ran = Arc::clone(&statements);
        let observe = move |sql: &str| ran.lock().expect("the statements").push(sql.to_owned());
        let settings = DatabaseSettings {
            url,
            max_connections: 4,
            acquire_timeout: PATIENCE,
            statement_timeout: PATIENCE,
        };
        let database = Database::open_observed(&settings, observe).await.expect("the database opens");
        migration::up(database.schema_connection()).await.expect("the migrations apply");
        // Looks at the log only when it is woken, so that nothing runs beside a request.
        let log = LogSettings {
            ring_events: 100,
            poll_interval: Duration::from_hours(1),
            keep_events: 1_000_000,
            keep_age: Duration::from_hours(1),
        };
        let log = OrderLog::start(database.clone(), log).await.expect("the log can be read");
        let repository = Arc::new(SqlRepository::new(database.clone(), log.clone()));
        let (orders, feed) = (repository.clone(), Arc::new(log));
        let users = Users::new(repository, feed.clone());
        let limits = Limits { page_default: 20, page_limit: 100, list_limit: 1000 };
        let orders = Orders::new(Ports { orders, feed, clock: Arc::new(SystemClock) }, limits);
        let settings = ApiSettings {
            documents: NonZeroUsize::MIN,
            shared_messages: 128,
            limits: QueryLimits::all(Limit { most: 100_000, setting: "none" }),
            query_sharing: QuerySharing::Nothing,
        };
        test(&Service { api: Api::new(orders, users, settings), statements }).await;
        database.close().await.expect("the database closes");
    });
}

impl Service {
    async fn ask_as(&self, viewer: &Viewer, document: &str) -> Value {
        let request = self.api.prepare(document.into(), Map::new()).expect("a valid document");
        let Message::Next(answer) = self.api.execute(request, viewer).await else {
            panic!("{document} was refused");
        };
        assert!(!answer.has_errors(), "{document}: {}", answer.json);
        serde_json::from_str::<Value>(&answer.json).expect("an answer is JSON")["data"].take()
    }

    async fn ask(&self, document: &str) -> Value {
        self.ask_as(&Viewer::unauthenticated_staff(), document).await
    }

    /// Creates this many users, and places two orders for each.
    async fn fill(&self, users: std::ops::Range<u32>) {
        for number in users {
            let email = format!("user{number}@dev.io");
            let user = format!(r#"{{ username: "user{number}", email: "{email}" }}"#);
            self.ask(&format!("mutation {{ createUser(input: {user}) {{ user {{ id }} }} }}")).await;
            for _ in 0..2 {
                self.place(&format!("user{number}")).await;
            }
        }
    }

    async fn place(&self, username: &str) -> Value {
        let input = format!(r#"{{ username: "{username}" }}"#);
        let placed =
            self.ask(&format!("mutation {{ placeOrder(input: {input}) {{ order {{ id }} }} }}")).await;
        placed["placeOrder"]["order"]["id"].clone()
    }

    /// The statements on users and orders that run during `work`; what the log itself reads is apart.
    async fn statements(&self, work: impl Future) -> Vec<String> {
        self.statements.lock().expect("the statements").clear();
        work.await;
        let ran = self.statements.lock().expect("the statements").clone();
        ran.into_iter().filter(|sql| sql.contains("\"users\"") || sql.contains("\"orders\"")).collect()
    }

    async fn assert_one(&self, document: &str, joins: bool) {
        let customer = Viewer::Customer { username: Username::parse("user1").expect("a valid username") };
        for viewer in [Viewer::unauthenticated_staff(), customer] {
            let statements = self.statements(self.ask_as(&viewer, document)).await;
            let [statement] = &statements[..] else {
                panic!("{document} of {viewer:?} is not one statement but {statements:#?}");
            };
            let joined = statement.contains("JOIN \"users\"");
            assert_eq!(joined, joins, "{document} of {viewer:?} is {statement}");
        }
    }

    fn follow(&self, document: &str, viewer: &Viewer) -> Operation {
        let request = self.api.prepare(document.into(), Map::new()).expect("a valid document");
        self.api.start(request, viewer, None)
    }
}

async fn next(following: &mut Operation) -> Value {
    let told = tokio::time::timeout(PATIENCE, following.next()).await;
    match told.expect("the stream tells in time").expect("the stream goes on") {
        Message::Next(answer) => {
            let mut answer: Value = serde_json::from_str(&answer.json).expect("JSON");
            assert!(answer.get("errors").is_none(), "{answer}");
            answer["data"].take()
        }
        Message::Error(errors) => panic!("{errors:?}"),
    }
}

fn a_list_without_users_is_one_statement_without_a_join(store: &Store) {
    on(store, async |service| {
        service.fill(0..3).await;
        for document in [
            "{ getOrders { id date state } }",
            "{ getOrders { ...f } } fragment f on Order { id state }",
            "{ list: getOrders { ... on Order { ... { id } } } }",
            "{ getOrders { id user @skip(if: true) { username } } }",
            "{ getOrders { id user @include(if: false) { username } } }",
            "{ getOrders { user: id } }",
        ] {
            service.assert_one(document, false).await;
        }
    });
}

fn a_list_with_users_is_one_statement_with_a_join(store: &Store) {
    on(store, async |service| {
        service.fill(0..3).await;
        for document in [
            "{ getOrders { state date user { username email } } }",
            "{ getOrders { ...f } } fragment f on Order { id user { id } }",
            "{ getOrders { ...f } } fragment f on Order { ...g } fragment g on Order { user { id } }",
            "{ list: getOrders { ... on Order { owner: user { id } } } }",
            "{ ...f } fragment f on Query { getOrders { ... on Node { id } ... { user { id } } } }",
            "{ getOrders { user @skip(if: false) { username } } }",
            "{ getOrders { id user { id } more: user { username } } }",
        ] {
            service.assert_one(document, true).await;
        }
    });
}

fn a_page_with_users_is_one_statement_with_a_join(store: &Store) {
    on(store, async |service| {
        service.fill(0..3).await;
        for document in [
            "{ orders { nodes { user { username } } } }",
            "{ orders(last: 2) { edges { node { user { username } } } } }",
            "{ orders { list: edges { ...e } } } \
             fragment e on OrderEdge { it: node { ... on Order { owner: user { id } } } }",
            r#"{ orders(where: { state: UNPAID, username: "user1" }) { ... { nodes { user { id } } } } }"#,
            "{ orders { nodes { id } edges { node { user { id } } } pageInfo { endCursor } } }",
        ] {
            service.assert_one(document, true).await;
        }
        for document in
            ["{ orders { nodes { id } edges { cursor node { state } } } }", "{ orders { cursor } }"]
        {
            service.assert_one(document, false).await;
        }
        let counted =
            service.statements(service.ask("{ orders(first: 1) { totalCount nodes { user { id } } } }"));
        assert_eq!(counted.await.len(), 2, "the count is a statement of its own");
    });
}

fn an_order_is_one_statement(store: &Store) {
    on(store, async |service| {
        service.fill(1..2).await;
        let id = service.place("user1").await;
        service.assert_one(&format!("{{ order(id: {id}) {{ id state }} }}"), false).await;
        service.assert_one(&format!("{{ order(id: {id}) {{ id user {{ email }} }} }}"), true).await;
    });
}

// GraphQL (October 2021), section 6.3.2. Two reads may differ, and their orders would be mixed.
fn a_list_that_is_selected_twice_is_read_once(store: &Store) {
    on(store, async |service| {
        service.fill(0..2).await;
        for document in [
            "{ getOrders { id } getOrders { user { username } } }",
            "{ getOrders { id } ...f } fragment f on Query { getOrders { user { username } } }",
        ] {
            service.assert_one(document, true).await;
        }
    });
}

fn nested_lists_cost_the_same_whatever_the_number_of_users(store: &Store) {
    on(store, async |service| {
        let nested = "{ getOrders { user { orders(first: 2) { totalCount nodes { user { username } } } } } }";
        for users in [0..2, 2..30] {
            service.fill(users.clone()).await;
            // Again and again, because how many reads come together must not be a matter of luck.
            for _ in 0..10 {
                let statements = service.statements(service.ask(nested)).await;
                assert_eq!(statements.len(), 3, "{} users cost {statements:#?}", users.end);
            }
        }
        let data = service.ask(nested).await;
        let lists = data["getOrders"].as_array().expect("orders");
        assert_eq!(lists.len(), 60);
        for order in lists {
            assert_eq!(order["user"]["orders"]["totalCount"], 2);
            assert_eq!(order["user"]["orders"]["nodes"].as_array().map(Vec::len), Some(2));
        }
    });
}

fn users_by_id_are_read_at_once(store: &Store) {
    on(store, async |service| {
        service.fill(0..5).await;
        let orders = service.ask("{ getOrders { user { id } } }").await;
        let orders = orders["getOrders"].as_array().expect("orders");
        let nodes = orders.iter().enumerate().map(|(index, order)| {
            let id = &order["user"]["id"];
            format!("n{index}: node(id: {id}) {{ ... on User {{ username }} }}")
        });
        let document = format!("{{ {} }}", nodes.collect::<Vec<_>>().join(" "));
        let statements = service.statements(service.ask(&document)).await;
        assert_eq!(statements.len(), 1, "{statements:#?}");
    });
}

fn a_payment_reads_the_user_only_where_it_is_asked_for(store: &Store) {
    on(store, async |service| {
        service.fill(0..1).await;
        let pay = async |fields: &str| {
            let id = service.place("user0").await;
            let document =
                format!("mutation {{ payOrder(input: {{ id: {id} }}) {{ {fields} errors {{ code }} }} }}");
            service.statements(service.ask(&document)).await
        };
        let without = pay("order { id state }").await;
        assert!(matches!(&without[..], [update] if update.starts_with("UPDATE")), "{without:#?}");
        for fields in
            ["order { user { username } }", "order { ... { user { username } } again: user { id } }"]
        {
            let with = pay(fields).await;
            let [update, user] = &with[..] else { panic!("{fields} costs {with:#?}") };
            assert!(update.starts_with("UPDATE") && user.contains("FROM \"users\""), "{with:#?}");
        }
    });
}

/// What placing ten orders costs, while these followers are told of each.
async fn placing_beside(service: &Service, followers: &mut [Operation]) -> Vec<String> {
    let placing = async {
        for _ in 0..10 {
            let id = service.place("user0").await;
            for follower in &mut *followers {
                assert_eq!(next(follower).await["getOrder"]["id"], id);
            }
        }
    };
    service.statements(placing).await
}

fn a_change_costs_the_same_whatever_the_number_of_followers(store: &Store) {
    on(store, async |service| {
        service.fill(0..1).await;
        let staff = Viewer::unauthenticated_staff();
        let mut followers = Vec::new();
        let mut costs = Vec::new();
        for number in [1, 50] {
            while followers.len() < number {
                let document = "subscription { getOrder { id state date user { username email } } }";
                let mut follower = service.follow(document, &staff);
                next(&mut follower).await;
                followers.push(follower);
            }
            costs.push(placing_beside(service, &mut followers).await);
        }
        let [one, many] = &costs[..] else { unreachable!("two numbers of followers") };
        assert_eq!(one.len(), many.len(), "1 follower costs {one:#?}, and 50 cost {many:#?}");
        let log = service.statements.lock().expect("the statements").clone();
        let log = log.iter().filter(|sql| sql.contains("order_log")).count();
        match store {
            Store::Sqlite => assert_eq!(log, 10, "10 orders for 50 followers are a read of the log each"),
            Store::Postgres(_) => {
                assert!(log <= 60, "10 orders for 50 followers cost {log} statements on the log");
            }
        }
    });
}

fn followers_of_one_scope_cost_one_read(store: &Store) {
    on(store, async |service| {
        service.fill(0..1).await;
        let staff = Viewer::unauthenticated_staff();
        let customer = Viewer::Customer { username: Username::parse("user0").expect("a valid username") };
        for viewer in [staff, customer] {
            let mut following = Vec::new();
            let statements = service
                .statements(async {
                    for _ in 0..50 {
                        let mut follower =
                            service.follow("subscription { getOrder { user { email } } }", &viewer);
                        next(&mut follower).await;
                        following.push(follower);
                    }
                })
                .await;
            assert_eq!(statements.len(), 1, "50 followers cost {statements:#?}");
        }
    });
}
