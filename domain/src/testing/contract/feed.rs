//! Rules of the feed of the newest order.

use std::time::Duration;

use futures_util::{StreamExt, future::join_all};

use super::{Adapter, new_order};
use crate::{NewestOrderStream, Order, OrderState, Scope, Transition, UserRef};

rules![
    the_feed_starts_with_the_newest_order,
    the_feed_tells_each_change_of_the_newest_order,
    the_feed_is_silent_about_older_orders,
    the_feed_goes_back_when_the_newest_order_is_deleted,
    the_feed_of_a_scope_tells_its_own_orders_only,
    the_feed_ends_on_the_newest_state_for_every_follower,
];

async fn the_feed_starts_with_the_newest_order(adapter: Adapter) {
    let mut empty = follow(&adapter, &Scope::All).await;
    assert_eq!(next(&mut empty).await, None);
    let user = adapter.user("caty88").await;
    adapter.place(&new_order(user.username(), 1)).await;
    let newest = adapter.place(&new_order(user.username(), 2)).await;
    let mut feed = follow(&adapter, &Scope::All).await;
    let told = next(&mut feed).await.expect("an order");
    assert_eq!((told.id, told.user), (newest.id, UserRef::Loaded(user)));
}

async fn the_feed_tells_each_change_of_the_newest_order(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut feed = follow(&adapter, &Scope::All).await;
    assert_eq!(next(&mut feed).await, None);
    for day in 1..=3 {
        let id = adapter.place(&new_order(user.username(), day)).await.id;
        assert_eq!(next_state(&mut feed).await, Some((id.0, OrderState::Unpaid)));
        adapter.transition(id, Transition::Pay).await;
        assert_eq!(next_state(&mut feed).await, Some((id.0, OrderState::Paid)));
    }
}

async fn the_feed_is_silent_about_older_orders(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let older = adapter.place(&new_order(user.username(), 1)).await.id;
    let newest = adapter.place(&new_order(user.username(), 2)).await.id;
    let mut feed = follow(&adapter, &Scope::All).await;
    assert_eq!(next_state(&mut feed).await, Some((newest.0, OrderState::Unpaid)));
    adapter.transition(older, Transition::Pay).await;
    adapter.transition(newest, Transition::Pay).await;
    assert_eq!(next_state(&mut feed).await, Some((newest.0, OrderState::Paid)));
}

async fn the_feed_goes_back_when_the_newest_order_is_deleted(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let older = adapter.place(&new_order(user.username(), 1)).await.id;
    let newest = adapter.place(&new_order(user.username(), 2)).await.id;
    let mut feed = follow(&adapter, &Scope::All).await;
    for expected in [Some(newest), Some(older), None] {
        assert_eq!(next(&mut feed).await.map(|order| order.id), expected);
        if let Some(id) = expected {
            adapter.transition(id, Transition::Cancel).await;
        }
    }
}

async fn the_feed_of_a_scope_tells_its_own_orders_only(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let mut feed = follow(&adapter, &Scope::Of(caty.username().clone())).await;
    assert_eq!(next(&mut feed).await, None);
    adapter.place(&new_order(joe.username(), 1)).await;
    let own = adapter.place(&new_order(caty.username(), 1)).await.id;
    adapter.place(&new_order(joe.username(), 2)).await;
    assert_eq!(next_state(&mut feed).await, Some((own.0, OrderState::Unpaid)));
    adapter.transition(own, Transition::Pay).await;
    assert_eq!(next_state(&mut feed).await, Some((own.0, OrderState::Paid)));
}

async fn the_feed_ends_on_the_newest_state_for_every_follower(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let followers = join_all((0..20).map(|_| follow(&adapter, &Scope::All))).await;
    let writers = join_all((0..10).map(|day| {
        let order = new_order(user.username(), day + 1);
        let adapter = &adapter;
        async move {
            let id = adapter.place(&order).await.id;
            adapter.transition(id, Transition::Pay).await;
            id
        }
    }));
    let newest = writers.await.into_iter().max().expect("ten orders");
    for mut follower in followers {
        while next_state(&mut follower).await != Some((newest.0, OrderState::Paid)) {}
    }
}

async fn follow(adapter: &Adapter, scope: &Scope) -> NewestOrderStream {
    adapter.feed.newest(scope).await.expect("a storage that works")
}

async fn next(feed: &mut NewestOrderStream) -> Option<Order> {
    let next = tokio::time::timeout(Duration::from_secs(10), feed.next()).await;
    next.expect("the feed tells within 10 s").expect("the feed goes on").order
}

async fn next_state(feed: &mut NewestOrderStream) -> Option<(i64, OrderState)> {
    next(feed).await.map(|order| (order.id.0, order.state))
}
