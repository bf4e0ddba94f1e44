//! The order log: read once per node, and told from memory.
//!
//! `reader` is the one task that reads new rows (`rows`) into a bounded ring (`ring`) and keeps the newest order of each
//! followed scope (`newest`). `wake` wakes it. It tells followers, and `writers` on PostgreSQL the positions of their
//! changes. A follower (`follow`) is a position in the ring, and reads the database again only when it fell out of it.
//! `retention` deletes what is no longer kept.

mod follow;
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
    RepositoryError, Scope,
};
use tokio::sync::{Notify, mpsc, watch};

use crate::Database;
use newest::FollowNewest;
use ring::Ring;
use writers::{Waiting, Writers};

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
    writers: Writers,
    follow_newest: mpsc::Sender<FollowNewest>,
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

    /// Waits until followers are told of the change at this position, which is committed; `None` if that takes too
    /// long.
    pub(crate) async fn told(&self, position: Position) -> Option<Cursor> {
        self.0.wake.notify_one();
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
