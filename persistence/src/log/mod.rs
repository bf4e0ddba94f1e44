//! The order log: read once per node, and told from memory.
//!
//! `reader` is the one task that reads new rows (`rows`) into a bounded ring (`ring`) and keeps the newest order of each
//! followed scope (`newest`). `wake` wakes it; on SQLite the node's own writer also hands it rows (`handed`). It tells
//! followers, and `writers` on PostgreSQL the positions of their changes. A follower (`follow`) is a position in the ring,
//! and reads the database again only when it fell out of it. `retention` deletes what is no longer kept.

mod follow;
mod handed;
mod newest;
mod reader;
mod retention;
mod ring;
mod rows;
mod wake;
mod writers;

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Cursor, Epoch, FollowError, LogRange, NewestOrderStream, OrderEventStream, OrderFeed, Position,
    RepositoryError, Scope, Version,
};
use tokio::sync::{Notify, mpsc, watch};

use crate::{Database, error::repository_error};
use handed::Handed;
use newest::FollowNewest;
use ring::Ring;
use writers::{Waiting, Writers};

pub(crate) use rows::{LogRow, READ_ON_SQLITE, read_row};
pub(crate) use writers::TransactionId;

/// How the log is read and kept.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The most events in memory, for followers that are a little behind.
    pub ring_events: usize,
    /// How often the log is looked at when nothing woke the reader.
    pub poll_interval: Duration,
    /// How many events are kept.
    pub keep_events: u32,
    /// How long events are kept.
    pub keep_age: Duration,
}

/// The order log of one database, as one node reads it. Clones share the reader, which ends with the last of them and
/// the last follower.
#[derive(Clone)]
pub struct OrderLog(Arc<Shared>);

struct Shared {
    database: Database,
    settings: LogSettings,
    epoch: Epoch,
    ring: RwLock<Ring>,
    /// The newest position that followers are told of.
    head: watch::Sender<Position>,
    /// Wakes the reader.
    wake: Arc<Notify>,
    /// What this node's own writer has read already.
    handed: Arc<Handed>,
    writers: Writers,
    follow_newest: mpsc::Sender<FollowNewest>,
}

/// How far a node is with reading the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogProgress {
    /// Followers are told of everything up to here.
    pub told: Position,
    /// The newest position of the log. On PostgreSQL rows have none before some node's reader has seen them.
    pub newest: Position,
}

/// How long a write waits to learn its position, and a new follower for the reader.
const PATIENCE: Duration = Duration::from_secs(5);

impl OrderLog {
    /// Starts to read the log of this database, whose schema is current.
    pub async fn start(database: Database, settings: LogSettings) -> Result<Self, RepositoryError> {
        let epoch = rows::open(&database).await?;
        rows::settle(&database).await?;
        let head = rows::head(&database).await?;
        let (follow_newest, requests) = mpsc::channel(1024);
        let shared = Arc::new(Shared {
            ring: RwLock::new(Ring::new(settings.ring_events, head)),
            head: watch::Sender::new(head),
            wake: Arc::default(),
            handed: Arc::default(),
            writers: Writers::default(),
            database,
            settings,
            epoch,
            follow_newest,
        });
        wake::start(&shared);
        reader::start(&shared, requests);
        retention::start(&shared);
        Ok(Self(shared))
    }

    /// How far this node is with reading the log.
    pub async fn progress(&self) -> Result<LogProgress, RepositoryError> {
        let newest = rows::head(&self.0.database).await?;
        Ok(LogProgress { told: *self.0.head.borrow(), newest })
    }

    /// The log's name.
    pub(crate) fn epoch(&self) -> Epoch {
        self.0.epoch
    }

    /// Has the reader take rows that were committed: all of those behind the position up to the last of these.
    pub(crate) fn hand(&self, after: Position, rows: Vec<LogRow>) {
        self.0.handed.add(after, rows);
    }

    /// Has the reader look at the log.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until followers are told of the change at this position, which is committed and of which the reader knows;
    /// `None` if that takes too long.
    pub(crate) async fn told(&self, position: Position) -> Option<Cursor> {
        let mut head = self.0.head.subscribe();
        let told = tokio::time::timeout(PATIENCE, head.wait_for(|head| *head >= position)).await;
        told.ok()?.ok()?;
        Some(self.0.cursor(position))
    }

    /// Announces that this transaction will commit, before it does.
    pub(crate) fn announce(&self, transaction: TransactionId) -> Waiting<'_> {
        self.0.writers.announce(transaction)
    }

    /// Waits, after the commit, until followers are told of the transaction's changes; `None` if that takes too long.
    pub(crate) async fn told_of(&self, mut transaction: Waiting<'_>) -> Option<Cursor> {
        self.0.wake.notify_one();
        let position = tokio::time::timeout(PATIENCE, transaction.position()).await.ok()??;
        Some(self.0.cursor(position))
    }

    /// The newest position that followers are told of.
    pub(crate) fn head(&self) -> Cursor {
        self.0.cursor(*self.0.head.borrow())
    }
}

impl Shared {
    fn cursor(&self, position: Position) -> Cursor {
        Cursor { epoch: self.epoch, position }
    }

    async fn range(&self) -> Result<LogRange, RepositoryError> {
        let oldest = rows::oldest(&self.database).await?;
        let newest = *self.head.borrow();
        Ok(LogRange { oldest: self.cursor(oldest), newest: self.cursor(newest) })
    }
}

#[async_trait]
impl OrderFeed for OrderLog {
    async fn newest(&self, scope: &Scope) -> Result<NewestOrderStream, RepositoryError> {
        newest::follow(&self.0, scope).await
    }

    async fn position(&self) -> Result<Cursor, RepositoryError> {
        Ok(self.head())
    }

    async fn version(&self) -> Result<Option<Version>, RepositoryError> {
        let storage = self.0.database.version().await.map_err(repository_error)?;
        let position = *self.0.head.borrow();
        Ok(storage.map(|storage| Version { storage, position }))
    }

    async fn range(&self) -> Result<LogRange, RepositoryError> {
        self.0.range().await
    }

    async fn events(&self, after: Option<Cursor>) -> Result<OrderEventStream, FollowError> {
        follow::follow(Arc::clone(&self.0), after, None).await
    }

    async fn replay(&self, after: Cursor, until: Position) -> Result<OrderEventStream, FollowError> {
        follow::follow(Arc::clone(&self.0), Some(after), Some(until)).await
    }
}
