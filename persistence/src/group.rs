//! Many changes in one durable transaction: on SQLite a commit costs the same for one change as for sixty-four.

use async_trait::async_trait;
use domain::{Position, RepositoryError, WithCauses};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Database,
    repository::{Change, Outcome},
};

/// The most changes in one transaction.
const GROUP: usize = 64;

/// The most changes that wait; more wait to wait.
const QUEUE: usize = 1024;

/// The one writer of a SQLite database. Clones share it; it ends with the last of them.
#[derive(Clone)]
pub(crate) struct GroupWriter(mpsc::Sender<Box<dyn Waiting>>);

/// What became of a change, and the last position of the log after it.
type Written<T> = (Outcome<T>, Option<Position>);

/// A change that waits for its turn.
#[async_trait]
trait Waiting: Send {
    /// Does the change within the group's transaction, in a savepoint of its own.
    async fn run(&mut self, transaction: &DatabaseTransaction) -> Result<(), DbErr>;

    /// Tells the caller, after the group was committed or not.
    fn answer(self: Box<Self>, committed: bool);
}

struct WaitingChange<C: Change> {
    change: C,
    result: Option<Result<Written<C::Answer>, RepositoryError>>,
    answer: oneshot::Sender<Result<Written<C::Answer>, RepositoryError>>,
}

impl GroupWriter {
    /// Starts the writer.
    pub(crate) fn start(database: Database) -> Self {
        let (sender, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_groups(database, waiting));
        Self(sender)
    }

    /// Makes the change, which is durable when this returns.
    pub(crate) async fn write<C: Change>(&self, change: C) -> Result<Written<C::Answer>, RepositoryError> {
        let (answer, answered) = oneshot::channel();
        let waiting = WaitingChange { change, result: None, answer };
        let ended = || RepositoryError::Unavailable("the writer has ended".into());
        self.0.send(Box::new(waiting)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

async fn write_groups(database: Database, mut waiting: mpsc::Receiver<Box<dyn Waiting>>) {
    loop {
        let mut group = Vec::new();
        if waiting.recv_many(&mut group, GROUP).await == 0 {
            return;
        }
        let committed = match write_group(&database, &mut group).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = %WithCauses(&error), "a transaction was not committed");
                false
            }
        };
        for waiting in group {
            waiting.answer(committed);
        }
    }
}

async fn write_group(database: &Database, group: &mut [Box<dyn Waiting>]) -> Result<(), DbErr> {
    let transaction = database.begin_write().await?;
    for waiting in group {
        waiting.run(&transaction).await?;
    }
    transaction.commit().await
}

#[async_trait]
impl<C: Change> Waiting for WaitingChange<C> {
    async fn run(&mut self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        let savepoint = transaction.begin().await?;
        self.result = Some(match self.change.run(&savepoint).await {
            Ok(outcome @ Outcome::Commit(_)) => {
                savepoint.commit().await?;
                let position = if C::IS_LOGGED { Some(last_position(transaction).await?) } else { None };
                Ok((outcome, position))
            }
            Ok(outcome @ Outcome::Rollback(_)) => {
                savepoint.rollback().await?;
                Ok((outcome, None))
            }
            Err(error) => {
                savepoint.rollback().await?;
                Err(error.into())
            }
        });
        Ok(())
    }

    fn answer(self: Box<Self>, committed: bool) {
        let result = match self.result {
            Some(result) if committed => result,
            _ => Err(RepositoryError::Unavailable("the transaction was not committed".into())),
        };
        // A caller that went away is not told; what it asked for is done all the same.
        let _ = self.answer.send(result);
    }
}

async fn last_position(transaction: &DatabaseTransaction) -> Result<Position, DbErr> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'order_log'";
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    row.map_or(Ok(Position(0)), |row| row.try_get_by_index(0).map(Position))
}
