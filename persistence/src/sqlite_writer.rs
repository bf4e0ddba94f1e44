//! The connection by which requests write to a SQLite database. It is one for all, and stays open: sqlx's pool tries each
//! connection that comes back to it, and its transactions wait for an answer to their answer. Each of these is two
//! switches of threads, as is each statement, so what can go together goes in one call.

use futures_util::TryStreamExt;
use sea_orm::{
    DbErr, QueryResult, RuntimeErr, Statement, Values,
    sqlx::{
        AssertSqlSafe, Connection, Either, Executor, query_with,
        sqlite::{SqliteConnectOptions, SqliteConnection, SqliteQueryResult},
    },
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};

/// The connection, which one uses at a time.
pub(crate) struct SqliteWriter {
    options: SqliteConnectOptions,
    state: Mutex<State>,
    observe: Box<dyn Fn(&str) + Send + Sync>,
}

enum State {
    Closed,
    /// It is opened when it is used.
    Unopened,
    Open(SqliteConnection),
}

/// The connection while nobody else uses it.
pub(crate) struct Turn<'w> {
    state: MutexGuard<'w, State>,
    writer: &'w SqliteWriter,
}

/// What some statements did.
#[derive(Default)]
pub(crate) struct Done {
    /// The rows of each statement.
    pub(crate) rows: Vec<Vec<QueryResult>>,
    /// What the last statement did.
    pub(crate) last: SqliteQueryResult,
}

impl SqliteWriter {
    /// Opens the connection when it is used. Each statement is told to `observe` before it runs.
    pub(crate) fn new(options: SqliteConnectOptions, observe: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { options, state: Mutex::new(State::Unopened), observe: Box::new(observe) }
    }

    /// Waits for those who came before.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        Turn { state: self.state.lock().await, writer: self }
    }

    /// Runs one statement in a transaction of its own, and tells how many rows it changed.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        let mut turn = self.turn().await;
        let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
        let mut done = Done::default();
        turn.run(statement.sql, values, &mut done).await?;
        Ok(done.last.rows_affected())
    }

    /// Closes the connection for good, after what is under way.
    pub(crate) async fn close(&self) {
        let mut turn = self.turn().await;
        turn.close().await;
        *turn.state = State::Closed;
    }
}

impl Turn<'_> {
    /// Runs statements. After an error, `done` has those that ran before it.
    pub(crate) async fn run(&mut self, sql: String, values: Values, done: &mut Done) -> Result<(), DbErr> {
        let connection = self.connection().await.map_err(error)?;
        let mut rows = Vec::new();
        let mut results = connection.fetch_many(query_with(AssertSqlSafe(sql), SqlxValues(values)));
        while let Some(result) = results.try_next().await.map_err(error)? {
            match result {
                Either::Left(last) => {
                    done.last = last;
                    done.rows.push(std::mem::take(&mut rows));
                }
                Either::Right(row) => rows.push(row.into()),
            }
        }
        Ok(())
    }

    /// Tells the observer of a statement.
    pub(crate) fn observe(&self, sql: &str) {
        (self.writer.observe)(sql);
    }

    /// Closes the connection, which undoes what was not committed. The next one who uses it opens it again.
    pub(crate) async fn close(&mut self) {
        if let State::Open(connection) = std::mem::replace(&mut *self.state, State::Unopened) {
            // It is gone either way.
            let _ = connection.close().await;
        }
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, sea_orm::SqlxError> {
        if let State::Unopened = *self.state {
            *self.state = State::Open(SqliteConnection::connect_with(&self.writer.options).await?);
        }
        match &mut *self.state {
            State::Open(connection) => Ok(connection),
            _ => Err(sea_orm::SqlxError::PoolClosed),
        }
    }
}

fn error(error: sea_orm::SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
