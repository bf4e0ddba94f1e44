//! Followers of several kinds, who keep what they were told until the log's last position.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Cursor, FollowError, OrderEvent, OrderEventStream, OrderFeed, Position};
use futures_util::StreamExt;
use persistence::OrderLog;
use tokio::sync::watch;

use crate::support::Random;

/// An event, and when it was told.
pub(crate) type Told = (Arc<OrderEvent>, Instant);

/// Where following ends, once that is known.
pub(crate) type End = watch::Receiver<Option<Position>>;

/// What a follower does; everything that it keeps starts behind `after`.
pub(crate) struct Follower {
    pub(crate) log: OrderLog,
    pub(crate) after: Cursor,
    pub(crate) end: End,
}

impl Follower {
    /// Stays until the end.
    pub(crate) async fn stay(mut self) -> Vec<Told> {
        let mut events = self.log.events(Some(self.after)).await.expect("a cursor of this log");
        let mut told = Vec::new();
        while let Some(event) = self.next(&mut events).await {
            told.push((event.expect("the follower stays connected"), Instant::now()));
        }
        told
    }

    /// Leaves and comes back again and again, each time behind the last event; faults of the storage only send it away.
    pub(crate) async fn resume(mut self, mut random: Random) -> Vec<Told> {
        let mut told = Vec::new();
        while self.has_more() {
            let mut events = match self.log.events(Some(self.after)).await {
                Ok(events) => events,
                Err(FollowError::Fault(_)) => continue,
                Err(error) => panic!("a cursor that was told can be followed: {error}"),
            };
            for _ in 0..random.below(80) {
                match self.next(&mut events).await {
                    Some(Ok(event)) => told.push((event, Instant::now())),
                    Some(Err(FollowError::Fault(_))) | None => break,
                    Some(Err(error)) => panic!("the log keeps what was not told: {error}"),
                }
            }
            random.pause(Duration::from_millis(20)).await;
        }
        told
    }

    /// Starts anywhere between `after` and the end of the log, and leaves after a while, again and again. Of each stay
    /// it keeps the position and what was told behind it.
    pub(crate) async fn jump(mut self, mut random: Random) -> Vec<(Position, Vec<Told>)> {
        let (first, mut stays) = (self.after.position.0, Vec::new());
        while self.end.borrow().is_none() {
            let head = self.log.position().await.expect("the end of the log").position.0;
            let start = first + i64::try_from(random.below(head.abs_diff(first) + 1)).expect("a position");
            self.after.position = Position(start);
            let mut events = self.log.events(Some(self.after)).await.expect("a cursor of this log");
            let mut told = Vec::new();
            for _ in 0..random.below(300) {
                let Some(event) = self.next(&mut events).await else { break };
                told.push((event.expect("the follower stays connected"), Instant::now()));
            }
            stays.push((Position(start), told));
        }
        stays
    }

    fn has_more(&self) -> bool {
        self.end.borrow().is_none_or(|end| self.after.position < end)
    }

    /// The next event; `None` at the end.
    async fn next(&mut self, events: &mut OrderEventStream) -> Option<Result<Arc<OrderEvent>, FollowError>> {
        while self.has_more() {
            tokio::select! {
                event = events.next() => {
                    let event = event.expect("the service goes on");
                    if let Ok(event) = &event {
                        self.after = event.cursor;
                    }
                    return Some(event);
                }
                changed = self.end.changed() => changed.expect("the end will be told"),
            }
        }
        None
    }
}
