use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, Weak},
};

use domain::{Position, RepositoryError, WithCauses};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};

use super::{
    Shared, TransactionId,
    handed::{self, Handed},
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
    tokio::spawn(reader.run(Arc::clone(&shared.wake), Arc::clone(&shared.handed), requests));
}

impl Reader {
    async fn run(
        mut self,
        wake: Arc<Notify>,
        handed: Arc<Handed>,
        mut requests: mpsc::Receiver<FollowNewest>,
    ) {
        let mut backoff = wake::Backoff::default();
        loop {
            let mut follow = Vec::new();
            let mut taken = None;
            tokio::select! {
                rows = handed.take() => taken = Some(rows),
                () = wake.notified() => {}
                count = requests.recv_many(&mut follow, 1024) => if count == 0 { return },
            }
            let Some(shared) = self.shared.upgrade() else { return };
            match self.turn(&shared, taken, follow).await {
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

    /// Takes what was handed, or reads what is new, and then tells it.
    async fn turn(
        &mut self,
        shared: &Shared,
        handed: Option<handed::Rows>,
        follow: Vec<FollowNewest>,
    ) -> Result<(), RepositoryError> {
        let mut is_read = handed.is_some_and(|handed| self.take_handed(shared, handed));
        let mut admitted = Vec::new();
        for request in follow {
            admitted.extend(self.newest.admit(shared, request).await);
        }
        loop {
            if !is_read {
                self.read_new(shared).await?;
            }
            is_read = false;
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

    /// Takes those of the rows that are new; false if there are others before them.
    fn take_handed(&mut self, shared: &Shared, handed: handed::Rows) -> bool {
        let is_next = handed.after <= self.head;
        if is_next {
            let new: Vec<_> = handed.rows.into_iter().filter(|row| row.position > self.head).collect();
            if let Some(last) = new.last().map(|row| row.position) {
                self.take(shared, new);
                self.head = last;
            }
        }
        is_next
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

    fn take(&mut self, shared: &Shared, read: Vec<rows::LogRow>) {
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
