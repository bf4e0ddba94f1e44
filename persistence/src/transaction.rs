//! A SQLite transaction of several changes, a savepoint each, which reads what it adds to the order log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{Epoch, Position};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use tokio::sync;

use crate::{
    log::{READ_ON_SQLITE, Row, read_row},
    sqlite_writer::{Done, Turn},
};

/// The most rows of the log that are read behind one change. The log's reader reads what are more.
const ROWS: usize = 64;

/// The transaction. Each call of the driver costs two switches of threads, so what is to be done between two changes goes
/// along with the first statement of the second.
pub(crate) struct Transaction<'t> {
    turn: sync::Mutex<Turn<'t>>,
    epoch: Epoch,
    state: Mutex<State>,
}

struct State {
    before: Before,
    /// The log was read up to here.
    read: Position,
    /// What was read of it; `None` if that is not all.
    rows: Option<Vec<Row>>,
    /// Why a statement that begins or ends a savepoint failed: which changes are kept is not known.
    failed: Option<DbErr>,
}

/// What is to be done before the next statement.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// The transaction begins. It takes the write lock at once: one that first reads could find the lock taken when it
    /// writes, and fail with `BUSY_SNAPSHOT`.
    Begin,
    /// The change before is kept, and the log is read.
    Keep,
    Nothing,
}

/// What a transaction did.
pub(crate) struct Committed {
    /// The rows that the log got since it was read last; `None` if they are too many.
    pub(crate) rows: Option<Vec<Row>>,
    /// The log's last position.
    pub(crate) last: Position,
}

impl<'t> Transaction<'t> {
    /// Begins with the first statement. The log of this name was read up to `read`.
    pub(crate) fn new(turn: Turn<'t>, epoch: Epoch, read: Position) -> Self {
        let state = State { before: Before::Begin, read, rows: Some(Vec::new()), failed: None };
        Self { turn: sync::Mutex::new(turn), epoch, state: Mutex::new(state) }
    }

    /// Keeps what was done since the savepoint.
    pub(crate) fn keep(&self) {
        let mut state = self.state();
        if state.before == Before::Nothing {
            state.before = Before::Keep;
        }
    }

    /// Undoes what was done since the savepoint, which stays for the next change.
    pub(crate) async fn undo(&self) -> Result<(), DbErr> {
        if self.state().before == Before::Nothing {
            self.run("ROLLBACK TO change".to_owned(), Values(Vec::new())).await?;
        }
        Ok(())
    }

    /// The log's last position before the savepoint.
    pub(crate) async fn position_before(&self) -> Result<Position, DbErr> {
        if self.state().before == Before::Keep {
            self.run(String::new(), Values(Vec::new())).await?;
        }
        Ok(self.state().read)
    }

    /// Commits what was kept, and tells the log's last position.
    pub(crate) async fn commit(&self) -> Result<Position, DbErr> {
        let before = std::mem::replace(&mut self.state().before, Before::Nothing);
        match before {
            Before::Begin => {}
            Before::Nothing => drop(self.run("COMMIT".to_owned(), Values(Vec::new())).await?),
            Before::Keep => {
                let values = Values(vec![self.state().read.0.into()]);
                self.observe(READ_ON_SQLITE).await;
                let sql = format!("{READ_ON_SQLITE} DESC LIMIT {ROWS}; COMMIT");
                let done = self.run(sql, values).await?;
                self.take_log(done.rows.first().map_or(&[], Vec::as_slice))?;
            }
        }
        Ok(self.state().read)
    }

    /// What the log's reader need not read, after the transaction was committed.
    pub(crate) fn end(self) -> Committed {
        let State { rows, read: last, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        Committed { rows, last }
    }

    /// Undoes everything.
    pub(crate) async fn abandon(self) {
        // After some errors, such as a full disk, SQLite has rolled back by itself, after others not.
        self.turn.into_inner().close().await;
    }

    async fn run(&self, sql: String, mut values: Values) -> Result<Done, DbErr> {
        let before = std::mem::replace(&mut self.state().before, Before::Nothing);
        if let Some(error) = &self.state().failed {
            return Err(error.clone());
        }
        let (sql, count) = match before {
            Before::Begin => (format!("BEGIN IMMEDIATE; SAVEPOINT change; {sql}"), 2),
            Before::Keep => {
                self.observe(READ_ON_SQLITE).await;
                values.0.insert(0, self.state().read.0.into());
                (format!("RELEASE change; {READ_ON_SQLITE} DESC LIMIT {ROWS}; SAVEPOINT change; {sql}"), 3)
            }
            Before::Nothing => (sql, 0),
        };
        let mut done = Done::default();
        let result = self.turn.lock().await.run(sql, values, &mut done).await;
        if done.rows.len() < count {
            self.state().failed = result.as_ref().err().cloned();
        } else {
            let own = done.rows.split_off(count);
            if before == Before::Keep {
                self.take_log(&done.rows[1])?;
            }
            done.rows = own;
        }
        result.map(|()| done)
    }

    /// Tells the observer of a statement; what begins and ends transactions and savepoints is apart.
    async fn observe(&self, sql: &str) {
        self.turn.lock().await.observe(sql);
    }

    /// Takes rows of the log, the newest first.
    fn take_log(&self, rows: &[QueryResult]) -> Result<(), DbErr> {
        let rows: Result<Vec<_>, _> = rows.iter().rev().map(|row| read_row(row, self.epoch)).collect();
        let rows = rows.map_err(|error| DbErr::Query(RuntimeErr::Internal(error.to_string())))?;
        let mut state = self.state();
        state.read = rows.last().map_or(state.read, |row| row.position);
        match &mut state.rows {
            Some(read) if rows.len() < ROWS => read.extend(rows),
            _ => state.rows = None,
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConnectionTrait for Transaction<'_> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.observe(&statement.sql).await;
        let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
        Ok(self.run(statement.sql, values).await?.last.into())
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(DbBackend::Sqlite, sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.observe(&statement.sql).await;
        let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
        Ok(self.run(statement.sql, values).await?.rows.into_iter().flatten().collect())
    }
}
