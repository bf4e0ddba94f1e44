//! Transactions that take long, on PostgreSQL.

use std::time::{Duration, Instant};

use domain::{
    Cursor, OrderChange, OrderId, OrderRepository, Placement, Position, Scope, Transition,
    testing::contract::{new_order, new_user},
};
use futures_util::future::join_all;
use persistence::Database;

use crate::support::{Node, Program, WORKS, awaited, next};

/// How long an event may take while others wait.
const SOON: Duration = Duration::from_secs(2);

pub(crate) async fn a_transaction_that_stays_open_holds_up_nobody(database: Database) {
    let open = Program::beside(&database).await;
    open.add_users().await;
    let (node, other) = (Node::beside(&database).await, Node::beside(&database).await);
    let repository = node.repository();
    let (mut here, mut there) = (node.follow(None).await, other.follow(None).await);

    open.run("BEGIN").await;
    open.run("INSERT INTO orders (id, date, state, user_id) VALUES (1000, '2026-04-12', 'UNPAID', 1)").await;
    open.run("SET CONSTRAINTS ALL IMMEDIATE").await;
    let joe = new_user("joe").username;
    let mut longest = Duration::ZERO;
    for _ in 0..100 {
        let started = Instant::now();
        let placed = repository.place(&new_order(&joe, 12)).await.expect(WORKS);
        let Placement::Placed(order, Some(cursor)) = placed else { panic!("expected an order: {placed:?}") };
        for events in [&mut here, &mut there] {
            let event = next(events).await;
            assert_eq!((event.cursor, event.change.order().id), (cursor, order.id));
        }
        longest = longest.max(started.elapsed());
    }
    assert!(longest < SOON, "an event took {longest:?}");
    open.run("COMMIT").await;
    for events in [&mut here, &mut there] {
        let event = next(events).await;
        assert_eq!(event.cursor.position.0, 101);
        assert!(
            matches!(&event.change, OrderChange::Placed(order) if order.id == OrderId(1000)),
            "{event:?}"
        );
    }
    for node in [node, other] {
        node.stop().await;
    }
    open.close().await;
}

/// Requests that wait for a locked order hold every connection that the node has for requests.
pub(crate) async fn an_order_that_stays_locked_holds_up_no_follower(database: Database) {
    let locking = Program::beside(&database).await;
    locking.add_users().await;
    let writing = Program::beside(&database).await;
    writing
        .run("INSERT INTO orders (id, date, state, user_id) VALUES (1000, '2026-04-12', 'UNPAID', 1)")
        .await;
    let node = Node::beside(&database).await;
    let repository = node.repository();
    let start = Cursor { position: Position(0), ..node.position().await };
    let mut events = node.follow(Some(start)).await;
    assert_eq!(next(&mut events).await.change.order().id, OrderId(1000));

    locking.run("BEGIN").await;
    locking.run("UPDATE orders SET date = '2026-04-13' WHERE id = 1000").await;
    let payments = (0..8).map(|_| {
        let repository = repository.clone();
        tokio::spawn(async move { repository.transition(&Scope::All, OrderId(1000), Transition::Pay).await })
    });
    let payments: Vec<_> = payments.collect();
    let blocked = "SELECT count(*) >= 4 FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'";
    awaited("waiting for the locked order", async {
        while !writing.value::<bool>(blocked).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;

    let started = Instant::now();
    writing.run("INSERT INTO orders (id, date, state, user_id) VALUES (1, '2026-04-12', 'UNPAID', 1)").await;
    assert_eq!(next(&mut events).await.change.order().id, OrderId(1));
    let waited = started.elapsed();
    locking.run("COMMIT").await;
    awaited("the payments", join_all(payments)).await;
    assert!(waited < SOON, "an event took {waited:?} while requests waited for another order");
    node.stop().await;
    for program in [locking, writing] {
        program.close().await;
    }
}
