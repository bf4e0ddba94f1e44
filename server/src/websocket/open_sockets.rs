use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many sockets all threads serve. They are no requests of the web framework, which waits only for those when it stops.
#[derive(Default)]
pub(crate) struct OpenSockets {
    count: AtomicUsize,
    none: Notify,
}

impl OpenSockets {
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self) {
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.none.notify_waiters();
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until there are none.
    pub(crate) async fn closed(&self) {
        loop {
            let none = self.none.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            none.await;
        }
    }
}
