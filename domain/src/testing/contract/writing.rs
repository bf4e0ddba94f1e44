//! Rules of placing, paying and cancelling orders, of idempotency keys, and of creating users.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{Adapter, april, everything, new_order, new_user};
use crate::{IdempotencyKey, NewOrder, OrderId, OrderState, Placement, Transition, TransitionOutcome};

rules![
    an_order_for_an_unknown_user_is_not_placed,
    an_unpaid_order_is_paid_once,
    of_racing_payments_one_is_done,
    an_unpaid_order_is_cancelled_and_gone,
    a_paid_order_is_not_cancelled,
    the_id_of_a_deleted_order_is_not_used_again,
    a_repeated_key_returns_the_first_order,
    a_key_with_other_input_is_told,
    a_key_belongs_to_its_user,
    the_key_of_a_deleted_order_places_no_other,
    of_racing_placements_with_one_key_one_is_placed,
    a_username_is_taken_once,
];

async fn an_order_for_an_unknown_user_is_not_placed(adapter: Adapter) {
    let nobody = new_user("nobody").username;
    let outcome = adapter.try_place(&new_order(&nobody, 1)).await;
    assert_eq!(outcome, Placement::UserNotFound);
    assert!(adapter.ids(&everything()).await.is_empty());
}

async fn an_unpaid_order_is_paid_once(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    let TransitionOutcome::Done(paid, _) = adapter.transition(id, Transition::Pay).await else {
        panic!("the first payment is done");
    };
    assert_eq!((paid.id, paid.date, paid.state), (id, april(1), OrderState::Paid));
    assert_eq!(paid.user.id(), user.id());
    assert_eq!(adapter.find(id).await.expect("the order").state, OrderState::Paid);
    assert_eq!(adapter.transition(id, Transition::Pay).await, TransitionOutcome::Refused);
    let unknown = adapter.transition(OrderId(id.0 + 1), Transition::Pay).await;
    assert_eq!(unknown, TransitionOutcome::NotFound);
}

async fn of_racing_payments_one_is_done(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    let outcomes = join_all((0..8).map(|_| adapter.transition(id, Transition::Pay))).await;
    let done = outcomes.iter().filter(|o| matches!(o, TransitionOutcome::Done(_, _))).count();
    let refused = outcomes.iter().filter(|o| matches!(o, TransitionOutcome::Refused)).count();
    assert_eq!((done, refused), (1, 7));
}

async fn an_unpaid_order_is_cancelled_and_gone(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 7)).await.id;
    let TransitionOutcome::Done(was, _) = adapter.transition(id, Transition::Cancel).await else {
        panic!("an unpaid order is cancelled");
    };
    assert_eq!((was.id, was.date, was.state), (id, april(7), OrderState::Unpaid));
    assert_eq!(adapter.find(id).await, None);
    assert_eq!(adapter.transition(id, Transition::Cancel).await, TransitionOutcome::NotFound);
}

async fn a_paid_order_is_not_cancelled(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let id = adapter.place(&new_order(user.username(), 1)).await.id;
    adapter.transition(id, Transition::Pay).await;
    assert_eq!(adapter.transition(id, Transition::Cancel).await, TransitionOutcome::Refused);
    assert!(adapter.find(id).await.is_some());
}

async fn the_id_of_a_deleted_order_is_not_used_again(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let first = adapter.place(&new_order(user.username(), 1)).await.id;
    adapter.transition(first, Transition::Cancel).await;
    let second = adapter.place(&new_order(user.username(), 1)).await.id;
    assert!(second > first, "{second} follows {first}");
}

async fn a_repeated_key_returns_the_first_order(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let first = adapter.place(&order).await;
    adapter.transition(first.id, Transition::Pay).await;
    let again = adapter.place(&order).await;
    assert_eq!((again.id, again.state), (first.id, OrderState::Paid));
    assert_eq!(adapter.ids(&everything()).await, [first.id.0]);

    let today = |day| NewOrder { requested_date: None, ..new_order(user.username(), day) };
    let before_midnight = adapter.place(&with_key(today(1), "two")).await;
    let after_midnight = adapter.place(&with_key(today(2), "two")).await;
    assert_eq!(before_midnight, after_midnight);
}

async fn a_key_with_other_input_is_told(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = new_order(user.username(), 1);
    let first = adapter.place(&with_key(order.clone(), "one")).await;
    let others = [
        new_order(user.username(), 2),
        NewOrder { requested_date: None, ..order.clone() },
        NewOrder { state: OrderState::Paid, ..order },
    ];
    for other in others {
        let outcome = adapter.try_place(&with_key(other, "one")).await;
        assert_eq!(outcome, Placement::KeyReused);
    }
    assert_eq!(adapter.ids(&everything()).await, [first.id.0]);
}

async fn a_key_belongs_to_its_user(adapter: Adapter) {
    let caty = adapter.user("caty88").await;
    let joe = adapter.user("joe").await;
    let first = adapter.place(&with_key(new_order(caty.username(), 1), "one")).await;
    let second = adapter.place(&with_key(new_order(joe.username(), 2), "one")).await;
    assert_ne!(first.id, second.id);
}

async fn the_key_of_a_deleted_order_places_no_other(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let placed = adapter.place(&order).await;
    adapter.transition(placed.id, Transition::Cancel).await;
    assert_eq!(adapter.try_place(&order).await, Placement::OrderGone);
    assert!(adapter.ids(&everything()).await.is_empty());
}

async fn of_racing_placements_with_one_key_one_is_placed(adapter: Adapter) {
    let user = adapter.user("caty88").await;
    let order = with_key(new_order(user.username(), 1), "one");
    let placed = join_all((0..8).map(|_| adapter.place(&order))).await;
    let ids: BTreeSet<_> = placed.iter().map(|order| order.id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(adapter.ids(&everything()).await.len(), 1);
}

async fn a_username_is_taken_once(adapter: Adapter) {
    adapter.user("caty88").await;
    let again = adapter.users.create(&new_user("caty88")).await;
    assert_eq!(again.expect("works"), None);
    let racing = join_all((0..8).map(|_| async {
        let created = adapter.users.create(&new_user("joe")).await;
        created.expect("works").is_some()
    }));
    let created = racing.await.into_iter().filter(|created| *created).count();
    assert_eq!(created, 1);
}

fn with_key(order: NewOrder, key: &str) -> NewOrder {
    let key = IdempotencyKey::parse(key).expect("a valid key");
    NewOrder { idempotency_key: Some(key), ..order }
}
