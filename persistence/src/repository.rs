use async_trait::async_trait;
use domain::{Cursor, Position, RepositoryError};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

use crate::{
    Database, OrderLog,
    error::{repository_error, unique_violation},
    group::GroupWriter,
};

/// Orders and users in a database. Clones share it.
#[derive(Clone)]
pub struct SqlRepository {
    database: Database,
    log: OrderLog,
    writer: Writer,
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

    /// Whether what it commits is in the order log.
    const IS_LOGGED: bool;

    /// Does it within the transaction. MAY run again, in another one, after this one failed.
    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Outcome<Self::Answer>, ChangeError>;
}

/// What becomes of a transaction.
pub(crate) enum Outcome<T> {
    /// It is committed.
    Commit(T),
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
        let writer = match database.backend() {
            DbBackend::Sqlite => Writer::Grouped(GroupWriter::start(database.clone())),
            _ => Writer::Concurrent,
        };
        Self { database, log, writer }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Makes the change, which is durable when this returns, and told to followers. The cursor is `None` if telling
    /// them takes too long.
    pub(crate) async fn write<C: Change>(
        &self,
        change: C,
    ) -> Result<(C::Answer, Option<Cursor>), RepositoryError> {
        let (outcome, told) = match &self.writer {
            Writer::Grouped(writer) => {
                let (outcome, position) = writer.write(change).await?;
                (outcome, self.told(position).await)
            }
            Writer::Concurrent => self.write_past_supplied_ids(change).await?,
        };
        Ok(match outcome {
            Outcome::Commit(answer) => (answer, told),
            Outcome::Rollback(answer) => (answer, Some(self.log.head())),
        })
    }

    async fn told(&self, position: Option<Position>) -> Option<Cursor> {
        match position {
            Some(position) => self.log.told(position).await,
            None => Some(self.log.head()),
        }
    }

    /// PostgreSQL counts ids up without a look at those that other programs supplied. An insert that meets one fails,
    /// is rolled back, and runs once more with the counter set behind them all.
    async fn write_past_supplied_ids<C: Change>(
        &self,
        change: C,
    ) -> Result<(Outcome<C::Answer>, Option<Cursor>), RepositoryError> {
        match self.attempt(&change).await {
            Err(ChangeError::Database(error)) if let Some(table) = taken_id(&error) => {
                self.pass_supplied_ids(table).await.map_err(repository_error)?;
                Ok(self.attempt(&change).await?)
            }
            result => Ok(result?),
        }
    }

    async fn attempt<C: Change>(
        &self,
        change: &C,
    ) -> Result<(Outcome<C::Answer>, Option<Cursor>), ChangeError> {
        let transaction = self.database.begin_write().await?;
        let outcome = change.run(&transaction).await?;
        match &outcome {
            Outcome::Rollback(_) => {
                transaction.rollback().await?;
                Ok((outcome, None))
            }
            Outcome::Commit(_) if C::IS_LOGGED => {
                let announced = self.log.announce(transaction_id(&transaction).await?);
                transaction.commit().await?;
                Ok((outcome, announced.told().await))
            }
            Outcome::Commit(_) => {
                transaction.commit().await?;
                Ok((outcome, Some(self.log.head())))
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

async fn transaction_id(transaction: &DatabaseTransaction) -> Result<String, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT pg_current_xact_id()::text");
    match transaction.query_one_raw(statement).await? {
        Some(row) => row.try_get_by_index(0),
        None => Err(DbErr::RecordNotFound("the transaction's id".to_owned())),
    }
}

/// The table whose counted id was taken; only PostgreSQL's constraints have these names.
fn taken_id(error: &DbErr) -> Option<&'static str> {
    let message = unique_violation(error)?;
    ["orders", "users"].into_iter().find(|table| message.contains(&format!("\"{table}_pkey\"")))
}
