//! An empty database of its own for each test, and what is in one.

use std::{
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
};

use libtest_mimic::{Arguments, Trial};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// Names the environment variable with the URL of a PostgreSQL server on which databases may be created.
const POSTGRES_SERVER: &str = "ORDERCAST_TEST_POSTGRES";

/// A test's name and the test, which takes the URL of a new database.
pub(crate) type Test = (&'static str, fn(String) -> Pin<Box<dyn Future<Output = ()>>>);

/// Makes `main` from the names of the tests.
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        fn main() {
            crate::storage::run(&[$((stringify!($test), |url| Box::pin($test(url)))),*])
        }
    };
}

/// Runs each on both databases, as the command line asks, and ends the program.
pub(crate) fn run(tests: &[Test]) -> ! {
    let server = std::env::var(POSTGRES_SERVER).ok();
    let mut trials = Vec::new();
    for &(name, test) in tests {
        trials.push(Trial::test(format!("sqlite::{name}"), move || {
            let directory = tempfile::tempdir().expect("a directory");
            let file = directory.path().join("test.db");
            block_on(test(format!("sqlite://{}?mode=rwc", file.display())));
            Ok(())
        }));
        let server = server.clone();
        let ignored = server.is_none();
        let trial = Trial::test(format!("postgres::{name}"), move || {
            let server = server.ok_or(format!("{POSTGRES_SERVER} is not set"))?;
            block_on(on_postgres(&server, test));
            Ok(())
        });
        trials.push(trial.with_ignored_flag(ignored));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}

async fn on_postgres<F: Future<Output = ()>>(server: &str, test: impl FnOnce(String) -> F) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("ordercast_history_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = connect(&format!("{server}/postgres")).await;
    execute(&admin, &format!("CREATE DATABASE {name}")).await;
    test(format!("{server}/{name}")).await;
    execute(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(url).await.expect("the database opens")
}

pub(crate) async fn execute(database: &DatabaseConnection, sql: &str) {
    let done = database.execute_unprepared(sql).await;
    done.unwrap_or_else(|error| panic!("`{sql}` failed: {error}"));
}

/// The first column, text, of the rows that a statement selects.
pub(crate) async fn select(database: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let rows = database.query_all_raw(statement).await.expect("a valid statement");
    rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
}

/// Every table, index, constraint, trigger and function that somebody created, as the database describes it.
pub(crate) async fn schema(database: &DatabaseConnection) -> Vec<String> {
    let sql = match database.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT coalesce(sql, name) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1"
        }
        _ => {
            "SELECT 'relation ' || relname || ' ' || relkind::text FROM pg_class \
                 WHERE relnamespace = 'public'::regnamespace \
             UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' \
                 || format_type(atttypid, atttypmod) || ' ' || attnotnull \
                 || coalesce(' ' || pg_get_expr(adbin, adrelid), '') \
                 FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
                 LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
                 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped \
             UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) \
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger WHERE NOT tgisinternal \
             UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
             UNION ALL SELECT 'type ' || typname FROM pg_type \
                 WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd') \
             ORDER BY 1"
        }
    };
    select(database, sql).await
}
