//! Rules of the order log.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, future::join_all};

use super::{Adapter, new_order};
use crate::{
    Cursor, Epoch, FollowError, OrderChange, OrderEvent, OrderEventKind, OrderEventStream, OrderState,
    Position, Transition, TransitionOutcome, UserRef,
};

rules![
    the_log_tells_each_change_with_the_order_before_and_after,
    an_acknowledged_write_names_the_position_of_its_event,
    following_continues_exactly_after_the_cursor,
    following_without_a_cursor_starts_now,
    what_was_refused_is_no_event,
    the_position_is_that_of_the_last_change,
    a_cursor_of_another_log_is_invalid,
    a_cursor_that_the_log_has_not_reached_is_invalid,
    every_follower_is_told_the_same_in_the_same_order,
    a_follower_that_starts_anywhere_misses_nothing,
    a_replay_tells_what_is_between_and_ends,
    a_version_is_another_one_after_each_write,
];

async fn the_log_tells_each_change_with_the_order_before_and_after(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut events = follow(&adapter, None).await;
    let unpaid = adapter.place(&new_order(user.username(), 12)).await;
    adapter.transition(unpaid.id, Transition::Pay).await;
    let cancelled = adapter.place(&new_order(user.username(), 13)).await;
    adapter.transition(cancelled.id, Transition::Cancel).await;
    assert_eq!(unpaid.user, UserRef::Loaded(user));

    let mut paid = unpaid.clone();
    paid.state = OrderState::Paid;
    for expected in [
        OrderChange::Placed(unpaid.clone()),
        OrderChange::Changed { before: unpaid, after: paid },
        OrderChange::Placed(cancelled.clone()),
        OrderChange::Deleted(cancelled),
    ] {
        assert_eq!(next(&mut events).await.change, expected);
    }
}

async fn an_acknowledged_write_names_the_position_of_its_event(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut events = follow(&adapter, None).await;
    let (order, placed) = adapter.place_at(&new_order(user.username(), 1)).await;
    let TransitionOutcome::Done(_, Some(paid)) = adapter.transition(order.id, Transition::Pay).await else {
        panic!("the payment is done, and the log is read in time");
    };
    assert_eq!(next(&mut events).await.cursor, placed);
    assert_eq!(next(&mut events).await.cursor, paid);
}

async fn a_version_is_another_one_after_each_write(adapter: Adapter) {
    let version = async || adapter.feed.version().await.expect("a storage that works");
    let Some(first) = version().await else { return };
    let mut versions = vec![first];
    let user = adapter.user("caty88").await;
    versions.extend(version().await);
    let paid = adapter.place(&new_order(user.username(), 1)).await;
    versions.extend(version().await);
    adapter.transition(paid.id, Transition::Pay).await;
    versions.extend(version().await);
    let cancelled = adapter.place(&new_order(user.username(), 2)).await;
    versions.extend(version().await);
    adapter.transition(cancelled.id, Transition::Cancel).await;
    versions.extend(version().await);
    let different: HashSet<_> = versions.iter().collect();
    assert_eq!(different.len(), 6, "{versions:?}");
}

async fn following_continues_exactly_after_the_cursor(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut placed = Vec::new();
    for day in 1..=4 {
        placed.push(adapter.place_at(&new_order(user.username(), day)).await);
    }
    for (index, (_, cursor)) in placed.iter().enumerate() {
        let mut events = follow(&adapter, Some(*cursor)).await;
        for (order, cursor) in &placed[index + 1..] {
            let event = next(&mut events).await;
            assert_eq!((event.cursor, event.change.order().id), (*cursor, order.id));
        }
    }
}

async fn following_without_a_cursor_starts_now(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    adapter.place(&new_order(user.username(), 1)).await;
    let mut events = follow(&adapter, None).await;
    let second = adapter.place(&new_order(user.username(), 2)).await;
    assert_eq!(next(&mut events).await.change.order().id, second.id);
}

async fn what_was_refused_is_no_event(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let (order, cursor) = adapter.place_at(&new_order(user.username(), 1)).await;
    let TransitionOutcome::Done(_, Some(paid)) = adapter.transition(order.id, Transition::Pay).await else {
        panic!("the payment is done, and the log is read in time");
    };
    for transition in Transition::ALL {
        assert_eq!(adapter.transition(order.id, transition).await, TransitionOutcome::Refused);
    }
    let (_, last) = adapter.place_at(&new_order(user.username(), 2)).await;
    let mut events = follow(&adapter, Some(cursor)).await;
    assert_eq!(next(&mut events).await.cursor, paid);
    assert_eq!(next(&mut events).await.cursor, last);
}

async fn the_position_is_that_of_the_last_change(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    for day in 1..=3 {
        let (_, cursor) = adapter.place_at(&new_order(user.username(), day)).await;
        assert_eq!(position(&adapter).await, cursor);
    }
}

async fn a_cursor_of_another_log_is_invalid(adapter: Adapter) {
    let cursor = position(&adapter).await;
    let foreign = Cursor { epoch: Epoch(cursor.epoch.0 ^ 1), ..cursor };
    assert!(matches!(adapter.feed.events(Some(foreign)).await, Err(FollowError::Invalid(_))));
}

async fn a_cursor_that_the_log_has_not_reached_is_invalid(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let (_, newest) = adapter.place_at(&new_order(user.username(), 1)).await;
    for position in [newest.position.0 + 1, i64::MAX, -1, i64::MIN] {
        let cursor = Cursor { position: Position(position), ..newest };
        match adapter.feed.events(Some(cursor)).await {
            Err(FollowError::Invalid(range)) => assert_eq!(range.newest, newest),
            _ => panic!("position {position} is invalid"),
        }
    }
}

async fn every_follower_is_told_the_same_in_the_same_order(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let followers = join_all((0..5).map(|_| follow(&adapter, None))).await;
    let orders =
        join_all((0..10).map(|day| place_and_pay(&adapter, new_order(user.username(), day + 1)))).await;

    let mut told: Option<Vec<Arc<OrderEvent>>> = None;
    for mut follower in followers {
        let mut events = Vec::new();
        for _ in 0..orders.len() * 2 {
            events.push(next(&mut follower).await);
        }
        assert!(events.is_sorted_by(|a, b| a.cursor.position < b.cursor.position));
        assert_eq!(*told.get_or_insert_with(|| events.clone()), events);
    }
    let mut kinds: HashMap<_, Vec<_>> = HashMap::new();
    for event in told.unwrap_or_default() {
        kinds.entry(event.change.order().id).or_default().push(event.change.kind());
    }
    for order in orders {
        assert_eq!(kinds[&order], [OrderEventKind::Placed, OrderEventKind::StateChanged]);
    }
}

async fn a_follower_that_starts_anywhere_misses_nothing(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let start = position(&adapter).await;
    let writer = async {
        for day in 1..=20 {
            place_and_pay(&adapter, new_order(user.username(), day)).await;
        }
    };
    let resumer = async {
        let (mut after, mut told) = (start, Vec::new());
        while told.len() < 40 {
            let mut events = follow(&adapter, Some(after)).await;
            for _ in 0..3.min(40 - told.len()) {
                let event = next(&mut events).await;
                after = event.cursor;
                told.push(event.cursor.position);
            }
        }
        told
    };
    let ((), told) = futures_util::future::join(writer, resumer).await;
    let mut all = follow(&adapter, Some(start)).await;
    for position in told {
        assert_eq!(next(&mut all).await.cursor.position, position);
    }
}

async fn a_replay_tells_what_is_between_and_ends(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut cursors = vec![position(&adapter).await];
    for day in 1..=5 {
        cursors.push(adapter.place_at(&new_order(user.username(), day)).await.1);
    }
    for (from, to) in [(0, 5), (1, 3), (2, 2), (4, 3), (5, 5)] {
        let replay = adapter.feed.replay(cursors[from], cursors[to].position).await;
        let told: Vec<_> = replay.expect("a cursor of this log").collect().await;
        let told: Vec<_> =
            told.into_iter().map(|event| event.expect("a log that can be read").cursor).collect();
        assert_eq!(told, cursors[to.min(from) + 1..=to]);
    }
    let foreign = Cursor { epoch: Epoch(cursors[0].epoch.0 ^ 1), ..cursors[0] };
    let refused = adapter.feed.replay(foreign, cursors[5].position).await;
    assert!(matches!(refused, Err(FollowError::Invalid(_))));
}

async fn place_and_pay(adapter: &Adapter, order: crate::NewOrder) -> crate::OrderId {
    let id = adapter.place(&order).await.id;
    adapter.transition(id, Transition::Pay).await;
    id
}

async fn position(adapter: &Adapter) -> Cursor {
    adapter.feed.position().await.expect("a storage that works")
}

async fn follow(adapter: &Adapter, after: Option<Cursor>) -> OrderEventStream {
    match adapter.feed.events(after).await {
        Ok(events) => events,
        Err(error) => panic!("the log can be followed: {error}"),
    }
}

async fn next(events: &mut OrderEventStream) -> Arc<OrderEvent> {
    let next = tokio::time::timeout(Duration::from_secs(10), events.next()).await;
    next.expect("the log tells within 10 s").expect("the log goes on").expect("the log can be read")
}
