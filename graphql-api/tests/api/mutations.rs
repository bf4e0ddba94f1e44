//! What each mutation does, and answers, when it does what it was asked for.

use domain::{OrderState, Transition};
use serde_json::{Value, json};

use crate::service::{Client, Service};

async fn place(client: &Client, input: &str) -> Value {
    let fields = "order { id date state user { username email } } errors { code }";
    client.data(format!("mutation {{ placeOrder(input: {input}) {{ {fields} }} }}")).await["placeOrder"]
        .take()
}

#[tokio::test]
async fn a_user_is_created_and_there() {
    let client = Service::new().await.staff();
    let document = r#"mutation {
        createUser(input: { username: "grace", email: "grace@dev.io" }) {
            user { id username email orders { totalCount } } errors { code }
        }
    }"#;
    let user = json!({ "id": "User:3", "username": "grace", "email": "grace@dev.io", "orders": { "totalCount": 0 } });
    let expected = json!({ "createUser": { "user": user, "errors": [] } });
    assert_eq!(client.data(document).await, expected);
    let found = client.data(r#"{ user(username: "grace") { id email } }"#).await;
    assert_eq!(found, json!({ "user": { "id": "User:3", "email": "grace@dev.io" } }));
}

#[tokio::test]
async fn an_order_is_placed_as_the_input_says() {
    let client = Service::new().await.staff();
    let input = r#"{ username: "joe", date: "2027-02-28", state: PAID, idempotencyKey: "k" }"#;
    let user = json!({ "username": "joe", "email": "joe@dev.io" });
    let order = json!({ "id": "Order:1", "date": "2027-02-28", "state": "PAID", "user": user });
    assert_eq!(place(&client, input).await, json!({ "order": order, "errors": [] }));
    let found = client.data("{ getOrders { id date state user { username email } } }").await;
    assert_eq!(found, json!({ "getOrders": [order] }));
}

#[tokio::test]
async fn an_order_is_unpaid_and_for_today_in_utc_unless_the_input_says_so() {
    let client = Service::new().await.staff();
    for input in [r#"{ username: "joe" }"#, r#"{ username: "joe", date: null, idempotencyKey: null }"#] {
        let order = place(&client, input).await["order"].take();
        assert_eq!((&order["date"], &order["state"]), (&json!("2026-04-12"), &json!("UNPAID")), "{input}");
    }
}

#[tokio::test]
async fn a_repeated_key_answers_the_first_order_as_it_is_now() {
    let service = Service::new().await;
    let client = service.staff();
    let input = r#"{ username: "joe", idempotencyKey: "k" }"#;
    let first = place(&client, input).await;
    let again = place(&client, input).await;
    assert_eq!(first, again);
    client.data(r#"mutation { payOrder(input: { id: "1" }) { errors { code } } }"#).await;
    let again = place(&client, input).await;
    assert_eq!((&again["order"]["id"], &again["order"]["state"]), (&json!("Order:1"), &json!("PAID")));
    assert_eq!(service.stored().await, [(1, OrderState::Paid)]);
}

#[tokio::test]
async fn an_order_is_paid_and_stays_so() {
    for id in ["Order:1", "1"] {
        let service = Service::new().await;
        service.place("joe", 12).await;
        let document = format!(
            r#"mutation {{ payOrder(input: {{ id: "{id}" }}) {{
                order {{ id date state user {{ username email }} }} errors {{ code }} }} }}"#
        );
        let user = json!({ "username": "joe", "email": "joe@dev.io" });
        let order = json!({ "id": "Order:1", "date": "2026-04-12", "state": "PAID", "user": user });
        let expected = json!({ "payOrder": { "order": order, "errors": [] } });
        assert_eq!(service.staff().data(document).await, expected);
        assert_eq!(service.stored().await, [(1, OrderState::Paid)]);
    }
}

#[tokio::test]
async fn an_order_is_cancelled_and_answered_as_it_was() {
    for id in ["Order:1", "1"] {
        let service = Service::new().await;
        service.place("joe", 12).await;
        service.place("joe", 13).await;
        let document = format!(
            r#"mutation {{ cancelOrder(input: {{ id: "{id}" }}) {{
                order {{ id date state user {{ username orders {{ totalCount }} }} }} errors {{ code }} }} }}"#
        );
        let user = json!({ "username": "joe", "orders": { "totalCount": 1 } });
        let order = json!({ "id": "Order:1", "date": "2026-04-12", "state": "UNPAID", "user": user });
        let expected = json!({ "cancelOrder": { "order": order, "errors": [] } });
        assert_eq!(service.staff().data(document).await, expected);
        assert_eq!(service.stored().await, [(2, OrderState::Unpaid)]);
    }
}

#[tokio::test]
async fn the_mutations_of_a_document_are_done_one_after_another() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let payload = "{ order { id state } errors { code } }";
    let document = format!(
        r#"mutation {{
            early: cancelOrder(input: {{ id: "2" }}) {payload}
            placeOrder(input: {{ username: "caty88" }}) {payload}
            pay: payOrder(input: {{ id: "1" }}) {payload}
            again: payOrder(input: {{ id: "1" }}) {payload}
            late: cancelOrder(input: {{ id: "2" }}) {payload}
        }}"#
    );
    let done = |id, state| json!({ "order": { "id": id, "state": state }, "errors": [] });
    let refused = |code| json!({ "order": null, "errors": [{ "code": code }] });
    let expected = json!({
        "early": refused("ORDER_NOT_FOUND"),
        "placeOrder": done("Order:2", "UNPAID"),
        "pay": done("Order:1", "PAID"),
        "again": refused("ORDER_ALREADY_PAID"),
        "late": done("Order:2", "UNPAID"),
    });
    assert_eq!(service.staff().data(document).await, expected);
    assert_eq!(service.stored().await, [(1, OrderState::Paid)]);
}

// GraphQL (October 2021), section 6.3.2: fields with the same response key are collected, and executed once.
#[tokio::test]
async fn a_mutation_that_is_selected_twice_is_done_once() {
    let service = Service::new().await;
    let document = r#"
        mutation { placeOrder(input: { username: "joe" }) { order { id } } ...errors }
        fragment errors on Mutation { placeOrder(input: { username: "joe" }) { errors { code } } }
    "#;
    let expected = json!({ "placeOrder": { "order": { "id": "Order:1" }, "errors": [] } });
    assert_eq!(service.staff().data(document).await, expected);
    assert_eq!(service.stored().await, [(1, OrderState::Unpaid)]);
}

#[tokio::test]
async fn a_mutation_that_is_skipped_is_not_done() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let document = r#"mutation {
        payOrder(input: { id: "1" }) @skip(if: true) { order { id } }
        cancelOrder(input: { id: "1" }) @include(if: false) { order { id } }
        __typename
    }"#;
    assert_eq!(service.staff().data(document).await, json!({ "__typename": "Mutation" }));
    assert_eq!(service.stored().await, [(1, OrderState::Unpaid)]);
}

#[tokio::test]
async fn a_read_after_a_mutation_sees_it() {
    let service = Service::new().await;
    let id = service.place("joe", 12).await;
    let client = service.staff();
    let list = "{ getOrders { id state } orders { totalCount } }";
    let before = client.data(list).await;
    assert_eq!(before["getOrders"], json!([{ "id": "Order:1", "state": "UNPAID" }]));
    service.transition(id, Transition::Cancel).await;
    assert_eq!(client.data(list).await, json!({ "getOrders": [], "orders": { "totalCount": 0 } }));
}
