//! Rules of finding, listing, paging and counting.

use super::{Adapter, april, everything, ids, new_order, new_user};
use crate::{
    Direction, Order, OrderFilter, OrderId, OrderQuery, OrderState, PageRequest, Scope, Transition,
    TransitionOutcome, User, UserId, UserRef, WithUser,
};

rules![
    a_placed_order_is_found_with_its_user,
    an_order_is_found_without_its_user_where_that_is_not_asked_for,
    orders_are_listed_in_the_order_of_their_ids,
    pages_follow_each_other_in_both_directions,
    an_empty_page_tells_whether_there_is_more,
    every_condition_of_a_filter_holds,
    a_scope_hides_the_orders_of_others,
    many_users_pages_are_those_that_each_user_has,
    counts_agree_with_lists,
    users_are_found_by_name_and_by_id,
];

async fn a_placed_order_is_found_with_its_user(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let placed = adapter.place(&new_order(user.username(), 12)).await;
    let expected =
        Order { id: placed.id, date: april(12), state: OrderState::Unpaid, user: UserRef::Loaded(user) };
    assert_eq!(adapter.find(placed.id).await, Some(expected));
    assert_eq!(adapter.find(OrderId(placed.id.0 + 1)).await, None);
}

async fn an_order_is_found_without_its_user_where_that_is_not_asked_for(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let placed = adapter.place(&new_order(user.username(), 12)).await;
    let found = adapter.orders.find(&Scope::All, placed.id, WithUser::No).await;
    let found = found.expect("a storage that works").expect("the order");
    assert_eq!(found.user, UserRef::Id(user.id()));
    let page = adapter.orders.page(&everything()).await.expect("a storage that works");
    assert_eq!(page.orders[0].user, UserRef::Id(user.id()));
}

async fn orders_are_listed_in_the_order_of_their_ids(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut placed = Vec::new();
    for day in [12, 3, 30] {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id.0);
    }
    assert!(placed.is_sorted(), "later orders have higher ids: {placed:?}");
    assert_eq!(adapter.ids(&everything()).await, placed);
}

async fn pages_follow_each_other_in_both_directions(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let mut placed = Vec::new();
    for day in 1..=5 {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id);
    }
    let all: Vec<i64> = placed.iter().map(|id| id.0).collect();
    let read = async |page| {
        let query = OrderQuery { page, ..everything() };
        let page = adapter.orders.page(&query).await.expect("a storage that works");
        (ids(&page.orders), page.has_previous, page.has_next)
    };
    let page = |direction, after, before| PageRequest { limit: 2, direction, after, before };
    let forward = |after| page(Direction::Forward, after, None);
    let backward = |before| page(Direction::Backward, None, before);
    assert_eq!(read(forward(None)).await, (all[0..2].to_vec(), false, true));
    assert_eq!(read(forward(Some(placed[1]))).await, (all[2..4].to_vec(), true, true));
    assert_eq!(read(forward(Some(placed[3]))).await, (all[4..].to_vec(), true, false));
    assert_eq!(read(backward(None)).await, (all[3..].to_vec(), true, false));
    assert_eq!(read(backward(Some(placed[3]))).await, (all[1..3].to_vec(), true, true));
    assert_eq!(read(backward(Some(placed[1]))).await, (all[..1].to_vec(), false, true));
    let between = page(Direction::Forward, Some(placed[0]), Some(placed[2]));
    assert_eq!(read(between).await, (all[1..2].to_vec(), true, false));
}

async fn an_empty_page_tells_whether_there_is_more(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let page = PageRequest::first(0);
    let query = OrderQuery { page, ..everything() };
    let has_next = async || adapter.orders.page(&query).await.expect("works").has_next;
    assert!(!has_next().await);
    adapter.place(&new_order(user.username(), 1)).await;
    assert!(has_next().await);
}

async fn every_condition_of_a_filter_holds(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let mut placed = Vec::new();
    for (user, day) in [(&caty, 1), (&caty, 10), (&joe, 10), (&joe, 20)] {
        placed.push(adapter.place(&new_order(user.username(), day)).await.id);
    }
    adapter.transition(placed[1], Transition::Pay).await;
    let none = OrderFilter::default;
    let caty = Some(caty.username().clone());
    let cases = [
        (none(), vec![0, 1, 2, 3]),
        (OrderFilter { state: Some(OrderState::Paid), ..none() }, vec![1]),
        (OrderFilter { state: Some(OrderState::Unpaid), ..none() }, vec![0, 2, 3]),
        (OrderFilter { username: caty.clone(), ..none() }, vec![0, 1]),
        (OrderFilter { date_from: Some(april(10)), ..none() }, vec![1, 2, 3]),
        (OrderFilter { date_to: Some(april(10)), ..none() }, vec![0, 1, 2]),
        (
            OrderFilter {
                state: Some(OrderState::Paid),
                username: caty,
                date_from: Some(april(11)),
                date_to: Some(april(30)),
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        let expected: Vec<_> = expected.into_iter().map(|i: usize| placed[i].0).collect();
        let query = OrderQuery { filter: filter.clone(), ..everything() };
        assert_eq!(adapter.ids(&query).await, expected, "{filter:?}");
    }
}

async fn a_scope_hides_the_orders_of_others(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let own = adapter.place(&new_order(caty.username(), 1)).await.id;
    let foreign = adapter.place(&new_order(joe.username(), 1)).await.id;
    let scope = Scope::Of(caty.username().clone());
    let orders = &adapter.orders;
    for with_user in [WithUser::Yes, WithUser::No] {
        let found = orders.find(&scope, own, with_user).await.expect("works");
        assert_eq!(found.map(|order| order.id), Some(own));
        assert_eq!(orders.find(&scope, foreign, with_user).await.expect("works"), None);
        let query = OrderQuery { scope: scope.clone(), with_user, ..everything() };
        assert_eq!(adapter.ids(&query).await, [own.0]);
        let both = [caty.id(), joe.id()];
        let pages = orders.pages_by_user(&both, &query).await.expect("works");
        assert_eq!(ids(&pages[&caty.id()].orders), [own.0]);
        assert!(pages.get(&joe.id()).is_none_or(|page| page.orders.is_empty()));
    }
    for transition in Transition::ALL {
        let outcome = orders.transition(&scope, foreign, transition).await.expect("works");
        assert_eq!(outcome, TransitionOutcome::NotFound);
    }
    let filter = OrderFilter::default();
    assert_eq!(orders.count(&scope, &filter).await.expect("works"), 1);
    assert!(adapter.find(foreign).await.is_some());
}

async fn many_users_pages_are_those_that_each_user_has(adapter: Adapter) {
    let mut users = Vec::new();
    for number in 0..4 {
        let user = adapter.user(&format!("user{number}")).await;
        for day in 1..=number {
            adapter.place(&new_order(user.username(), day)).await;
        }
        users.push(user);
    }
    let keys: Vec<_> = users.iter().map(User::id).collect();
    for direction in [Direction::Forward, Direction::Backward] {
        let page = PageRequest { direction, ..PageRequest::first(2) };
        let query = OrderQuery { page, ..everything() };
        let pages = adapter.orders.pages_by_user(&keys, &query).await.expect("works");
        for user in &users {
            let username = Some(user.username().clone());
            let filter = OrderFilter { username, ..OrderFilter::default() };
            let own = OrderQuery { filter, ..query.clone() };
            let expected = adapter.orders.page(&own).await.expect("works");
            let page = pages.get(&user.id()).cloned().unwrap_or_default();
            assert_eq!(page, expected, "{direction:?} of {}", user.username());
        }
    }
}

async fn counts_agree_with_lists(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    for day in 1..=3 {
        let placed = adapter.place(&new_order(caty.username(), day)).await;
        if day == 2 {
            adapter.transition(placed.id, Transition::Pay).await;
        }
    }
    adapter.place(&new_order(joe.username(), 1)).await;
    let (all, orders) = (OrderFilter::default(), &adapter.orders);
    assert_eq!(orders.count(&Scope::All, &all).await.expect("works"), 4);
    let unpaid = OrderFilter { state: Some(OrderState::Unpaid), ..all };
    assert_eq!(orders.count(&Scope::All, &unpaid).await.expect("works"), 3);
    let both = [caty.id(), joe.id()];
    let counts = orders.count_by_user(&both, &Scope::All, &unpaid).await.expect("works");
    assert_eq!((counts[&caty.id()], counts[&joe.id()]), (2, 1));
}

async fn users_are_found_by_name_and_by_id(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let users = &adapter.users;
    let found = users.find_by_username(joe.username()).await.expect("works");
    assert_eq!(found, Some(joe.clone()));
    let nobody = new_user("CATY88").username;
    assert_eq!(users.find_by_username(&nobody).await.expect("works"), None);
    let mut ids = vec![joe.id(), caty.id()];
    ids.push(UserId(joe.id().0 + 1));
    let mut found = users.find_by_ids(&ids).await.expect("works");
    found.sort_by_key(User::id);
    assert_eq!(found, [caty, joe]);
}
