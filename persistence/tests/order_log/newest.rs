//! Followers of the newest order.

use std::time::Duration;

use domain::{
    NewestOrder, NewestOrderStream, OrderFeed, OrderRepository, Placement, Scope, Transition,
    testing::contract::{new_order, new_user},
};
use futures_util::{FutureExt, StreamExt, future::join_all};
use persistence::{Database, OrderLog};
use tokio::sync::watch;

use crate::{
    readers::write,
    support::{Node, Program, Random, WORKS, awaited, finished, url_of},
};

const SEED: u64 = 0x1a57;

pub(crate) async fn the_newest_order_of_each_scope_ends_on_the_truth_and_never_repeats(database: Database) {
    let url = url_of(&database).await;
    let program = Program::beside(&database).await;
    program.add_users().await;
    let nodes = [Node::beside(&database).await, Node::beside(&database).await];
    let scopes = [("true", Scope::All), ("user_id = 1", of("joe")), ("user_id = 2", of("caty88"))];
    let (end, ended) = watch::channel(false);
    let mut followers = Vec::new();
    for (seed, (node, (condition, scope))) in
        (SEED..).zip(nodes.iter().flat_map(|node| scopes.iter().map(move |scope| (node, scope))))
    {
        for slow in [false, true] {
            let follower = follow(node.log.clone(), scope.clone(), ended.clone(), slow, Random::new(seed));
            followers.push((*condition, tokio::spawn(follower)));
        }
    }
    let writers = (SEED + 100..SEED + 103).map(|seed| {
        let url = url.clone();
        tokio::spawn(async move { write(&url, Random::new(seed)).await })
    });
    for writer in finished("writing", join_all(writers)).await {
        writer.expect("a writer that ends");
    }
    let last = program.last_position().await;
    for node in &nodes {
        awaited("the last event", async {
            while node.position().await.position < last {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
    end.send(true).expect("followers");
    for (condition, follower) in followers {
        let told = awaited("a follower", follower).await.expect("a follower that ends");
        let highest = format!("SELECT (SELECT max(id) FROM orders WHERE {condition})");
        let truth = program.orders().await;
        let newest: Option<i64> = program.value(&highest).await;
        let expected = newest.map(|id| (id, truth[&id].clone()));
        let told = told.order.map(|order| {
            (order.id.0, (order.date.to_string(), order.state.name().to_owned(), order.user.id().0))
        });
        assert_eq!(told, expected, "{condition}");
    }
    for node in nodes {
        node.stop().await;
    }
    program.close().await;
}

fn of(username: &str) -> Scope {
    Scope::Of(new_user(username).username)
}

/// What is told last, after all is told; fails when a state is told twice in a row.
async fn follow(
    log: OrderLog,
    scope: Scope,
    mut end: watch::Receiver<bool>,
    slow: bool,
    mut random: Random,
) -> NewestOrder {
    let mut stream = log.newest(&scope).await.expect(WORKS);
    let mut last: Option<NewestOrder> = None;
    let tell = |newest: NewestOrder, last: &mut Option<NewestOrder>| {
        if let Some(last) = last {
            assert_ne!(last.order, newest.order, "told again");
            assert!(last.cursor.position <= newest.cursor.position);
        }
        *last = Some(newest);
    };
    while !*end.borrow() {
        tokio::select! {
            newest = stream.next() => tell(newest.expect("the service goes on"), &mut last),
            changed = end.changed() => changed.expect("the end will be told"),
        }
        if slow {
            random.pause(Duration::from_millis(30)).await;
        }
    }
    while let Some(newest) = told_already(&mut stream) {
        tell(newest, &mut last);
    }
    last.expect("something is told at once")
}

fn told_already(stream: &mut NewestOrderStream) -> Option<NewestOrder> {
    stream.next().now_or_never().flatten()
}

pub(crate) async fn a_newest_order_that_went_and_came_back_is_not_told_again(database: Database) {
    let program = Program::beside(&database).await;
    program.add_users().await;
    let node = Node::beside(&database).await;
    let repository = node.repository();
    let joe = new_user("joe").username;
    let placed = async || match repository.place(&new_order(&joe, 12)).await.expect(WORKS) {
        Placement::Placed(order, Some(_)) => order.id,
        other => panic!("expected an order: {other:?}"),
    };
    let first = placed().await;
    let mut stream = node.log.newest(&Scope::All).await.expect(WORKS);
    let told = awaited("the newest order", stream.next()).await.and_then(|newest| newest.order);
    assert_eq!(told.map(|order| order.id), Some(first));
    let second = placed().await;
    repository.transition(&Scope::All, second, Transition::Cancel).await.expect(WORKS);
    let again = told_already(&mut stream);
    assert_eq!(again, None, "the follower, who was told of this order last, is told of it again");
    let third = placed().await;
    let told = awaited("the newest order", stream.next()).await.and_then(|newest| newest.order);
    assert_eq!(told.map(|order| order.id), Some(third));
    drop(stream);
    node.stop().await;
    program.close().await;
}
