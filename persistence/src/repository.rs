use std::sync::Arc;

use async_trait::async_trait;
use domain::{Cursor, RepositoryError};
use sea_orm::{
    DbBackend, DbErr,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    Database, OrderLog,
    error::{repository_error, unique_violation},
    list::Pages,
    log::TransactionId,
    sqlite::GroupWriter,
    transaction::Transaction,
};

/// Orders and users in a database. Clones share it.
#[derive(Clone)]
pub struct SqlRepository {
    database: Database,
    log: OrderLog,
    writer: Writer,
    pages: Pages,
}

/// How transactions are made.
#[derive(Clone)]
enum Writer {
    /// SQLite writes one at a time: one task does, for all who wait.
    Grouped(GroupWriter),
    /// PostgreSQL writes many at a time.
    Concurrent,
}

/// A change of the database, all or nothing.
#[async_trait]
pub(crate) trait Change: Send + Sync + 'static {
    /// What the caller is told.
    type Answer: Send;

    /// Does it within the transaction. MAY run again, in another one, after this one failed.
    async fn run<T: Transaction>(&self, transaction: &T) -> Result<Outcome<Self::Answer>, ChangeError>;
}

/// What becomes of a transaction.
pub(crate) enum Outcome<T> {
    /// It is committed. The order log has it under this name; `None` if the log has nothing of it.
    Commit(T, Option<TransactionId>),
    /// It is rolled back: it changed nothing, or nothing that should stay.
    Rollback(T),
}

/// Why a change failed.
pub(crate) enum ChangeError {
    /// As the database puts it.
    Database(DbErr),
    /// As the domain puts it.
    Repository(RepositoryError),
}

impl From<DbErr> for ChangeError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<RepositoryError> for ChangeError {
    fn from(error: RepositoryError) -> Self {
        Self::Repository(error)
    }
}

impl From<ChangeError> for RepositoryError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Database(error) => repository_error(error),
            ChangeError::Repository(error) => error,
        }
    }
}

impl SqlRepository {
    /// The repository in this database, whose log is read by `log`.
    pub fn new(database: Database, log: OrderLog) -> Self {
        let writer = match database.sqlite_writer() {
            Some(writer) => Writer::Grouped(GroupWriter::start(Arc::clone(writer), log.clone())),
            None => Writer::Concurrent,
        };
        Self { database, log, writer, pages: Pages::new() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    /// Makes the change, which is durable when this returns, and told to followers. The cursor is `None` if telling
    /// them takes too long.
    pub(crate) async fn write<C: Change>(
        &self,
        change: C,
    ) -> Result<(C::Answer, Option<Cursor>), RepositoryError> {
        Ok(match &self.writer {
            Writer::Grouped(writer) => match writer.write(change).await? {
                (answer, Some(position)) => (answer, self.log.told(position).await),
                (answer, None) => (answer, Some(self.log.head())),
            },
            Writer::Concurrent => self.write_past_supplied_ids(change).await?,
        })
    }

    /// PostgreSQL counts ids up without a look at those that other programs supplied. An insert that meets one fails,
    /// is rolled back, and runs once more with the counter set behind them all.
    async fn write_past_supplied_ids<C: Change>(
        &self,
        change: C,
    ) -> Result<(C::Answer, Option<Cursor>), RepositoryError> {
        match self.attempt(&change).await {
            Err(ChangeError::Database(error)) if let Some(table) = taken_id(&error) => {
                self.pass_supplied_ids(table).await.map_err(repository_error)?;
                Ok(self.attempt(&change).await?)
            }
            result => Ok(result?),
        }
    }

    async fn attempt<C: Change>(&self, change: &C) -> Result<(C::Answer, Option<Cursor>), ChangeError> {
        let transaction = self.database.begin_write().await?;
        match change.run(&transaction).await? {
            Outcome::Commit(answer, Some(logged)) => {
                let announced = self.log.announce(logged);
                transaction.commit().await?;
                Ok((answer, self.log.told_of(announced).await))
            }
            Outcome::Commit(answer, None) => {
                transaction.commit().await?;
                Ok((answer, Some(self.log.head())))
            }
            Outcome::Rollback(answer) => {
                transaction.rollback().await?;
                Ok((answer, Some(self.log.head())))
            }
        }
    }

    async fn pass_supplied_ids(&self, table: &str) -> Result<(), DbErr> {
        let sql = format!(
            "SELECT setval('{table}_id_seq', GREATEST((SELECT max(id) FROM {table}), \
             (SELECT last_value FROM {table}_id_seq)))"
        );
        self.database.execute_on_writer(&sql).await
    }
}

/// Selects the transaction of the statement itself, as the order log names it; nothing on SQLite.
pub(crate) fn own_transaction(backend: DbBackend) -> SimpleExpr {
    match backend {
        DbBackend::Postgres => Expr::cust("pg_current_xact_id()::text"),
        _ => Expr::cust("''"),
    }
}

/// The table whose counted id was taken; only PostgreSQL's constraints have these names.
fn taken_id(error: &DbErr) -> Option<&'static str> {
    let message = unique_violation(error)?;
    ["orders", "users"].into_iter().find(|table| message.contains(&format!("\"{table}_pkey\"")))
}
