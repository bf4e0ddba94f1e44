//! Many changes in one durable transaction: on SQLite a commit costs the same for one change as for sixty-four.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use domain::{Position, RepositoryError, WithCauses};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
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
    /// Does the change within its savepoint, and tells what is to become of that.
    async fn run(&mut self, group: &Group) -> Done;

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

async fn write_group(database: &Database, waiting: &mut [Box<dyn Waiting>]) -> Result<(), DbErr> {
    let group = Group::begin(database).await?;
    match write_within(&group, waiting).await {
        Ok(()) => group.transaction.commit().await,
        Err(error) => {
            // After some errors, such as a full disk, SQLite has rolled back by itself. The driver, which does not know,
            // needs a transaction to roll back; where there is one, this fails and changes nothing.
            let _ = group.transaction.execute_unprepared("BEGIN").await;
            group.transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn write_within(group: &Group, waiting: &mut [Box<dyn Waiting>]) -> Result<(), DbErr> {
    let mut logged: Option<&mut Box<dyn Waiting>> = None;
    for change in waiting {
        let done = change.run(group).await;
        if matches!(done, Done::Undone) {
            group.undo().await?;
        }
        if let Some(logged) = logged.take() {
            logged.is_at(group.position_before().await?);
        }
        match done {
            Done::Logged => {
                group.keep();
                logged = Some(change);
            }
            Done::Kept => group.keep(),
            Done::Undone => {}
        }
    }
    if let Some(logged) = logged {
        logged.is_at(group.position_before().await?);
    }
    Ok(())
}

#[async_trait]
impl<C: Change> Waiting for WaitingChange<C> {
    async fn run(&mut self, group: &Group) -> Done {
        let (result, done) = match self.change.run(group).await {
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

/// The log's last position.
const POSITION: &str = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'order_log'), 0)";

/// A group's transaction, in which each change has a savepoint of its own. Each call of the driver costs two switches of
/// threads, so what is to be done between two changes goes along with the first statement of the second.
struct Group {
    transaction: DatabaseTransaction,
    /// Whether the savepoint is that of a change that is to be kept.
    kept: AtomicBool,
    /// The log's last position when a savepoint was kept.
    position: Mutex<Option<Position>>,
}

impl Group {
    async fn begin(database: &Database) -> Result<Self, DbErr> {
        let transaction = database.begin_write().await?;
        let group = Self { transaction, kept: AtomicBool::new(false), position: Mutex::default() };
        group.execute_raw(statement("SAVEPOINT change")).await?;
        Ok(group)
    }

    /// Keeps what was done since the savepoint.
    fn keep(&self) {
        self.kept.store(true, Ordering::SeqCst);
    }

    /// Undoes what was done since the savepoint, which stays for the next change.
    async fn undo(&self) -> Result<(), DbErr> {
        self.execute_raw(statement("ROLLBACK TO change")).await.map(|_| ())
    }

    /// The log's last position before the savepoint.
    async fn position_before(&self) -> Result<Position, DbErr> {
        if self.kept.load(Ordering::SeqCst) {
            self.set_savepoint().await?;
        }
        let known = self.lock().take();
        if let Some(position) = known {
            return Ok(position);
        }
        // The statement that would have brought it along failed, and what it did is undone.
        let rows = self.transaction.query_all_raw(statement(POSITION)).await?;
        rows.first().map_or(Ok(Position(0)), |row| row.try_get_by_index(0).map(Position))
    }

    async fn set_savepoint(&self) -> Result<(), DbErr> {
        self.query_all_raw(statement("")).await.map(|_| ())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Position>> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ConnectionTrait for Group {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Sqlite
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if self.kept.load(Ordering::SeqCst) {
            self.set_savepoint().await?;
        }
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(statement(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, mut statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let kept = self.kept.swap(false, Ordering::SeqCst);
        if kept {
            statement.sql = format!("RELEASE change; {POSITION}; SAVEPOINT change; {}", statement.sql);
        }
        let mut rows = self.transaction.query_all_raw(statement).await?;
        if kept && !rows.is_empty() {
            let position = rows.remove(0).try_get_by_index(0)?;
            *self.lock() = Some(Position(position));
        }
        Ok(rows)
    }
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, sql)
}
