//! How many durable orders a second can be placed, and what the order log costs. Prints medians of alternating rounds:
//!
//!     cargo bench -p persistence --bench writes
//!
//! PostgreSQL's part runs where `ORDERCAST_TEST_POSTGRES` has the URL of a server.

#[path = "../tests/storage/mod.rs"]
mod storage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{OrderRepository, UserRepository, testing::contract};
use persistence::{Database, DatabaseSettings, OrderLog, SqlRepository};
use sea_orm::{ConnectionTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use storage::{POSTGRES_SERVER, execute, log_settings, on_postgres, on_sqlite, settings};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    on_sqlite(sqlite).await;
    match std::env::var(POSTGRES_SERVER) {
        Ok(server) => on_postgres(&server, async |database| postgres(&server, database).await).await,
        Err(_) => print(&format!("PostgreSQL is left out: {POSTGRES_SERVER} is not set")),
    }
}

async fn sqlite(database: Database) {
    let (repository, _log) = open(&database).await;
    let (mut alone, mut grouped) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(rate(64, place_in_a_transaction_of_its_own, &database).await);
        grouped.push(rate(64, place, &repository).await);
    }
    let (alone, grouped) = (median(alone), median(grouped));
    print(&format!("SQLite, 64 clients, a transaction each: {alone:.0} orders/s"));
    print(&format!(
        "SQLite, 64 clients, grouped: {grouped:.0} orders/s, {:.1} times as many",
        grouped / alone
    ));
}

async fn postgres(server: &str, migrated: Database) {
    let sql = "SELECT current_database()::text";
    let name = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let name = migrated.schema_connection().query_one_raw(name).await.expect("a valid statement");
    let name: String = name.expect("a row").try_get_by_index(0).expect("a text");
    let settings = DatabaseSettings { max_connections: 16, ..settings(&format!("{server}/{name}")) };
    let database = Database::open(&settings).await.expect("the database opens");
    let (repository, log) = open(&database).await;
    for clients in [1, 16] {
        let (mut bare, mut logged, mut placed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            execute(&database, "ALTER TABLE orders DISABLE TRIGGER USER").await;
            bare.push(rate(clients, insert, &database).await);
            execute(&database, "ALTER TABLE orders ENABLE TRIGGER USER").await;
            logged.push(rate(clients, insert, &database).await);
            placed.push(rate(clients, place, &repository).await);
        }
        let (bare, logged, placed) = (median(bare), median(logged), median(placed));
        let cost = 100.0 * (1.0 - logged / bare);
        print(&format!("PostgreSQL, {clients} clients, inserts without the log: {bare:.0} orders/s"));
        print(&format!(
            "PostgreSQL, {clients} clients, inserts with the log, which is read: {logged:.0} orders/s, {cost:.0} % fewer"
        ));
        print(&format!("PostgreSQL, {clients} clients, placed and told: {placed:.0} orders/s"));
    }
    drop((repository, log));
    database.close().await.expect("the database closes");
}

async fn open(database: &Database) -> (Arc<SqlRepository>, OrderLog) {
    let log = OrderLog::start(database.clone(), log_settings()).await.expect("the log can be read");
    let repository = SqlRepository::new(database.clone(), log.clone());
    repository.create(&contract::new_user("caty88")).await.expect("works").expect("a free name");
    (Arc::new(repository), log)
}

async fn place(repository: Arc<SqlRepository>) {
    let order = contract::new_order(&contract::new_user("caty88").username, 12);
    repository.place(&order).await.expect("the order is placed");
}

/// What the repository does for one order, without grouping it with others.
async fn place_in_a_transaction_of_its_own(database: Database) {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = database.schema_connection().begin_with_options(options).await.expect("a transaction");
    let user = "SELECT id, username, email FROM users WHERE username = 'caty88'";
    let insert = "INSERT INTO orders (date, state, user_id) VALUES ('2026-04-12', 'UNPAID', 1) RETURNING id";
    for sql in [user, insert] {
        let statement = sea_orm::Statement::from_string(transaction.get_database_backend(), sql);
        transaction.query_one_raw(statement).await.expect("a valid statement");
    }
    transaction.commit().await.expect("the transaction is committed");
}

async fn insert(database: Database) {
    let connection = database.schema_connection();
    let sql = "INSERT INTO orders (date, state, user_id) VALUES ('2026-04-12', 'UNPAID', 1)";
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    connection.execute_raw(statement).await.expect("a valid statement");
}

/// How often `work` is done in a second when so many clients do it at once.
async fn rate<T: Clone + Send + 'static, W: Future<Output = ()> + Send + 'static>(
    clients: usize,
    work: fn(T) -> W,
    with: &T,
) -> f64 {
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let started = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let (done, stop, with) = (Arc::clone(&done), Arc::clone(&stop), with.clone());
            let client = async move {
                while !stop.load(Ordering::Relaxed) {
                    work(with.clone()).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            };
            tokio::spawn(client)
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    let counted = done.load(Ordering::Relaxed);
    let elapsed = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("the client ends");
    }
    f64::from(u32::try_from(counted).unwrap_or(u32::MAX)) / elapsed.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[expect(clippy::print_stdout, reason = "what this program is for")]
fn print(line: &str) {
    println!("{line}");
}
