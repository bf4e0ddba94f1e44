use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{Epoch, Position};
use rusqlite::{Connection, types};
use sea_orm::{DbBackend, DbErr, RuntimeErr, Statement};

use super::writer::{SqliteWriter, error, execute, parameters};
use crate::{
    log::{LogRow, READ_ON_SQLITE, read_row},
    transaction::{Row, Transaction, Value},
};

/// The most rows of the log that are read behind one change. The log's reader reads what are more.
const ROWS: usize = 64;

/// A transaction of several changes, a savepoint each, which reads what it adds to the order log.
///
/// It takes the write lock at once: one that first reads could find the lock taken when it writes, and fail with
/// `BUSY_SNAPSHOT`. What was not committed is undone when the connection is closed.
pub(super) struct SqliteTransaction<'t> {
    /// No two use it at once: this only tells the compiler so.
    connection: Mutex<&'t mut Connection>,
    writer: &'t SqliteWriter,
    epoch: Epoch,
    /// The log was read up to here.
    read: Position,
    /// What was read of it; `None` if that is not all.
    rows: Option<Vec<LogRow>>,
}

/// What a transaction did.
pub(super) struct Committed {
    /// The rows that the log got since it was read last; `None` if they are too many.
    pub(super) rows: Option<Vec<LogRow>>,
    /// The log's last position.
    pub(super) last: Position,
}

/// The values of a row.
pub(super) struct SqliteRow(Vec<types::Value>);

impl<'t> SqliteTransaction<'t> {
    /// Begins. The log of this name was read up to `read`.
    pub(super) fn begin(
        writer: &'t SqliteWriter,
        connection: &'t mut Connection,
        epoch: Epoch,
        read: Position,
    ) -> Result<Self, DbErr> {
        let transaction =
            Self { connection: Mutex::new(connection), writer, epoch, read, rows: Some(Vec::new()) };
        transaction.run("BEGIN IMMEDIATE")?;
        Ok(transaction)
    }

    /// Begins the savepoint of a change.
    pub(super) fn begin_change(&self) -> Result<(), DbErr> {
        self.run("SAVEPOINT change")
    }

    /// Keeps what was done since the savepoint.
    pub(super) fn keep_change(&self) -> Result<(), DbErr> {
        self.run("RELEASE change")
    }

    /// Undoes what was done since the savepoint.
    pub(super) fn undo_change(&self) -> Result<(), DbErr> {
        self.run("ROLLBACK TO change")?;
        self.run("RELEASE change")
    }

    /// Reads what the log got since it was read last, and tells its last position.
    pub(super) fn read_log(&mut self) -> Result<Position, DbErr> {
        let sql = format!("{READ_ON_SQLITE} DESC LIMIT {ROWS}");
        self.writer.observe(&sql);
        let mut read = Vec::new();
        {
            let connection = lock(&self.connection);
            let mut prepared = connection.prepare_cached(&sql).map_err(error)?;
            let mut rows = prepared.query([self.read.0]).map_err(error)?;
            while let Some(row) = rows.next().map_err(error)? {
                let row = read_row(row, self.epoch);
                read.push(row.map_err(|error| DbErr::Query(RuntimeErr::Internal(error.to_string())))?);
            }
        }
        self.read = read.first().map_or(self.read, |newest| newest.position);
        match &mut self.rows {
            Some(rows) if read.len() < ROWS => rows.extend(read.into_iter().rev()),
            _ => self.rows = None,
        }
        Ok(self.read)
    }

    /// Commits what was kept.
    pub(super) fn commit(self) -> Result<Committed, DbErr> {
        self.run("COMMIT")?;
        Ok(Committed { rows: self.rows, last: self.read })
    }

    fn run(&self, sql: &str) -> Result<(), DbErr> {
        execute(&lock(&self.connection), sql, None).map(|_| ())
    }
}

#[async_trait]
impl Transaction for SqliteTransaction<'_> {
    type Row = SqliteRow;

    fn backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<SqliteRow>, DbErr> {
        self.writer.observe(&statement.sql);
        let values = parameters(statement.values.as_ref())?;
        let connection = lock(&self.connection);
        let mut prepared = connection.prepare_cached(&statement.sql).map_err(error)?;
        let columns = prepared.column_count();
        let mut rows = prepared.query(values).map_err(error)?;
        let mut first = None;
        // A statement that writes is done when it has no more rows.
        while let Some(row) = rows.next().map_err(error)? {
            if first.is_none() {
                let values = (0..columns).map(|index| row.get(index)).collect::<Result<_, _>>();
                first = Some(SqliteRow(values.map_err(error)?));
            }
        }
        Ok(first)
    }

    async fn execute_raw(&self, statement: Statement) -> Result<u64, DbErr> {
        self.writer.observe(&statement.sql);
        execute(&lock(&self.connection), &statement.sql, statement.values.as_ref())
    }
}

impl Row for SqliteRow {
    fn get<T: Value>(&self, index: usize) -> Result<T, DbErr> {
        let value = self.0.get(index).ok_or_else(|| DbErr::Type(format!("there is no column {index}")))?;
        T::column_result(value.into()).map_err(|problem| DbErr::Type(format!("column {index}: {problem}")))
    }
}

impl Row for rusqlite::Row<'_> {
    fn get<T: Value>(&self, index: usize) -> Result<T, DbErr> {
        self.get(index).map_err(error)
    }
}

fn lock<'l, 't>(connection: &'l Mutex<&'t mut Connection>) -> MutexGuard<'l, &'t mut Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
