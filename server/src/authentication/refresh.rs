//! Reads the key set again and again, in a thread of its own.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{sync::watch, time::timeout};

use super::{KeySet, KeySourceSettings, Secret, key_source::KeyReader};

/// The thread that reads. It ends with this.
pub(super) struct Refresh {
    asked: SyncSender<()>,
    attempts: watch::Receiver<Attempts>,
    settings: KeySourceSettings,
}

/// How often it was read, well or not.
#[derive(Clone, Copy)]
struct Attempts {
    count: u64,
    last: Instant,
}

/// What the thread works with.
struct Reading {
    reader: KeyReader,
    secret: Option<Secret>,
    settings: KeySourceSettings,
    /// What was read last.
    json: Vec<u8>,
    /// How often in a row it could not be read.
    failures: u32,
}

/// The shortest time between two attempts while it cannot be read.
const FIRST_RETRY: Duration = Duration::from_secs(1);

impl Refresh {
    /// Reads the key set, and goes on doing so. An error is one of the first time.
    pub(super) fn start(
        settings: KeySourceSettings,
        secret: Option<Secret>,
    ) -> anyhow::Result<(Self, watch::Receiver<Arc<KeySet>>)> {
        let reader = KeyReader::new(settings.source.clone(), settings.timeout, settings.limit);
        let mut reading =
            Reading { reader, secret, settings: settings.clone(), json: Vec::new(), failures: 0 };
        let first = reading.read()?.context("it is empty")?;
        ensure!(first.public_keys() > 0, "it has no key that verifies RS256, ES256 or EdDSA");
        let (keys, current) = watch::channel(Arc::new(first));
        let (attempted, attempts) = watch::channel(Attempts { count: 0, last: Instant::now() });
        let (asked, asks) = sync_channel(1);
        let thread = thread::Builder::new().name("ordercast-keys".to_owned());
        thread.spawn(move || reading.repeat(&asks, &keys, &attempted))?;
        Ok((Self { asked, attempts, settings }, current))
    }

    /// Has the key set read for the sake of a key that is not known, and waits until it was; not at once if it was read
    /// just now.
    pub(super) async fn read_again(&self) {
        let mut attempts = self.attempts.clone();
        if attempts.borrow_and_update().last.elapsed() < self.settings.pause {
            return;
        }
        // One that is asked for already does.
        let _ = self.asked.try_send(());
        let _ =
            timeout(self.settings.timeout.saturating_add(Duration::from_secs(1)), attempts.changed()).await;
    }
}

impl Reading {
    fn repeat(
        mut self,
        asks: &Receiver<()>,
        keys: &watch::Sender<Arc<KeySet>>,
        attempted: &watch::Sender<Attempts>,
    ) {
        loop {
            match asks.recv_timeout(self.wait()) {
                // Those who asked while it was read have been told.
                Ok(()) if attempted.borrow().last.elapsed() < self.settings.pause => continue,
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let source = self.reader.source().clone();
            match self.read() {
                Ok(read) => {
                    if self.failures > 0 {
                        tracing::info!(%source, "the key set can be read again");
                    }
                    self.failures = 0;
                    if let Some(set) = read {
                        tracing::info!(%source, keys = set.public_keys(), "the key set has changed");
                        keys.send_replace(Arc::new(set));
                    }
                }
                Err(error) => {
                    if self.failures == 0 {
                        let error = format!("{error:#}");
                        tracing::warn!(%source, error, "the key set cannot be read; the keys stay as they are");
                    }
                    self.failures = self.failures.saturating_add(1);
                }
            }
            attempted.send_modify(|attempts| {
                *attempts = Attempts { count: attempts.count + 1, last: Instant::now() };
            });
        }
    }

    /// Reads the key set, which is `None` if it is the same as before.
    fn read(&mut self) -> anyhow::Result<Option<KeySet>> {
        let json = self.reader.read()?;
        if json == self.json {
            return Ok(None);
        }
        let set = KeySet::with_keys(self.secret.as_ref(), &json)?;
        self.json = json;
        Ok(Some(set))
    }

    /// How long to wait until it is read again. Nodes that started together do not ask together.
    fn wait(&self) -> Duration {
        let interval = self.settings.interval;
        let wait = match self.failures {
            0 => interval,
            failures => interval.min(FIRST_RETRY.saturating_mul(1 << failures.min(16))),
        };
        wait.mul_f64(0.8 + 0.2 * fastrand::f64())
    }
}
