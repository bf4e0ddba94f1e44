//! What the tests of the order log share.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{Cursor, Order, OrderEvent, OrderEventStream, OrderFeed, Position};
use futures_util::StreamExt;
use persistence::{Database, LogSettings, OrderLog, SqlRepository};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TryGetable};

use crate::storage::{POSTGRES_SERVER, log_settings, settings};

pub(crate) const WORKS: &str = "a database that works";

/// How long anything may take that is waited for, for each step of the scale. Nothing should come near it.
const PATIENCE: Duration = Duration::from_secs(30);

/// By how much the randomised tests do more than the fewest steps that make sense.
pub(crate) fn scale() -> usize {
    std::env::var("ORDERCAST_TEST_SCALE").map_or(1, |scale| scale.parse().expect("a whole number"))
}

/// What the future comes to, or a failure that says what took too long.
pub(crate) async fn awaited<T>(what: &str, future: impl Future<Output = T>) -> T {
    within(PATIENCE, what, future).await
}

/// The same for work of which there is more at a larger scale, and which takes as long as the machine is slow.
pub(crate) async fn finished<T>(what: &str, future: impl Future<Output = T>) -> T {
    within(10 * PATIENCE, what, future).await
}

async fn within<T>(patience: Duration, what: &str, future: impl Future<Output = T>) -> T {
    let patience = patience * u32::try_from(scale()).expect("a small number");
    let Ok(value) = tokio::time::timeout(patience, future).await else {
        panic!("{what} takes longer than {patience:?}")
    };
    value
}

/// Random numbers that are the same each time (`SplitMix64`). A failure of the test that uses them tells the seed.
pub(crate) struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) async fn pause(&mut self, longest: Duration) {
        let micros = u64::try_from(longest.as_micros()).expect("a short time");
        tokio::time::sleep(Duration::from_micros(self.below(micros))).await;
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("random numbers from seed {:#x}", self.seed);
        }
    }
}

/// One connection of another program, which knows nothing of the log.
#[derive(Clone)]
pub(crate) struct Program(DatabaseConnection);

impl Program {
    pub(crate) async fn connect(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Self(sea_orm::Database::connect(options).await.expect("the database answers"))
    }

    /// Another program's connection to this database.
    pub(crate) async fn beside(database: &Database) -> Self {
        Self::connect(&url_of(database).await).await
    }

    pub(crate) async fn attempt(&self, sql: &str) -> Result<u64, DbErr> {
        self.0.execute_unprepared(sql).await.map(|done| done.rows_affected())
    }

    pub(crate) async fn run(&self, sql: &str) -> u64 {
        self.attempt(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub(crate) async fn value<T: TryGetable>(&self, sql: &str) -> T {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.expect("a valid statement").expect("a row");
        row.try_get_by_index(0).expect("a value of this type")
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Sqlite
    }

    /// Users 1, `joe`, and 2, `caty88`.
    pub(crate) async fn add_users(&self) {
        self.run(
            "INSERT INTO users (username, email) VALUES ('joe', 'joe@dev.io'), ('caty88', 'caty88@dev.io')",
        )
        .await;
    }

    /// Every order, by id, as the table has it.
    pub(crate) async fn orders(&self) -> Orders {
        let sql = "SELECT id, CAST(date AS text), state, user_id FROM orders ORDER BY id";
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.expect("a valid statement");
        let order = |row: &sea_orm::QueryResult| {
            let values: (i64, String, String, i64) = row.try_get_many_by_index().expect("an order");
            (values.0, (values.1, values.2, values.3))
        };
        rows.iter().map(order).collect()
    }

    /// The last position of the log, once everything that is committed has one. Nothing was pruned, and nobody writes.
    pub(crate) async fn last_position(&self) -> Position {
        if self.is_sqlite() {
            return Position(self.value("SELECT count(*) FROM order_log").await);
        }
        let settled =
            "SELECT (SELECT max(position) FROM order_log_positions) = (SELECT count(*) FROM order_log)";
        awaited("settling what is committed", async {
            while !self.value::<bool>(settled).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        Position(self.value("SELECT count(*) FROM order_log").await)
    }

    pub(crate) async fn close(self) {
        self.0.close().await.expect("the connection closes");
    }
}

/// Orders by id: day, state and user.
pub(crate) type Orders = BTreeMap<i64, (String, String, i64)>;

fn as_stored(order: &Order) -> (String, String, i64) {
    (order.date.to_string(), order.state.name().to_owned(), order.user.id().0)
}

/// Applies an event. What it says of the order before need not agree with `orders`.
pub(crate) fn apply(event: &OrderEvent, orders: &mut Orders) {
    match event.change.after() {
        Some(after) => orders.insert(after.id.0, as_stored(after)),
        None => orders.remove(&event.change.order().id.0),
    };
}

/// Applies the events to no orders, and checks that each order is as the event before left it.
pub(crate) fn replay<'a>(events: impl IntoIterator<Item = &'a Arc<OrderEvent>>) -> Orders {
    let mut orders = Orders::new();
    for event in events {
        let id = event.change.order().id.0;
        let before = event.change.before().map(as_stored);
        assert_eq!(before.as_ref(), orders.get(&id), "order {id} at {:?}", event.cursor.position);
        assert_ne!(before, event.change.after().map(as_stored), "order {id} does not change");
        apply(event, &mut orders);
    }
    orders
}

/// A process that serves this database.
pub(crate) struct Node {
    pub(crate) database: Database,
    pub(crate) log: OrderLog,
}

impl Node {
    pub(crate) async fn start(url: &str, log: LogSettings) -> Self {
        let database = Database::open(&settings(url)).await.expect("the database opens");
        let log = OrderLog::start(database.clone(), log).await.expect("the log can be read");
        Self { database, log }
    }

    /// A process beside the one that holds `database`, with the usual settings.
    pub(crate) async fn beside(database: &Database) -> Self {
        Self::start(&url_of(database).await, log_settings()).await
    }

    pub(crate) fn repository(&self) -> SqlRepository {
        SqlRepository::new(self.database.clone(), self.log.clone())
    }

    pub(crate) async fn position(&self) -> Cursor {
        self.log.position().await.expect(WORKS)
    }

    pub(crate) async fn follow(&self, after: Option<Cursor>) -> OrderEventStream {
        self.log.events(after).await.expect("a cursor that can be followed")
    }

    pub(crate) async fn stop(self) {
        drop(self.log);
        self.database.close().await.expect("the database closes");
    }
}

pub(crate) async fn next(events: &mut OrderEventStream) -> Arc<OrderEvent> {
    let event = awaited("the next event", events.next()).await;
    event.expect("the service goes on").expect("the log can be read")
}

/// The URL of this database.
pub(crate) async fn url_of(database: &Database) -> String {
    let connection = database.schema_connection();
    let backend = connection.get_database_backend();
    let (sql, prefix) = if backend == DbBackend::Sqlite {
        ("SELECT file FROM pragma_database_list WHERE name = 'main'", "sqlite://".to_owned())
    } else {
        let server = std::env::var(POSTGRES_SERVER).expect("a server");
        ("SELECT current_database()::text", format!("{server}/"))
    };
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await.expect(WORKS);
    let name: String = row.expect("a row").try_get_by_index(0).expect("a text");
    prefix + &name
}
