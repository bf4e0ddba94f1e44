//! Followers who come and go.

#[macro_use]
mod trials;
mod repository;
mod storage;

use std::time::Duration;

use domain::{
    NewestOrderStream, Order, OrderFeed, OrderId, OrderRepository, Placement, Scope, UserRepository,
    testing::contract::{new_order, new_user},
};
use futures_util::{StreamExt, future::join_all};
use persistence::{Database, OrderLog, SqlRepository};
use repository::repository_in;

trials! {
    on_both: [
        a_follower_who_comes_back_is_told_the_newest,
        a_follower_who_comes_back_after_changes_is_told_the_newest,
        followers_who_come_and_go_at_once_are_all_told_the_newest,
    ],
    on_sqlite: [],
    on_postgres: [],
}

const WORKS: &str = "a database that works";

async fn place(repository: &SqlRepository) -> OrderId {
    match repository.place(&new_order(&new_user("joe").username, 12)).await.expect(WORKS) {
        Placement::Placed(order, ..) => order.id,
        other => panic!("expected a placed order, got {other:?}"),
    }
}

async fn follow(log: &OrderLog, scope: &Scope) -> NewestOrderStream {
    log.newest(scope).await.expect(WORKS)
}

async fn next(stream: &mut NewestOrderStream) -> Option<Order> {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
    next.expect("the feed tells within 10 s").expect("the feed goes on").order
}

async fn a_follower_who_comes_back_is_told_the_newest(database: Database) {
    let (repository, log) = repository_in(&database).await;
    let joe = repository.create(&new_user("joe")).await.expect(WORKS).expect("a free name");
    let id = place(&repository).await;
    for scope in [Scope::All, Scope::Of(joe.username().clone())] {
        for _ in 0..5 {
            let mut stream = follow(&log, &scope).await;
            assert_eq!(next(&mut stream).await.map(|order| order.id), Some(id));
        }
    }
}

async fn a_follower_who_comes_back_after_changes_is_told_the_newest(database: Database) {
    let (repository, log) = repository_in(&database).await;
    repository.create(&new_user("joe")).await.expect(WORKS);
    assert_eq!(next(&mut follow(&log, &Scope::All).await).await, None);
    for _ in 0..5 {
        place(&repository).await;
        let id = place(&repository).await;
        let mut stream = follow(&log, &Scope::All).await;
        assert_eq!(next(&mut stream).await.map(|order| order.id), Some(id));
    }
}

async fn followers_who_come_and_go_at_once_are_all_told_the_newest(database: Database) {
    let (repository, log) = repository_in(&database).await;
    repository.create(&new_user("joe")).await.expect(WORKS);
    let id = place(&repository).await;
    let told = join_all((0..40).map(|_| async { next(&mut follow(&log, &Scope::All).await).await })).await;
    assert!(told.into_iter().all(|order| order.map(|order| order.id) == Some(id)));
}
