use std::time::Duration;

use persistence::{Database, DatabaseSettings};
use sea_orm::{ConnectionTrait, Statement};

use crate::PATIENCE;

/// Runs statements.
pub(crate) fn execute(url: &str, statements: &str) {
    on_database(url, async |database| {
        let done = database.schema_connection().execute_unprepared(statements).await;
        done.unwrap_or_else(|error| panic!("`{statements}` failed: {error}"));
    });
}

/// The first column, text, of the rows that a statement selects.
pub(crate) fn select(url: &str, statement: &str) -> Vec<String> {
    on_database(url, async |database| {
        let connection = database.schema_connection();
        let statement = Statement::from_string(connection.get_database_backend(), statement);
        let rows = connection.query_all_raw(statement).await.expect("a valid statement");
        rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
    })
}

fn on_database<T>(url: &str, work: impl AsyncFnOnce(&Database) -> T) -> T {
    let settings = DatabaseSettings {
        url: url.to_owned(),
        max_connections: 1,
        acquire_timeout: PATIENCE,
        statement_timeout: Duration::from_secs(30),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let database = Database::open(&settings).await.expect("the database opens");
        let result = work(&database).await;
        database.close().await.expect("the database closes");
        result
    })
}
