use std::{
    cell::{Ref, RefCell},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

/// What arrived at all clients. They share one thread.
pub(crate) struct Deliveries {
    counts: RefCell<Counts>,
    changed: Notify,
}

/// What arrived since the last [`Deliveries::start_counting`], but for `acknowledged`, `ended` and `errors`.
pub(crate) struct Counts {
    /// Connections that the server accepted.
    pub(crate) acknowledged: usize,
    /// Connections that ended, and why the first one did.
    pub(crate) ended: usize,
    pub(crate) why: Option<String>,
    /// Messages that are errors.
    pub(crate) errors: usize,
    /// Events that were told, over all clients.
    pub(crate) delivered: usize,
    pub(crate) bytes: usize,
    /// Messages beyond the events that there were.
    pub(crate) extra: usize,
    /// Messages that told another event than the first client was told at that place.
    pub(crate) wrong: usize,
    /// When the last one came.
    pub(crate) last: Instant,
    /// How many each client was told.
    received: Vec<usize>,
    /// The events in their order, as the first client that was told knows them.
    events: Vec<Option<u64>>,
    expected_events: usize,
    /// When those that wait want to know.
    awaited: usize,
}

/// No message for so long is silence.
const SILENCE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_mins(1);

impl Deliveries {
    pub(crate) fn new(clients: usize) -> Self {
        let counts = Counts {
            acknowledged: 0,
            ended: 0,
            why: None,
            errors: 0,
            delivered: 0,
            bytes: 0,
            extra: 0,
            wrong: 0,
            last: Instant::now(),
            received: vec![0; clients],
            events: Vec::new(),
            expected_events: usize::MAX,
            awaited: usize::MAX,
        };
        Self { counts: RefCell::new(counts), changed: Notify::new() }
    }

    pub(crate) fn counts(&self) -> Ref<'_, Counts> {
        self.counts.borrow()
    }

    /// A client's connection was accepted.
    pub(crate) fn acknowledge(&self) {
        self.counts.borrow_mut().acknowledged += 1;
        self.changed.notify_one();
    }

    /// A client's connection ended.
    pub(crate) fn end(&self, why: String) {
        let mut counts = self.counts.borrow_mut();
        counts.ended += 1;
        counts.why.get_or_insert(why);
        self.changed.notify_one();
    }

    /// A client was told an error.
    pub(crate) fn fail(&self, message: &[u8]) {
        let mut counts = self.counts.borrow_mut();
        counts.errors += 1;
        counts.why.get_or_insert_with(|| String::from_utf8_lossy(message).into_owned());
    }

    /// A client was told an event in so many bytes.
    pub(crate) fn count(&self, client: usize, event: Option<u64>, bytes: usize) {
        let counts = &mut *self.counts.borrow_mut();
        let place = counts.received[client];
        counts.received[client] += 1;
        counts.delivered += 1;
        counts.bytes += bytes;
        counts.last = Instant::now();
        if place >= counts.expected_events {
            counts.extra += 1;
        } else if let Some(expected) = counts.events.get(place) {
            counts.wrong += usize::from(*expected != event);
        } else {
            counts.events.push(event);
        }
        if counts.delivered == counts.awaited {
            self.changed.notify_one();
        }
    }

    /// Counts from zero, and only events that [`Deliveries::expect`] announces.
    pub(crate) fn start_counting(&self) {
        let counts = &mut *self.counts.borrow_mut();
        counts.received.fill(0);
        counts.events.clear();
        (counts.delivered, counts.bytes, counts.extra, counts.wrong) = (0, 0, 0, 0);
        counts.expected_events = 0;
    }

    /// So many more events are on their way to everyone.
    pub(crate) fn expect(&self, events: usize) {
        let counts = &mut *self.counts.borrow_mut();
        counts.expected_events += events;
        counts.awaited = counts.expected_events * counts.received.len();
    }

    /// Waits until every client was told of every event that was announced, or as many messages came.
    pub(crate) async fn all_arrived(&self) -> anyhow::Result<()> {
        let arrived = async {
            while self.counts().delivered < self.counts().awaited {
                self.changed.notified().await;
                let counts = self.counts();
                ensure!(counts.ended == 0, "a connection ended: {:?}", counts.why);
            }
            Ok(())
        };
        let waited = timeout(PATIENCE, arrived).await;
        waited.with_context(|| {
            let counts = self.counts();
            format!("{} of {} messages came within {PATIENCE:?}", counts.delivered, counts.awaited)
        })?
    }

    /// Waits until so many connections were accepted.
    pub(crate) async fn acknowledged(&self, connections: usize) -> anyhow::Result<()> {
        let opened = async {
            while self.counts().acknowledged < connections {
                self.changed.notified().await;
                let counts = self.counts();
                ensure!(counts.ended == 0, "a connection was refused: {:?}", counts.why);
            }
            Ok(())
        };
        timeout(PATIENCE, opened).await.context("the connections were not accepted in time")?
    }

    /// Waits until nothing comes any more.
    pub(crate) async fn silence(&self) {
        let mut before = usize::MAX;
        while before != self.counts().delivered {
            before = self.counts().delivered;
            sleep(SILENCE).await;
        }
    }
}

impl Counts {
    /// Those of the first so many clients that were told nothing.
    pub(crate) fn untold(&self, clients: usize) -> usize {
        self.received[..clients].iter().filter(|count| **count == 0).count()
    }

    /// Messages that clients lack.
    pub(crate) fn missing(&self) -> usize {
        self.received.iter().map(|count| self.expected_events.saturating_sub(*count)).sum()
    }

    /// Events that were told at more than one place.
    pub(crate) fn repeated(&self) -> usize {
        let mut known: Vec<u64> = self.events.iter().copied().flatten().collect();
        let all = known.len();
        known.sort_unstable();
        known.dedup();
        all - known.len()
    }

    /// The event at the end of what was told.
    pub(crate) fn last_event(&self) -> Option<u64> {
        self.events.last().copied().flatten()
    }
}
