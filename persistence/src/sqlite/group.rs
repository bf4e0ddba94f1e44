//! Many changes in one durable transaction: on SQLite a commit costs the same for one change as for sixty-four.

use std::{sync::Arc, thread};

use async_trait::async_trait;
use domain::{Position, RepositoryError, WithCauses};
use sea_orm::DbErr;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    transaction::{Committed, SqliteTransaction},
    writer::SqliteWriter,
};
use crate::{
    OrderLog,
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
    /// Does the change within its savepoint, and tells what is to become of that.
    async fn run(&mut self, transaction: &SqliteTransaction<'_>) -> Done;

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
    /// Starts the writer, on a thread of its own, which hands what it wrote to the log's reader.
    pub(crate) fn start(writer: Arc<SqliteWriter>, log: OrderLog) -> Self {
        let (sender, waiting) = mpsc::channel(QUEUE);
        let runtime = Handle::current();
        let write = move || write_groups(&writer, &log, &runtime, waiting);
        if let Err(error) = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(write) {
            tracing::error!(%error, "there is no thread that writes, so every change will be refused");
        }
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

fn write_groups(
    writer: &SqliteWriter,
    log: &OrderLog,
    runtime: &Handle,
    mut waiting: mpsc::Receiver<Box<dyn Waiting>>,
) {
    let mut read = Position(0);
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        read = read.max(log.head().position);
        let committed = match write_group(writer, log, runtime, read, &mut group) {
            Ok(position) => {
                read = position;
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
fn write_group(
    writer: &SqliteWriter,
    log: &OrderLog,
    runtime: &Handle,
    read: Position,
    waiting: &mut [Box<dyn Waiting>],
) -> Result<Position, DbErr> {
    let Committed { rows, last } = writer.with(|connection| {
        let mut transaction = SqliteTransaction::begin(writer, connection, log.epoch(), read)?;
        for change in waiting {
            transaction.begin_change()?;
            // Its statements block, so nothing else waits here.
            let done = runtime.block_on(change.run(&transaction));
            match done {
                Done::Logged => {
                    transaction.keep_change()?;
                    change.is_at(transaction.read_log()?);
                }
                Done::Kept => transaction.keep_change()?,
                Done::Undone => transaction.undo_change()?,
            }
        }
        transaction.commit()
    })?;
    match rows {
        Some(rows) => log.hand(read, rows),
        None => log.wake(),
    }
    Ok(last)
}

#[async_trait]
impl<C: Change> Waiting for WaitingChange<C> {
    async fn run(&mut self, transaction: &SqliteTransaction<'_>) -> Done {
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
