//! What wakes the reader. Losing every wake-up delays an event by one poll, and loses none.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Weak},
    time::Duration,
};

use domain::WithCauses;
use sea_orm::{
    DbBackend,
    sqlx::{self, postgres::PgListener},
};
use tokio::{sync::Notify, time::sleep};

use super::Shared;
use crate::Database;

/// What `order_log_read()` notifies.
const CHANNEL: &str = "ordercast_order_log";

/// Starts to wake the reader at intervals, and by what other nodes and programs do.
pub(crate) fn start(shared: &Arc<Shared>) {
    match shared.database.backend() {
        DbBackend::Postgres => {
            tokio::spawn(poll(Arc::downgrade(shared)));
            tokio::spawn(listen(shared.database.clone(), Arc::downgrade(&shared.wake)));
        }
        _ => {
            tokio::spawn(watch_file(Arc::downgrade(shared)));
        }
    }
}

async fn poll(shared: Weak<Shared>) {
    while let Some(shared) = shared.upgrade() {
        shared.wake.notify_one();
        let interval = shared.settings.poll_interval;
        drop(shared);
        sleep(interval).await;
    }
}

/// Wakes the reader when another connection changed the SQLite file, in this process or another.
async fn watch_file(shared: Weak<Shared>) {
    let mut seen = None;
    while let Some(shared) = shared.upgrade() {
        match shared.database.version().await {
            Ok(version) if seen == Some(version) => {}
            Ok(version) => {
                seen = Some(version);
                shared.wake.notify_one();
            }
            // The reader's own statement fails too, and tells.
            Err(_) => shared.wake.notify_one(),
        }
        let interval = shared.settings.poll_interval;
        drop(shared);
        sleep(interval).await;
    }
}

/// Wakes the reader when another node notifies this one, and after each loss of the connection, during which
/// notifications went elsewhere.
async fn listen(database: Database, wake: Weak<Notify>) {
    let mut backoff = Backoff::default();
    while wake.strong_count() > 0 {
        match listen_until_lost(&database, &wake, &mut backoff).await {
            Ok(()) | Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                tracing::warn!(
                    error = %WithCauses(&error),
                    "not listening to other nodes, whose changes are polled for; connecting again"
                );
                sleep(backoff.next()).await;
            }
        }
    }
}

async fn listen_until_lost(
    database: &Database,
    wake: &Weak<Notify>,
    backoff: &mut Backoff,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(database.watcher().get_postgres_connection_pool()).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    *backoff = Backoff::default();
    let own = database.node().to_string();
    loop {
        let Some(wake) = wake.upgrade() else { return Ok(()) };
        wake.notify_one();
        drop(wake);
        loop {
            match listener.try_recv().await? {
                Some(notification) if notification.payload() == own => {}
                Some(_) => break,
                None => return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())),
            }
        }
    }
}

/// Pauses between attempts: twice as long each time, up to a limit, and not the same for all nodes.
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(Duration::from_millis(50))
    }
}

impl Backoff {
    const LONGEST: Duration = Duration::from_secs(2);

    /// The next pause, between half of it and all of it.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = Self::LONGEST.min(pause * 2);
        let share = RandomState::new().hash_one(pause) % 1000;
        pause / 2 + pause.mul_f64(f64::from(u32::try_from(share).unwrap_or_default()) / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..12).map(|_| backoff.next()).collect();
        assert!(pauses[0] <= Duration::from_millis(50) && pauses[0] >= Duration::from_millis(25));
        assert!(pauses.iter().all(|pause| *pause <= Backoff::LONGEST));
        assert!(pauses[11] >= Backoff::LONGEST / 2);
        assert_ne!(pauses[10], pauses[11]);
    }
}
