use std::{collections::VecDeque, sync::Arc};

use domain::{OrderEvent, Position};

/// The newest events, up to a limit.
pub(crate) struct Ring {
    events: VecDeque<Arc<OrderEvent>>,
    limit: usize,
    /// Every event behind this position is here.
    complete_after: Position,
}

impl Ring {
    pub(crate) fn new(limit: usize, head: Position) -> Self {
        Self { events: VecDeque::new(), limit, complete_after: head }
    }

    pub(crate) fn push(&mut self, event: Arc<OrderEvent>) {
        self.events.push_back(event);
        while self.events.len() > self.limit {
            if let Some(oldest) = self.events.pop_front() {
                self.complete_after = oldest.cursor.position;
            }
        }
    }

    /// Forgets everything: what lies between the ring and `position` was not seen.
    pub(crate) fn restart(&mut self, position: Position) {
        self.events.clear();
        self.complete_after = position;
    }

    /// At most `count` events behind the position; `None` if the ring no longer has all of them.
    pub(crate) fn after(&self, position: Position, count: usize) -> Option<Vec<Arc<OrderEvent>>> {
        if position < self.complete_after {
            return None;
        }
        let start = self.events.partition_point(|event| event.cursor.position <= position);
        Some(self.events.range(start..).take(count).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, NaiveDate};
    use domain::{Cursor, Epoch, Order, OrderChange, OrderId, OrderState, UserId, UserRef};

    fn event(position: i64) -> Arc<OrderEvent> {
        Arc::new(OrderEvent {
            cursor: Cursor { epoch: Epoch(1), position: Position(position) },
            occurred_at: DateTime::UNIX_EPOCH,
            change: OrderChange::Placed(Order {
                id: OrderId(position),
                date: NaiveDate::MIN,
                state: OrderState::Unpaid,
                user: UserRef::Id(UserId(1)),
            }),
        })
    }

    fn positions(ring: &Ring, after: i64, count: usize) -> Option<Vec<i64>> {
        let events = ring.after(Position(after), count)?;
        Some(events.iter().map(|event| event.cursor.position.0).collect())
    }

    #[test]
    fn a_ring_tells_what_it_has_and_says_so_when_it_lacks_something() {
        let mut ring = Ring::new(3, Position(10));
        assert_eq!(positions(&ring, 10, 9), Some(vec![]));
        assert_eq!(positions(&ring, 9, 9), None);
        for position in 11..=15 {
            ring.push(event(position));
        }
        assert_eq!(positions(&ring, 12, 9), Some(vec![13, 14, 15]));
        assert_eq!(positions(&ring, 13, 1), Some(vec![14]));
        assert_eq!(positions(&ring, 15, 9), Some(vec![]));
        assert_eq!(positions(&ring, 11, 9), None);
        ring.restart(Position(20));
        assert_eq!(positions(&ring, 15, 9), None);
        assert_eq!(positions(&ring, 20, 9), Some(vec![]));
    }
}
