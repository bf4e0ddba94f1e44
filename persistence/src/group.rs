//! Many changes in one durable transaction: on SQLite a commit costs the same for one change as for sixty-four.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Position, RepositoryError, WithCauses};
use sea_orm::DbErr;
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use crate::{
    OrderLog,
    repository::{Change, Outcome},
    sqlite_writer::SqliteWriter,
    transaction::{Committed, Transaction},
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
    /// Does the change within its savepoint, and tells what is to become of that.
    async fn run(&mut self, transaction: &Transaction<'_>) -> Done;

    /// Takes the last position of the change.
    fn is_at(&mut self, position: Position);

    /// Tells the caller, after the group was committed or not.
    fn answer(self: Box<Self>, committed: bool);
}

/// What is to become of a savepoint.
enum Done {
    /// It is kept, and is in the order log.
    Logged,
    /// It is kept.
    Kept,
    /// It is undone.
    Undone,
}

struct WaitingChange<C: Change> {
    change: C,
    result: Option<Result<Written<C::Answer>, RepositoryError>>,
    answer: oneshot::Sender<Result<Written<C::Answer>, RepositoryError>>,
}

impl GroupWriter {
    /// Starts the writer, which hands what it wrote to the log's reader.
    pub(crate) fn start(writer: Arc<SqliteWriter>, log: OrderLog) -> Self {
        let (sender, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_groups(writer, log, waiting));
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

async fn write_groups(
    writer: Arc<SqliteWriter>,
    log: OrderLog,
    mut waiting: mpsc::Receiver<Box<dyn Waiting>>,
) {
    let mut read = Position(0);
    while let Some(first) = waiting.recv().await {
        // Those who were told of the last group at once come back at once: the first of them is not to go alone.
        yield_now().await;
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        read = read.max(log.head().position);
        let committed = match write_group(&writer, &log, read, &mut group).await {
            Ok(position) => {
                read = position;
                // The reader tells of it first: then those who wait for it need not be woken twice.
                yield_now().await;
                true
            }
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

/// Makes the changes in one transaction, and tells the log's last position. The log was read up to `read`.
async fn write_group(
    writer: &SqliteWriter,
    log: &OrderLog,
    read: Position,
    waiting: &mut [Box<dyn Waiting>],
) -> Result<Position, DbErr> {
    let transaction = Transaction::new(writer.turn().await, log.epoch(), read);
    match write_within(&transaction, waiting).await {
        Ok(()) => {
            let Committed { rows, last } = transaction.end();
            match rows {
                Some(rows) => log.hand(read, rows),
                None => log.wake(),
            }
            Ok(last)
        }
        Err(error) => {
            transaction.abandon().await;
            Err(error)
        }
    }
}

async fn write_within(transaction: &Transaction<'_>, waiting: &mut [Box<dyn Waiting>]) -> Result<(), DbErr> {
    let mut logged: Option<&mut Box<dyn Waiting>> = None;
    for change in waiting {
        let done = change.run(transaction).await;
        if matches!(done, Done::Undone) {
            transaction.undo().await?;
        }
        if let Some(logged) = logged.take() {
            logged.is_at(transaction.position_before().await?);
        }
        match done {
            Done::Logged => {
                transaction.keep();
                logged = Some(change);
            }
            Done::Kept => transaction.keep(),
            Done::Undone => {}
        }
    }
    let last = transaction.commit().await?;
    if let Some(logged) = logged {
        logged.is_at(last);
    }
    Ok(())
}

#[async_trait]
impl<C: Change> Waiting for WaitingChange<C> {
    async fn run(&mut self, transaction: &Transaction<'_>) -> Done {
        let (result, done) = match self.change.run(transaction).await {
            Ok(Outcome::Commit(answer, Some(_))) => (Ok((answer, None)), Done::Logged),
            Ok(Outcome::Commit(answer, None)) => (Ok((answer, None)), Done::Kept),
            Ok(Outcome::Rollback(answer)) => (Ok((answer, None)), Done::Undone),
            Err(error) => (Err(error.into()), Done::Undone),
        };
        self.result = Some(result);
        done
    }

    fn is_at(&mut self, last: Position) {
        if let Some(Ok((_, position))) = &mut self.result {
            *position = Some(last);
        }
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
