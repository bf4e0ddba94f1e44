//! Following that comes to nothing: cursors that the log does not know or keep, and faults on the way.

use std::sync::{Arc, Mutex};

use domain::{
    Epoch, FollowError, LogRange, OrderChange, OrderEvent, OrderId, OrderState, Position, RepositoryError,
    UserId, UserRef,
    testing::{InMemory, MockOrderFeed, contract::april},
};
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    events::{after, beginning},
    service::{Client, Following, Service, codes},
};

/// The error that a cursor is refused with.
async fn refused(following: &mut Following, code: &str) -> Value {
    let told = following.next().await.expect("an answer");
    assert_eq!((codes(&told), &told["data"]), (vec![code], &Value::Null), "{told}");
    assert_eq!(following.next().await, None, "never live from now");
    told["errors"][0]["extensions"].clone()
}

#[tokio::test]
async fn a_cursor_that_is_none_of_this_log_is_refused_with_those_that_are() {
    let service = Service::new().await;
    let client = service.staff();
    let oldest = beginning(&client).await;
    service.place("joe", 12).await;
    let newest = beginning(&client).await;
    let page =
        client.data("{ orders { pageInfo { endCursor } } }").await["orders"]["pageInfo"]["endCursor"].take();
    for cursor in [page, json!(""), json!("x"), json!("Order:1")] {
        for mut following in [client.follow(after(&cursor)), client.resume(after(&Value::Null), &cursor)] {
            let extensions = refused(&mut following, "CURSOR_INVALID").await;
            assert_eq!((&extensions["oldest"], &extensions["newest"]), (&oldest, &newest), "{cursor}");
        }
    }
}

/// A feed that told of position 3, and whose log starts at position 10 and ends at 20 now.
fn expired() -> Client {
    let cursor = |position| domain::Cursor { epoch: Epoch(1), position: Position(position) };
    let mut feed = MockOrderFeed::new();
    feed.expect_events().returning(|_| Ok(stream::pending().boxed()));
    feed.expect_replay().returning(move |after, _| {
        let range = LogRange { oldest: cursor(10), newest: cursor(20) };
        let is_kept = range.oldest.position <= after.position;
        if is_kept { Ok(stream::empty().boxed()) } else { Err(FollowError::Expired(range)) }
    });
    feed.expect_position().times(1).returning(move || Ok(cursor(3)));
    feed.expect_position().returning(move || Ok(cursor(20)));
    Client::over(InMemory::new(), InMemory::new(), Arc::new(feed))
}

#[tokio::test]
async fn a_cursor_of_what_is_no_longer_kept_is_refused_with_those_that_are() {
    let client = expired();
    let cursor = beginning(&client).await;
    let extensions = refused(&mut client.follow(after(&cursor)), "CURSOR_EXPIRED").await;
    assert!(client.follow(after(&extensions["oldest"])).is_silent());
    assert!(client.follow(after(&extensions["newest"])).is_silent());
    assert_ne!(extensions["oldest"], extensions["newest"]);
}

#[tokio::test]
async fn a_stream_that_fails_tells_a_fault_without_its_cause_and_ends() {
    let order = domain::Order {
        id: OrderId(1),
        date: april(12),
        state: OrderState::Unpaid,
        user: UserRef::Id(UserId(1)),
    };
    let event = OrderEvent {
        cursor: domain::Cursor { epoch: Epoch(1), position: Position(1) },
        occurred_at: "2026-04-12T08:30:00.5Z".parse().expect("a time"),
        change: OrderChange::Placed(order),
    };
    let start = domain::Cursor { epoch: Epoch(1), position: Position(0) };
    let told = Mutex::new(Some(vec![
        Ok(Arc::new(event)),
        Err(FollowError::Fault(RepositoryError::Unavailable("no connection to db7".into()))),
    ]));
    let mut feed = MockOrderFeed::new();
    feed.expect_events().returning(move |_| {
        let told = told.lock().expect("the events").take().expect("one follower");
        Ok(stream::iter(told).boxed())
    });
    feed.expect_position().returning(move || Ok(start));
    let client = Client::over(InMemory::new(), InMemory::new(), Arc::new(feed));
    let mut following = client.follow("subscription { orderEvents { occurredAt } }");
    let expected = json!({ "orderEvents": { "occurredAt": "2026-04-12T08:30:00.500Z" } });
    assert_eq!(following.data().await, expected);
    let failed = following.next().await.expect("an answer");
    assert_eq!(codes(&failed), ["UNAVAILABLE"]);
    assert!(!failed.to_string().contains("db7"), "{failed}");
    assert_eq!(following.next().await, None);
}

proptest! {
    #[test]
    fn any_text_as_a_cursor_of_the_log_is_refused(text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{24}"]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let client = Service::new().await.staff();
            refused(&mut client.follow(after(&json!(text))), "CURSOR_INVALID").await;
        });
    }
}
