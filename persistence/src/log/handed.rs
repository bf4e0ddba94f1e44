//! What this node's own writer hands to the reader, which need not read it again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Position;
use tokio::sync::Notify;

use super::LogRow;

/// The most rows that wait for the reader. It reads the log again where they are too many.
const LIMIT: usize = 1024;

/// Committed rows that the reader has not taken yet.
#[derive(Default)]
pub(crate) struct Handed {
    rows: Mutex<Option<Rows>>,
    added: Notify,
}

/// Every row behind a position, up to the last of these.
pub(crate) struct Rows {
    pub(crate) after: Position,
    /// In order; at least one.
    pub(crate) rows: Vec<LogRow>,
}

impl Handed {
    /// Adds rows. Rows before them that would leave a gap, or are too many, are forgotten: the reader sees that it lacks them.
    pub(crate) fn add(&self, after: Position, rows: Vec<LogRow>) {
        if rows.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        match &mut *waiting {
            Some(earlier) if earlier.last() == Some(after) && earlier.rows.len() + rows.len() <= LIMIT => {
                earlier.rows.extend(rows);
            }
            _ => *waiting = Some(Rows { after, rows }),
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// Waits for rows, and takes them.
    pub(crate) async fn take(&self) -> Rows {
        loop {
            if let Some(rows) = self.lock().take() {
                return rows;
            }
            self.added.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Rows>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn last(&self) -> Option<Position> {
        self.rows.last().map(|row| row.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(position: i64) -> LogRow {
        LogRow { position: Position(position), transaction: String::new(), event: None }
    }

    async fn taken(handed: &Handed) -> (i64, Vec<i64>) {
        let Rows { after, rows } = handed.take().await;
        (after.0, rows.into_iter().map(|row| row.position.0).collect())
    }

    #[tokio::test]
    async fn rows_that_follow_one_another_are_taken_together() {
        let handed = Handed::default();
        handed.add(Position(3), vec![row(4), row(5)]);
        handed.add(Position(5), vec![row(6)]);
        assert_eq!(taken(&handed).await, (3, vec![4, 5, 6]));
    }

    #[tokio::test]
    async fn rows_behind_a_gap_tell_where_they_begin() {
        let handed = Handed::default();
        handed.add(Position(3), vec![row(4)]);
        handed.add(Position(7), vec![row(8)]);
        assert_eq!(taken(&handed).await, (7, vec![8]));
    }

    #[tokio::test]
    async fn no_more_wait_than_the_limit() {
        let handed = Handed::default();
        let count = i64::try_from(LIMIT).expect("few");
        handed.add(Position(0), (1..=count).map(row).collect());
        handed.add(Position(count), vec![row(count + 1)]);
        assert_eq!(taken(&handed).await, (count, vec![count + 1]));
    }
}
