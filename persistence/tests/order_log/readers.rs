//! Readers who take a position, read a list, and follow from the position.

use std::time::Duration;

use domain::{
    OrderFeed, OrderFilter, OrderQuery, OrderRepository, PageRequest, Placement, Position, Scope, WithUser,
    testing::contract::{new_order, new_user},
};
use futures_util::future::join_all;
use persistence::{Database, SqlRepository};
use tokio::sync::watch;

use crate::{
    followers::Follower,
    storage::log_settings,
    support::{Node, Orders, Program, Random, WORKS, apply, awaited, finished, next, scale, url_of},
    writers::statement,
};

const SEED: u64 = 0x5eed;
const WRITERS: u64 = 3;
const READERS: u64 = 4;

pub(crate) async fn a_reader_who_follows_its_list_arrives_at_the_truth(database: Database) {
    let url = url_of(&database).await;
    let program = Program::beside(&database).await;
    program.add_users().await;
    let nodes = [Node::start(&url, log_settings()).await, Node::start(&url, log_settings()).await];
    let (end, ended) = watch::channel(None);
    let mut readers = Vec::new();
    for (seed, node) in (SEED..SEED + READERS).zip(nodes.iter().cycle()) {
        let repository = node.repository();
        let (log, end, mut random) = (node.log.clone(), ended.clone(), Random::new(seed));
        readers.push(tokio::spawn(async move {
            let mut arrived = Vec::new();
            while end.borrow().is_none() {
                let after = log.position().await.expect(WORKS);
                random.pause(Duration::from_millis(3)).await;
                let orders = list(&repository).await;
                random.pause(Duration::from_millis(3)).await;
                let follower = Follower { log: log.clone(), after, end: end.clone() };
                arrived.push((orders, tokio::spawn(follower.stay())));
                random.pause(Duration::from_millis(60)).await;
            }
            arrived
        }));
    }
    let writers = (SEED + 100..SEED + 100 + WRITERS).map(|seed| {
        let url = url.clone();
        tokio::spawn(async move { write(&url, Random::new(seed)).await })
    });
    for writer in finished("writing", join_all(writers)).await {
        writer.expect("a writer that ends");
    }
    let last = program.last_position().await;
    end.send(Some(last)).expect("readers");
    let truth = program.orders().await;
    for reader in awaited("the readers", join_all(readers)).await {
        for (mut orders, following) in reader.expect("a reader that ends") {
            for (event, _) in awaited("a follower", following).await.expect("a follower that ends") {
                apply(&event, &mut orders);
            }
            assert_eq!(orders, truth);
        }
    }
    for node in nodes {
        node.stop().await;
    }
    program.close().await;
}

async fn list(repository: &SqlRepository) -> Orders {
    let (scope, filter, page) = (Scope::All, OrderFilter::default(), PageRequest::first(1000));
    let page =
        repository.page(&OrderQuery { scope, filter, page, with_user: WithUser::No }).await.expect(WORKS);
    let order = |order: domain::Order| {
        (order.id.0, (order.date.to_string(), order.state.name().to_owned(), order.user.id().0))
    };
    page.orders.into_iter().map(order).collect()
}

pub(crate) async fn write(url: &str, mut random: Random) {
    let program = Program::connect(url).await;
    let begin = if program.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN" };
    for _ in 0..80 * scale() {
        if random.once_in(2) {
            // One of two that wait for each other fails.
            let _ = program.attempt(&statement(&mut random)).await;
        } else {
            program.run(begin).await;
            let mut failed = false;
            for _ in 0..=random.below(3) {
                failed |= program.attempt(&statement(&mut random)).await.is_err();
            }
            let end = if failed || random.once_in(4) { "ROLLBACK" } else { "COMMIT" };
            program.run(end).await;
        }
        random.pause(Duration::from_millis(4)).await;
    }
    program.close().await;
}

pub(crate) async fn the_position_of_a_quiet_log_is_that_of_the_last_change(database: Database) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let node = Node::beside(&database).await;
    let repository = node.repository();
    let joe = new_user("joe").username;
    for expected in 1..=20 {
        let placed = repository.place(&new_order(&joe, 12)).await.expect(WORKS);
        assert!(matches!(placed, Placement::Placed(_, Some(cursor)) if cursor.position.0 == expected));
        assert_eq!(node.position().await.position, Position(expected));
    }
    program.run("DELETE FROM orders").await;
    let mut events = node.follow(Some(node.position().await)).await;
    awaited("the last event", async {
        while node.position().await.position != Position(40) {
            next(&mut events).await;
        }
    })
    .await;
    // What changes nothing, or something else, moves it no further.
    program.run("UPDATE orders SET date = date").await;
    program.run("UPDATE users SET email = 'joe@dev.example' WHERE username = 'joe'").await;
    repository.place(&new_order(&new_user("nobody").username, 12)).await.expect(WORKS);
    assert_eq!(node.position().await.position, Position(40));
    drop((events, repository));
    node.stop().await;
    program.close().await;
}
