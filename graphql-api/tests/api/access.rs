//! What a customer reaches: their own, and nothing that tells that there is more.

use std::sync::Arc;

use domain::{
    OrderId, OrderState, Transition, User, UserId, UserRef,
    testing::{
        InMemory, MockOrderFeed, MockOrderRepository, MockUserRepository,
        contract::{april, new_user},
    },
};
use serde_json::{Value, json};

use crate::service::{Client, Service};

/// Orders 1 and 3 are caty88's, 2 and 4 are joe's.
async fn four_orders() -> Service {
    let service = Service::new().await;
    for (username, day) in [("caty88", 11), ("joe", 12), ("caty88", 13), ("joe", 14)] {
        service.place(username, day).await;
    }
    service
}

#[tokio::test]
async fn a_customer_lists_only_their_own_orders() {
    let customer = four_orders().await.customer("caty88");
    let document = r#"{
        getOrders { id user { username email } }
        orders { totalCount nodes { id } pageInfo { hasNextPage } }
        filtered: orders(where: { username: "joe" }) { totalCount nodes { id } }
    }"#;
    let user = json!({ "username": "caty88", "email": "caty88@dev.io" });
    let expected = json!({
        "getOrders": [{ "id": "Order:1", "user": user }, { "id": "Order:3", "user": user }],
        "orders": {
            "totalCount": 2,
            "nodes": [{ "id": "Order:1" }, { "id": "Order:3" }],
            "pageInfo": { "hasNextPage": false },
        },
        "filtered": { "totalCount": 0, "nodes": [] },
    });
    assert_eq!(customer.data(document).await, expected);
}

#[tokio::test]
async fn the_orders_and_users_of_others_are_not_there_for_a_customer() {
    let customer = four_orders().await.customer("caty88");
    let document = r#"{
        own: order(id: 1) { id } foreign: order(id: 2) { id }
        ownNode: node(id: "Order:3") { id } foreignNode: node(id: "Order:4") { id }
        ownUser: node(id: "User:1") { id } foreignUser: node(id: "User:2") { id }
        self: user(username: "caty88") { email } other: user(username: "joe") { email }
    }"#;
    let expected = json!({
        "own": { "id": "Order:1" }, "foreign": null,
        "ownNode": { "id": "Order:3" }, "foreignNode": null,
        "ownUser": { "id": "User:1" }, "foreignUser": null,
        "self": { "email": "caty88@dev.io" }, "other": null,
    });
    assert_eq!(customer.data(document).await, expected);
}

#[tokio::test]
async fn nested_lists_of_a_customer_hold_only_their_own_orders() {
    let customer = four_orders().await.customer("caty88");
    let orders = "orders { totalCount nodes { id user { orders(last: 1) { totalCount nodes { id } } } } }";
    let document = format!(
        r#"{{
            order(id: 1) {{ user {{ {orders} }} }}
            viewer {{ user {{ {orders} }} }}
            node(id: "User:1") {{ ... on User {{ {orders} }} }}
        }}"#
    );
    let newest = json!({ "orders": { "totalCount": 2, "nodes": [{ "id": "Order:3" }] } });
    let node = |id| json!({ "id": id, "user": newest });
    let user = json!({ "orders": { "totalCount": 2, "nodes": [node("Order:1"), node("Order:3")] } });
    let expected = json!({ "order": { "user": user }, "viewer": { "user": user }, "node": user });
    assert_eq!(customer.data(document).await, expected);
}

#[tokio::test]
async fn a_customer_does_to_their_own_orders_what_staff_may_do() {
    let service = four_orders().await;
    let document = r#"mutation {
        placeOrder(input: { username: "caty88" }) { order { id user { email } } errors { code } }
        payOrder(input: { id: "1" }) { order { state user { email } } errors { code } }
        cancelOrder(input: { id: "3" }) { order { id user { email } } errors { code } }
    }"#;
    let user = json!({ "email": "caty88@dev.io" });
    let expected = json!({
        "placeOrder": { "order": { "id": "Order:5", "user": user }, "errors": [] },
        "payOrder": { "order": { "state": "PAID", "user": user }, "errors": [] },
        "cancelOrder": { "order": { "id": "Order:3", "user": user }, "errors": [] },
    });
    assert_eq!(service.customer("caty88").data(document).await, expected);
}

#[tokio::test]
async fn a_customer_does_nothing_to_others_and_is_told_as_if_they_were_not_there() {
    let service = four_orders().await;
    let before = service.stored().await;
    let customer = service.customer("caty88");
    let cases = [
        (r#"placeOrder(input: { username: "joe" })"#, "USER_NOT_FOUND", "username", "there is no user `joe`"),
        (r#"payOrder(input: { id: "2" })"#, "ORDER_NOT_FOUND", "id", "there is no order 2"),
        (r#"cancelOrder(input: { id: "2" })"#, "ORDER_NOT_FOUND", "id", "there is no order 2"),
    ];
    for (field, code, about, message) in cases {
        let document =
            format!("mutation {{ it: {field} {{ order {{ id }} errors {{ code field message }} }} }}");
        let error = json!({ "code": code, "field": about, "message": message });
        let expected = json!({ "it": { "order": null, "errors": [error] } });
        assert_eq!(customer.data(document).await, expected, "{field}");
    }
    assert_eq!(service.stored().await, before);
}

#[tokio::test]
async fn a_customer_creates_no_users() {
    let service = Service::new().await;
    let document = r#"mutation { createUser(input: { username: "grace", email: "grace@dev.io" }) {
        user { id } errors { code field message } } }"#;
    let error = json!({ "code": "NOT_ALLOWED", "field": null, "message": "you may not do this" });
    let expected = json!({ "createUser": { "user": null, "errors": [error] } });
    assert_eq!(service.customer("caty88").data(document).await, expected);
    let found = service.staff().data(r#"{ user(username: "grace") { id } }"#).await;
    assert_eq!(found, json!({ "user": null }));
}

#[tokio::test]
async fn a_customer_follows_only_their_own_orders() {
    let service = four_orders().await;
    let mut following =
        service.customer("caty88").follow("subscription { getOrder { id state user { email } } }");
    let told =
        |id, state| json!({ "getOrder": { "id": id, "state": state, "user": { "email": "caty88@dev.io" } } });
    assert_eq!(following.data().await, told("Order:3", "UNPAID"));
    service.transition(OrderId(4), Transition::Pay).await;
    service.place("joe", 15).await;
    assert!(following.is_silent(), "changes of others are not told");
    service.transition(OrderId(3), Transition::Pay).await;
    assert_eq!(following.data().await, told("Order:3", "PAID"));
}

#[tokio::test]
async fn a_customer_of_whom_nothing_is_known_reaches_nothing() {
    let customer = four_orders().await.customer("nobody");
    let document = r#"{
        getOrders { id } orders { totalCount } order(id: 1) { id } node(id: "User:1") { id } viewer { user { id } }
    }"#;
    let expected = json!({
        "getOrders": [], "orders": { "totalCount": 0 }, "order": null, "node": null, "viewer": { "user": null },
    });
    assert_eq!(customer.data(document).await, expected);
    let mut following = customer.follow("subscription { getOrder { id } }");
    assert_eq!(following.data().await, json!({ "getOrder": null }));
}

// Repositories keep foreign orders back. Should one fail to, its owner's address still is.
#[tokio::test]
async fn the_address_of_another_user_is_null_for_a_customer() {
    let client = |viewer: Option<&str>| {
        let mut orders = MockOrderRepository::new();
        orders.expect_find().returning(|_, id, _| {
            let joe = new_user("joe");
            let user = UserRef::Loaded(User::new(UserId(2), joe.username, joe.email));
            Ok(Some(domain::Order { id, date: april(12), state: OrderState::Unpaid, user }))
        });
        let client = Client::over(orders, MockUserRepository::new(), Arc::new(MockOrderFeed::new()));
        match viewer {
            Some(username) => client.for_customer(username),
            None => client,
        }
    };
    for (viewer, email) in [
        (None, json!("joe@dev.io")),
        (Some("joe"), json!("joe@dev.io")),
        (Some("caty88"), Value::Null),
        (Some("JOE"), Value::Null),
    ] {
        let data = client(viewer).data("{ order(id: 1) { user { username email } } }").await;
        let expected = json!({ "order": { "user": { "username": "joe", "email": email } } });
        assert_eq!(data, expected, "{viewer:?}");
    }
}

#[tokio::test]
async fn a_user_who_is_foreign_is_kept_back_from_a_customer_by_the_api_itself() {
    let storage = InMemory::new();
    let mut users = MockUserRepository::new();
    users.expect_find_by_ids().returning(|ids| {
        let joe = new_user("joe");
        Ok(ids.iter().map(|id| User::new(*id, joe.username.clone(), joe.email.clone())).collect())
    });
    let client = Client::over(MockOrderRepository::new(), users, Arc::new(storage)).for_customer("caty88");
    let data = client.data(r#"{ node(id: "User:2") { ... on User { email } } }"#).await;
    assert_eq!(data, json!({ "node": null }));
}
