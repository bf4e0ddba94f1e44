use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::Position;
use tokio::sync::oneshot;

/// A transaction of PostgreSQL, as `pg_current_xact_id()` names it.
pub(crate) type TransactionId = String;

/// Writers who wait to learn the position of their transaction.
#[derive(Default)]
pub(crate) struct Writers(Mutex<HashMap<TransactionId, oneshot::Sender<Position>>>);

/// A writer that waits.
pub(crate) struct Waiting<'w> {
    writers: &'w Writers,
    transaction: TransactionId,
    position: oneshot::Receiver<Position>,
}

impl Writers {
    /// Announces that this transaction will commit, before it does.
    pub(crate) fn announce(&self, transaction: TransactionId) -> Waiting<'_> {
        let (sender, position) = oneshot::channel();
        self.lock().insert(transaction.clone(), sender);
        Waiting { writers: self, transaction, position }
    }

    /// Tells the last positions of transactions.
    pub(crate) fn tell(&self, positions: impl Iterator<Item = (TransactionId, Position)>) {
        let mut writers = self.lock();
        for (transaction, position) in positions {
            if let Some(writer) = writers.remove(&transaction) {
                // A writer that no longer waits was told that the change is durable, without its position.
                let _ = writer.send(position);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TransactionId, oneshot::Sender<Position>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// Waits for the position; `None` when nobody tells positions any more.
    pub(crate) async fn position(&mut self) -> Option<Position> {
        (&mut self.position).await.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.writers.lock().remove(&self.transaction);
    }
}
