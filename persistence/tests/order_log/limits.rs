//! What is no longer in memory, and what is no longer kept at all.

use std::time::Duration;

use domain::{Cursor, FollowError, OrderFeed, Position};
use persistence::{Database, DatabaseSettings, LogSettings, OrderLog};

use crate::{
    storage::{log_settings, settings},
    support::{Node, Program, WORKS, awaited, next, replay, url_of},
};

/// One statement for each of so many orders.
async fn place(program: &Program, count: i64) {
    for id in 1..=count {
        let values = format!("({id}, '2026-04-12', 'UNPAID', 1)");
        program.run(&format!("INSERT INTO orders (id, date, state, user_id) VALUES {values}")).await;
    }
}

pub(crate) async fn a_follower_that_fell_out_of_memory_is_told_everything_by_the_database(
    database: Database,
) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let node = Node::start(&url_of(&database).await, LogSettings { ring_events: 16, ..log_settings() }).await;
    let start = node.position().await;
    let mut asleep = node.follow(Some(start)).await;
    let awake = node.follow(Some(start)).await;
    place(&program, 500).await;
    let first = next(&mut asleep).await;
    for id in 1..=500 {
        program.run(&format!("UPDATE orders SET state = 'PAID' WHERE id = {id}")).await;
    }
    for (mut events, first) in [(asleep, Some(first)), (awake, None)] {
        let mut told = Vec::from_iter(first);
        while told.len() < 1000 {
            told.push(next(&mut events).await);
        }
        let positions: Vec<_> = told.iter().map(|event| event.cursor.position.0).collect();
        assert_eq!(positions, (1..=1000).collect::<Vec<_>>());
        assert_eq!(replay(&told), program.orders().await);
    }
    node.stop().await;
    program.close().await;
}

pub(crate) async fn a_cursor_older_than_what_is_kept_is_refused_with_the_range(database: Database) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let node = Node::beside(&database).await;
    let start = node.position().await;
    let mut events = node.follow(Some(start)).await;
    place(&program, 50).await;
    for _ in 0..50 {
        next(&mut events).await;
    }
    // It is pruned at the start of a log.
    let small = LogSettings { keep_events: 10, ..log_settings() };
    let pruning = Node::start(&url_of(&database).await, small).await;
    let range = awaited("pruning", async {
        loop {
            let range = node.log.range().await.expect(WORKS);
            if range.oldest != start && range.newest.position.0 == 50 {
                break range;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let at = |position| Cursor { position: Position(position), ..start };
    assert_eq!((range.oldest, range.newest), (at(40), at(50)));
    // The other node still has some of those in memory, and tells them.
    for expired in [0, 1, 39] {
        match pruning.log.events(Some(at(expired))).await.err() {
            Some(FollowError::Expired(told)) => assert_eq!(told, range),
            other => panic!("expected that {expired} is expired, got {other:?}"),
        }
    }
    for kept in [40, 45, 50] {
        let mut events = node.follow(Some(at(kept))).await;
        for position in kept + 1..=50 {
            assert_eq!(next(&mut events).await.cursor, at(position));
        }
    }
    program.run("DELETE FROM orders WHERE id = 1").await;
    for position in 40..=50 {
        let mut events = node.follow(Some(at(position))).await;
        assert_eq!(next(&mut events).await.cursor, at(position + 1), "the log goes on");
    }
    assert_eq!(next(&mut events).await.cursor, at(51));
    drop(events);
    for node in [node, pruning] {
        node.stop().await;
    }
    program.close().await;
}

pub(crate) async fn an_order_that_is_kept_for_its_age_is_kept_whole(database: Database) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let node = Node::beside(&database).await;
    let start = node.position().await;
    let mut events = node.follow(Some(start)).await;
    place(&program, 30).await;
    for _ in 0..30 {
        next(&mut events).await;
    }
    // Older than an hour: the first twelve, and one that is kept because those before it are.
    let long_ago = if program.is_sqlite() { "0" } else { "'epoch'" };
    let sql = format!("UPDATE order_log SET occurred_at = {long_ago} WHERE order_id <= 12 OR order_id = 20");
    program.run(&sql).await;
    let aged = LogSettings { keep_age: Duration::from_hours(1), ..log_settings() };
    let url = url_of(&database).await;
    let pruning = Node::start(&url, aged).await;
    awaited("pruning", async {
        while node.log.range().await.expect(WORKS).oldest == start {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(node.log.range().await.expect(WORKS).oldest.position.0, 12);
    drop(events);
    pruning.stop().await;

    // Everything goes, and the log goes on behind it.
    let nothing = LogSettings { keep_events: 0, ..log_settings() };
    let pruning = Node::start(&url, nothing).await;
    awaited("pruning", async {
        while node.log.range().await.expect(WORKS).oldest.position.0 < 30 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    pruning.stop().await;
    let restarted = Node::beside(&database).await;
    let end = Cursor { position: Position(30), ..start };
    assert_eq!(restarted.position().await, end);
    let mut events = restarted.follow(Some(end)).await;
    program.run("DELETE FROM orders WHERE id = 1").await;
    assert_eq!(next(&mut events).await.cursor.position, Position(31));
    drop(events);
    for node in [node, restarted] {
        node.stop().await;
    }
    program.close().await;
}

/// More than can be given their positions within the time that a statement may take.
pub(crate) async fn many_changes_in_one_transaction_are_told_in_time(database: Database) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let url = url_of(&database).await;
    let settings = DatabaseSettings { statement_timeout: Duration::from_millis(250), ..settings(&url) };
    let hurried = Database::open(&settings).await.expect("the database opens");
    let log = OrderLog::start(hurried.clone(), log_settings()).await.expect(WORKS);
    let mut events = log.events(None).await.expect(WORKS);
    program
        .run(
            "INSERT INTO orders (date, state, user_id) \
             SELECT '2026-04-12', 'UNPAID', 1 FROM generate_series(1, 200000)",
        )
        .await;
    assert_eq!(next(&mut events).await.cursor.position, Position(1));
    drop((events, log));
    hurried.close().await.expect("the database closes");
    program.close().await;
}
