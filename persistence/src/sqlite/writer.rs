use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Params, params_from_iter, types};
use sea_orm::{
    DbErr, RuntimeErr, Statement,
    sea_query::{self, Values},
};
use tokio::task::spawn_blocking;

/// The most statements that the connection keeps prepared.
const PREPARED: usize = 64;

/// The connection by which requests write, which one uses at a time.
pub(crate) struct SqliteWriter {
    /// A URI (SQLite, "URI Filenames").
    file: String,
    busy_timeout: Duration,
    state: Mutex<State>,
    observe: Box<dyn Fn(&str) + Send + Sync>,
}

enum State {
    /// It is opened when it is used.
    Unopened,
    Open(Connection),
    Closed,
}

impl SqliteWriter {
    /// Opens the file, which is there, when it is used, and waits so long for another program's lock. Each statement but
    /// those that begin and end transactions is told to `observe` before it runs.
    pub(crate) fn new(
        file: String,
        busy_timeout: Duration,
        observe: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        Self { file, busy_timeout, state: Mutex::new(State::Unopened), observe: Box::new(observe) }
    }

    /// Has `work` use the connection, after those who came before. If that fails the connection is closed, which undoes
    /// what was not committed: after some errors, such as a full disk, SQLite has rolled back by itself, after others not.
    /// The next one who uses it opens it again. This blocks.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, DbErr>) -> Result<T, DbErr> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unopened = *state {
            *state = State::Open(self.open().map_err(error)?);
        }
        let State::Open(connection) = &mut *state else {
            return Err(DbErr::Conn(RuntimeErr::Internal("the connection is closed".to_owned())));
        };
        let result = work(connection);
        if result.is_err() {
            *state = State::Unopened;
        }
        result
    }

    /// Runs one statement in a transaction of its own, and tells how many rows it changed.
    pub(crate) async fn execute(self: &Arc<Self>, statement: Statement) -> Result<u64, DbErr> {
        let writer = Arc::clone(self);
        let executed = spawn_blocking(move || {
            writer.observe(&statement.sql);
            writer.with(|connection| execute(connection, &statement.sql, statement.values.as_ref()))
        });
        executed.await.map_err(|ended| DbErr::Custom(ended.to_string()))?
    }

    /// Closes the connection for good, after what is under way.
    pub(crate) async fn close(self: &Arc<Self>) {
        let writer = Arc::clone(self);
        // It is closed, or the process ends.
        let _ = spawn_blocking(move || {
            *writer.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Closed;
        })
        .await;
    }

    /// Tells the observer of a statement.
    pub(crate) fn observe(&self, sql: &str) {
        (self.observe)(sql);
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        // The URI may say that it is not to be created, but nothing that goes beyond this.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        Ok(connection)
    }
}

/// Runs a statement, and tells how many rows it changed.
pub(super) fn execute(connection: &Connection, sql: &str, values: Option<&Values>) -> Result<u64, DbErr> {
    let values = parameters(values)?;
    let changed = connection.prepare_cached(sql).and_then(|mut prepared| prepared.execute(values));
    changed.map(|rows| rows as u64).map_err(error)
}

/// A statement's values as SQLite has them.
pub(super) fn parameters(values: Option<&Values>) -> Result<impl Params, DbErr> {
    let values = values.map_or(&[][..], |values| &values.0);
    Ok(params_from_iter(values.iter().map(parameter).collect::<Result<Vec<_>, _>>()?))
}

fn parameter(value: &sea_query::Value) -> Result<types::Value, DbErr> {
    use sea_query::Value;
    Ok(match value {
        Value::Int(value) => value.map(i64::from).into(),
        Value::BigInt(value) => (*value).into(),
        Value::String(value) => value.clone().into(),
        Value::ChronoDate(value) => value.map(|day| day.to_string()).into(),
        other => {
            let problem = format!("a parameter cannot be {:?}", other.as_null());
            return Err(DbErr::Query(RuntimeErr::Internal(problem)));
        }
    })
}

/// An error of the driver. One that passes, because another program holds a lock, is one of the connection.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` has")]
pub(super) fn error(error: rusqlite::Error) -> DbErr {
    let text = RuntimeErr::Internal(error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbErr::Conn(text),
        _ => DbErr::Query(text),
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;
    use tempfile::TempDir;

    use super::*;

    fn writer() -> (TempDir, Arc<SqliteWriter>) {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("test.db");
        let connection = Connection::open(&file).expect("the file is created");
        connection.execute("CREATE TABLE written (id INTEGER)", []).expect("a table");
        let file = format!("file:{}", file.display());
        (directory, Arc::new(SqliteWriter::new(file, Duration::from_secs(1), |_| {})))
    }

    fn number(writer: &SqliteWriter, sql: &str) -> i64 {
        let read =
            |connection: &mut Connection| connection.query_row(sql, [], |row| row.get(0)).map_err(error);
        writer.with(read).expect("a valid statement")
    }

    #[test]
    fn what_it_commits_is_on_disk_and_references_hold() {
        let (_directory, writer) = writer();
        let is_wal = "SELECT journal_mode = 'wal' FROM pragma_journal_mode";
        assert_eq!(number(&writer, is_wal), 1);
        assert_eq!(number(&writer, "PRAGMA synchronous"), 2, "FULL");
        assert_eq!(number(&writer, "PRAGMA foreign_keys"), 1);
    }

    #[test]
    fn work_that_fails_is_undone_and_the_next_goes_on() {
        let (_directory, writer) = writer();
        let failed = writer.with(|connection| {
            connection.execute_batch("BEGIN; INSERT INTO written VALUES (1)").map_err(error)?;
            connection.execute_batch("no SQL").map_err(error)
        });
        assert!(matches!(failed, Err(DbErr::Query(_))), "{failed:?}");
        assert_eq!(number(&writer, "SELECT count(*) FROM written"), 0);
    }

    #[tokio::test]
    async fn once_closed_it_stays_closed() {
        let (_directory, writer) = writer();
        let insert = |value: sea_query::Value| {
            let sql = "INSERT INTO written VALUES (?)";
            Statement::from_sql_and_values(DbBackend::Sqlite, sql, [value])
        };
        assert_eq!(writer.execute(insert(1_i64.into())).await, Ok(1));
        let refused = writer.execute(insert(1.5_f64.into())).await.expect_err("no statement here has such");
        assert!(refused.to_string().contains("a parameter cannot be Double"), "{refused}");
        writer.close().await;
        assert!(matches!(writer.execute(insert(1_i64.into())).await, Err(DbErr::Conn(_))));
    }
}
