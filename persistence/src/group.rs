//! Many changes in one durable transaction: on SQLite a commit costs the same for one change as for sixty-four.

use async_trait::async_trait;
use domain::{Position, RepositoryError, WithCauses};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

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

/// What the caller is told, and the last position of its change; `None` if the log has nothing of it.
type Written<T> = (T, Option<Position>);

/// A change that waits for its turn.
#[async_trait]
trait Waiting: Send {
    /// Does the change within the group's transaction, in a savepoint of its own.
    async fn run(&mut self, group: &DatabaseTransaction) -> Result<(), DbErr>;

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
    while let Some(first) = waiting.recv().await {
        // Those who were told of the last group at once come back at once: the first of them is not to go alone.
        yield_now().await;
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
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
    match write_within(&transaction, group).await {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            // After some errors, such as a full disk, SQLite has rolled back by itself. The driver, which does not know,
            // needs a transaction to roll back; where there is one, this fails and changes nothing.
            let _ = transaction.execute_unprepared("BEGIN").await;
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn write_within(
    transaction: &DatabaseTransaction,
    group: &mut [Box<dyn Waiting>],
) -> Result<(), DbErr> {
    execute(transaction, "SAVEPOINT change").await?;
    for waiting in group {
        waiting.run(transaction).await?;
    }
    Ok(())
}

#[async_trait]
impl<C: Change> Waiting for WaitingChange<C> {
    async fn run(&mut self, group: &DatabaseTransaction) -> Result<(), DbErr> {
        let outcome = self.change.run(group).await;
        self.result = Some(match outcome {
            Ok(Outcome::Commit(answer, logged)) => {
                let position = keep(group).await?;
                Ok((answer, logged.map(|_| position)))
            }
            Ok(Outcome::Rollback(answer)) => {
                undo(group).await?;
                Ok((answer, None))
            }
            Err(error) => {
                undo(group).await?;
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

/// Keeps what was done since the savepoint, sets it again for the next change, and tells the log's last position: in one
/// call, because each costs two switches of threads.
async fn keep(group: &DatabaseTransaction) -> Result<Position, DbErr> {
    let sql = "RELEASE change; SELECT seq FROM sqlite_sequence WHERE name = 'order_log'; SAVEPOINT change";
    let rows = group.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    rows.first().map_or(Ok(Position(0)), |row| row.try_get_by_index(0).map(Position))
}

/// Undoes what was done since the savepoint, which stays for the next change.
async fn undo(group: &DatabaseTransaction) -> Result<(), DbErr> {
    execute(group, "ROLLBACK TO change").await
}

async fn execute(group: &DatabaseTransaction, sql: &str) -> Result<(), DbErr> {
    group.execute_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.map(|_| ())
}
