use std::sync::Arc;

use async_trait::async_trait;
use domain::RepositoryError;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::watch;

use crate::{
    Database,
    error::{repository_error, unique_violation},
};

/// Orders and users in a database. Clones share it.
#[derive(Clone)]
pub struct SqlRepository {
    database: Database,
    /// Counts the commits by this repository, each before it is acknowledged.
    commits: Arc<watch::Sender<u64>>,
}

/// A change of the database, all or nothing.
#[async_trait]
pub(crate) trait Change: Send + Sync {
    /// What the caller is told.
    type Answer: Send;

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
    /// The repository in this database.
    pub fn new(database: Database) -> Self {
        Self { database, commits: Arc::default() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The count of commits by this repository, which has counted what was acknowledged.
    pub(crate) fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// Makes the change, which is durable when this returns.
    ///
    /// PostgreSQL counts ids up without a look at those that other programs supplied. An insert that meets one fails,
    /// is rolled back, and runs once more with the counter set behind them all.
    pub(crate) async fn write<C: Change>(&self, change: C) -> Result<C::Answer, RepositoryError> {
        match self.attempt(&change).await {
            Err(ChangeError::Database(error)) if let Some(table) = taken_id(&error) => {
                self.pass_supplied_ids(table).await.map_err(repository_error)?;
                Ok(self.attempt(&change).await?)
            }
            result => Ok(result?),
        }
    }

    async fn attempt<C: Change>(&self, change: &C) -> Result<C::Answer, ChangeError> {
        let transaction = self.database.begin_write().await?;
        match change.run(&transaction).await? {
            Outcome::Commit(answer) => {
                transaction.commit().await?;
                self.commits.send_modify(|commits| *commits += 1);
                Ok(answer)
            }
            Outcome::Rollback(answer) => {
                transaction.rollback().await?;
                Ok(answer)
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

/// The table whose counted id was taken; only PostgreSQL's constraints have these names.
fn taken_id(error: &DbErr) -> Option<&'static str> {
    let message = unique_violation(error)?;
    ["orders", "users"].into_iter().find(|table| message.contains(&format!("\"{table}_pkey\"")))
}
