use std::{
    sync::{Arc, PoisonError},
    time::Duration,
    vec,
};

use domain::{Cursor, FollowError, OrderEvent, OrderEventStream, Position, RepositoryError};
use futures_util::{StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{Shared, rows, wake::Backoff};

/// The most events that a follower takes from the ring at once: how long it keeps the reader waiting.
const TAKE: usize = 256;

/// The most rows that a follower who fell out of the ring reads at once: how much memory it costs.
const READ: u32 = 256;

/// How long a follower who fell out of the ring waits for a database that is away. Those in the ring wait as long as it takes.
const OUTAGE: Duration = Duration::from_mins(1);

/// A position in the log, and the next events behind it.
struct Follower {
    shared: Arc<Shared>,
    head: watch::Receiver<Position>,
    position: Position,
    /// The last position to tell.
    until: Option<Position>,
    next: vec::IntoIter<Arc<OrderEvent>>,
}

/// Follows the log after the cursor, or from now on, as far as `until`.
pub(crate) async fn follow(
    shared: Arc<Shared>,
    after: Option<Cursor>,
    until: Option<Position>,
) -> Result<OrderEventStream, FollowError> {
    let head = shared.head.subscribe();
    let newest = shared.cursor(*head.borrow());
    let after = after.unwrap_or(newest);
    if !is_reachable(&shared, after, newest).await? {
        return Err(FollowError::Invalid(shared.range().await?));
    }
    let mut follower =
        Follower { shared, head, position: after.position, until, next: Vec::new().into_iter() };
    if !follower.is_at_end() {
        follower.refill().await?;
    }
    let events = stream::try_unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Ok(event.map(|event| (event, follower)))
    });
    Ok(events.boxed())
}

/// Whether the cursor is of this log, and at or before its end. Another node may have told of a later end than this one
/// has read.
async fn is_reachable(shared: &Shared, after: Cursor, newest: Cursor) -> Result<bool, FollowError> {
    if after.epoch != shared.epoch || after.position.0 < 0 {
        return Ok(false);
    }
    Ok(after.position <= newest.position || after.position <= rows::head(&shared.database).await?)
}

impl Follower {
    /// The next event; `None` behind the last one, or when the service ends.
    async fn next(&mut self) -> Result<Option<Arc<OrderEvent>>, FollowError> {
        loop {
            if let Some(event) = self.next.next() {
                let is_behind = self.until.is_some_and(|until| until < event.cursor.position);
                return Ok((!is_behind).then_some(event));
            }
            if self.is_at_end() {
                return Ok(None);
            }
            self.head.borrow_and_update();
            self.refill_patiently().await?;
            if self.next.len() == 0 && self.head.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// Whether everything up to the last position was taken.
    fn is_at_end(&self) -> bool {
        self.until.is_some_and(|until| until <= self.position)
    }

    /// Takes the next events, if there are any. A fault that passes does not end what was begun.
    async fn refill_patiently(&mut self) -> Result<(), FollowError> {
        let (started, mut backoff) = (Instant::now(), Backoff::default());
        loop {
            match self.refill().await {
                Err(FollowError::Fault(RepositoryError::Unavailable(_))) if started.elapsed() < OUTAGE => {
                    sleep(backoff.next()).await;
                }
                result => return result,
            }
        }
    }

    /// The same, at once or not at all.
    async fn refill(&mut self) -> Result<(), FollowError> {
        loop {
            if let Some((events, position)) = self.read_from_ring() {
                self.position = position;
                self.next = events.into_iter();
                return Ok(());
            }
            // Rows without a valid event leave nothing to tell, and more to read.
            self.next = self.read_from_database().await?.into_iter();
            if self.next.len() > 0 {
                return Ok(());
            }
        }
    }

    /// The next events, and the position up to which there are no others; `None` out of the ring.
    fn read_from_ring(&self) -> Option<(Vec<Arc<OrderEvent>>, Position)> {
        // The ring is filled a little before the rest of the node knows of it.
        let told = *self.shared.head.borrow();
        let ring = self.shared.ring.read().unwrap_or_else(PoisonError::into_inner);
        let mut events = ring.after(self.position, TAKE)?;
        let is_all = events.len() < TAKE;
        events.retain(|event| event.cursor.position <= told);
        let last = events.last().map_or(self.position, |event| event.cursor.position);
        Some((events, if is_all { last.max(told) } else { last }))
    }

    async fn read_from_database(&mut self) -> Result<Vec<Arc<OrderEvent>>, FollowError> {
        let (reader, epoch) = (self.shared.database.reader(), self.shared.epoch);
        let read = rows::read_after(reader, epoch, self.position, READ).await?;
        let continues = read.first().is_some_and(|row| row.position.0 == self.position.0 + 1);
        if !continues {
            return Err(FollowError::Expired(self.shared.range().await?));
        }
        self.position = read.last().map_or(self.position, |row| row.position);
        Ok(read.into_iter().filter_map(|row| row.event).map(Arc::new).collect())
    }
}
