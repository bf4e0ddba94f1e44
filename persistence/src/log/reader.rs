use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, Weak},
};

use domain::{Position, RepositoryError, WithCauses};
use tokio::{sync::mpsc, time::sleep};

use super::{
    Shared, TransactionId,
    newest::{FollowNewest, NewestOrders},
    rows, wake,
};

/// The most rows that one statement reads.
const BATCH: u32 = 500;

/// The one task of a node that reads the log.
struct Reader {
    shared: Weak<Shared>,
    newest: NewestOrders,
    /// Everything up to here was read.
    head: Position,
    /// The last position of each transaction that was read and not yet told.
    transactions: HashMap<TransactionId, Position>,
}

/// Starts the reader. It ends when nobody holds the log any more.
pub(crate) fn start(shared: &Arc<Shared>, requests: mpsc::Receiver<FollowNewest>) {
    let reader = Reader {
        shared: Arc::downgrade(shared),
        newest: NewestOrders::default(),
        head: *shared.head.borrow(),
        transactions: HashMap::new(),
    };
    tokio::spawn(reader.run(Arc::clone(&shared.wake), requests));
}

impl Reader {
    async fn run(mut self, wake: Arc<tokio::sync::Notify>, mut requests: mpsc::Receiver<FollowNewest>) {
        let mut backoff = wake::Backoff::default();
        loop {
            let mut follow = Vec::new();
            tokio::select! {
                () = wake.notified() => {}
                count = requests.recv_many(&mut follow, 1024) => if count == 0 { return },
            }
            let Some(shared) = self.shared.upgrade() else { return };
            match self.turn(&shared, follow).await {
                Ok(()) => backoff = wake::Backoff::default(),
                Err(error) => {
                    tracing::error!(
                        error = %WithCauses(&error),
                        "could not read the order log; trying again"
                    );
                    let pause = backoff.next();
                    drop(shared);
                    sleep(pause).await;
                    wake.notify_one();
                }
            }
        }
    }

    /// Reads what is new, and then tells it.
    async fn turn(&mut self, shared: &Shared, follow: Vec<FollowNewest>) -> Result<(), RepositoryError> {
        let mut admitted = Vec::new();
        for request in follow {
            admitted.extend(self.newest.admit(shared, request).await);
        }
        loop {
            self.read_new(shared).await?;
            // What is read here may be newer than the events so far; those in between are read before it is told.
            if !self.newest.read_again_after_deletion(shared).await? {
                break;
            }
        }
        self.tell(shared);
        for request in admitted {
            self.newest.answer(request);
        }
        self.newest.forget_unfollowed();
        Ok(())
    }

    async fn read_new(&mut self, shared: &Shared) -> Result<(), RepositoryError> {
        loop {
            let read = rows::settle_and_read(&shared.database, shared.epoch, self.head, BATCH).await?;
            let Some(last) = read.last().map(|row| row.position) else {
                return Ok(());
            };
            let is_last = read.len() < BATCH as usize;
            self.take(shared, read);
            self.head = last;
            if is_last {
                return Ok(());
            }
        }
    }

    fn take(&mut self, shared: &Shared, read: Vec<rows::Row>) {
        let mut ring = shared.ring.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = read.first()
            && first.position.0 != self.head.0 + 1
        {
            tracing::error!(
                read = self.head.0,
                next = first.position.0,
                "events were deleted before they were read"
            );
            ring.restart(Position(first.position.0 - 1));
        }
        for row in read {
            if let Some(event) = row.event {
                let event = Arc::new(event);
                self.newest.apply(&event);
                ring.push(event);
            }
            if !row.transaction.is_empty() {
                self.transactions.insert(row.transaction, row.position);
            }
        }
    }

    fn tell(&mut self, shared: &Shared) {
        self.newest.tell(shared.cursor(self.head));
        shared.head.send_if_modified(|head| {
            let modified = *head != self.head;
            *head = self.head;
            modified
        });
        shared.writers.tell(self.transactions.drain());
    }
}
