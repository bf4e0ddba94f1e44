//! A database of its own for each test.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use persistence::{Database, DatabaseSettings, LogSettings};

/// Names the environment variable with the URL of a PostgreSQL server on which databases may be created.
pub(crate) const POSTGRES_SERVER: &str = "ORDERCAST_TEST_POSTGRES";

/// Settings for tests.
pub(crate) fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: url.to_owned(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(10),
        statement_timeout: Duration::from_secs(10),
    }
}

/// Settings for tests, with a ring that followers fall out of.
pub(crate) fn log_settings() -> LogSettings {
    LogSettings {
        ring_events: 16,
        poll_interval: Duration::from_millis(100),
        keep_events: 1_000_000,
        keep_age: Duration::from_hours(1),
    }
}

/// Runs `test` on a new, migrated SQLite database.
pub(crate) async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let database = migrated(&url).await;
    test(database.clone()).await;
    database.close().await.expect("the database closes");
}

/// Runs `test` on a new, migrated database of the PostgreSQL server at the URL `server`.
pub(crate) async fn on_postgres<F: Future<Output = ()>>(server: &str, test: impl FnOnce(Database) -> F) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("ordercast_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = Database::open(&settings(&format!("{server}/postgres"))).await.expect("the server answers");
    execute(&admin, &format!("CREATE DATABASE {name}")).await;
    let database = migrated(&format!("{server}/{name}")).await;
    test(database.clone()).await;
    database.close().await.expect("the database closes");
    execute(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    admin.close().await.expect("the connection closes");
}

/// Runs a statement as another program would.
pub(crate) async fn execute(database: &Database, sql: &str) {
    use sea_orm::ConnectionTrait;
    database.schema_connection().execute_unprepared(sql).await.expect("a valid statement");
}

async fn migrated(url: &str) -> Database {
    let database = Database::open(&settings(url)).await.expect("the database opens");
    migration::up(database.schema_connection()).await.expect("the migrations apply");
    database
}
