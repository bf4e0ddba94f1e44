//! The shape of an answer: the document's order of fields, and what a field that fails leaves of its surroundings.

use std::sync::Arc;

use domain::{
    OrderId, OrderState, RepositoryError, UserId, UserRef,
    testing::{InMemory, MockOrderRepository, MockUserRepository, contract::april},
};
use graphql_api::Message;
use serde_json::{Value, json};

use crate::service::{Client, Service, codes};

/// The data as text, which shows the order of its fields.
async fn data_text(client: &Client, document: &str) -> String {
    let Message::Next(answer) = client.respond(document).await else { panic!("{document} is refused") };
    assert!(!answer.has_errors(), "{document}: {}", answer.json);
    let data = answer.json.strip_prefix(r#"{"data":"#).and_then(|text| text.strip_suffix('}'));
    data.expect("data alone").to_owned()
}

#[tokio::test]
async fn fields_come_in_the_documents_order_whichever_is_read_first() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    // What goes through a loader waits for its batch, and is read after its neighbours.
    let document = r#"{
        late: node(id: "User:2") { ... on User { orders { totalCount } username id } }
        soon: order(id: 1) { state user { username } date }
        viewer { permissions username }
        later: node(id: "User:1") { id }
        __typename
        first: order(id: 1) { id }
    }"#;
    let expected = concat!(
        r#"{"late":{"orders":{"totalCount":1},"username":"joe","id":"User:2"},"#,
        r#""soon":{"state":"UNPAID","user":{"username":"joe"},"date":"2026-04-12"},"#,
        r#""viewer":{"permissions":["SEE_ALL_ORDERS","CHANGE_ALL_ORDERS","SEE_ALL_EMAILS","CREATE_USERS"],"username":null},"#,
        r#""later":{"id":"User:1"},"__typename":"Query","first":{"id":"Order:1"}}"#,
    );
    assert_eq!(data_text(&service.staff(), document).await, expected);
}

#[tokio::test]
async fn fields_of_fragments_come_where_the_fragment_is() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let document = r"
        { order(id: 1) { date ...rest id ... on Node { id } state } }
        fragment rest on Order { user { ...name id } state }
        fragment name on User { username }
    ";
    let expected = concat!(
        r#"{"order":{"date":"2026-04-12","user":{"username":"joe","id":"User:2"},"#,
        r#""state":"UNPAID","id":"Order:1"}}"#,
    );
    assert_eq!(data_text(&service.staff(), document).await, expected);
}

#[tokio::test]
async fn a_field_that_is_selected_twice_is_answered_once_with_both_selections() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let document =
        "{ getOrders { id user { id } } viewer { username } getOrders { date user { username } } }";
    let expected = concat!(
        r#"{"getOrders":[{"id":"Order:1","user":{"id":"User:2","username":"joe"},"date":"2026-04-12"}],"#,
        r#""viewer":{"username":null}}"#,
    );
    assert_eq!(data_text(&service.staff(), document).await, expected);
}

#[tokio::test]
async fn payloads_come_in_the_documents_order() {
    let client = Service::new().await.staff();
    let document = r#"mutation {
        b: placeOrder(input: { username: "joe" }) { errors { code } order { state id } }
        a: payOrder(input: { id: 9 }) { order { id } errors { message code } }
    }"#;
    let expected = concat!(
        r#"{"b":{"errors":[],"order":{"state":"UNPAID","id":"Order:1"}},"#,
        r#""a":{"order":null,"errors":[{"message":"there is no order 9","code":"ORDER_NOT_FOUND"}]}}"#,
    );
    assert_eq!(data_text(&client, document).await, expected);
}

#[tokio::test]
async fn a_nullable_field_that_fails_is_null_beside_its_siblings() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let client = service.staff();
    for failing in [r#"order(id: "x")"#, r#"node(id: "x")"#, r#"user(username: "a b")"#] {
        let document = format!("{{ order(id: 1) {{ id }} bad: {failing} {{ id }} getOrders {{ id }} }}");
        let answer = client.ask(document).await;
        let order = json!({ "id": "Order:1" });
        assert_eq!(answer["data"], json!({ "order": order, "bad": null, "getOrders": [order] }), "{failing}");
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{failing}");
        assert_eq!(answer["errors"][0]["path"], json!(["bad"]), "{failing}");
    }
}

#[tokio::test]
async fn every_nullable_field_that_fails_is_told() {
    let client = Service::new().await.staff();
    let answer = client
        .ask(r#"{ a: order(id: "x") { id } b: user(username: "") { id } c: node(id: "") { id } }"#)
        .await;
    assert_eq!(answer["data"], json!({ "a": null, "b": null, "c": null }));
    let errors = answer["errors"].as_array().expect("errors");
    let mut paths: Vec<_> = errors.iter().map(|error| error["path"].to_string()).collect();
    paths.sort();
    assert_eq!(paths, [r#"["a"]"#, r#"["b"]"#, r#"["c"]"#]);
}

#[tokio::test]
async fn a_field_that_must_not_be_null_takes_its_parent_along() {
    let service = Service::new().await;
    let answer = service.staff().ask("{ viewer { username } orders(first: -1) { totalCount } }").await;
    assert_eq!((&answer["data"], codes(&answer)), (&Value::Null, vec!["BAD_USER_INPUT"]));
    assert_eq!(answer["errors"][0]["path"], json!(["orders"]));
    let document = r#"{ viewer { username } user(username: "joe") { id orders(first: -1) { totalCount } } }"#;
    let answer = service.staff().ask(document).await;
    assert_eq!(answer["data"], json!({ "viewer": { "username": null }, "user": null }));
    assert_eq!(answer["errors"][0]["path"], json!(["user", "orders"]));
}

/// Orders whose users cannot be read.
fn without_users() -> Client {
    let order = |id: OrderId| {
        let user = UserRef::Id(UserId(1));
        domain::Order { id, date: april(12), state: OrderState::Unpaid, user }
    };
    let mut orders = MockOrderRepository::new();
    orders.expect_find().returning(move |_, id, _| Ok(Some(order(id))));
    orders
        .expect_transition()
        .returning(move |_, id, _| Ok(domain::TransitionOutcome::Done(order(id), None)));
    let mut users = MockUserRepository::new();
    users.expect_find_by_ids().returning(|_| Err(RepositoryError::Failed("no disk".into())));
    Client::over(orders, users, Arc::new(InMemory::new()))
}

#[tokio::test]
async fn an_order_whose_user_cannot_be_read_is_null_beside_its_siblings() {
    let document = "{ a: order(id: 1) { id user { id } } b: order(id: 2) { id } viewer { username } }";
    let answer = without_users().ask(document).await;
    let expected = json!({ "a": null, "b": { "id": "Order:2" }, "viewer": { "username": null } });
    assert_eq!(answer["data"], expected);
    assert_eq!(
        (codes(&answer), &answer["errors"][0]["path"]),
        (vec!["INTERNAL_SERVER_ERROR"], &json!(["a", "user"]))
    );
}

#[tokio::test]
async fn a_payload_whose_order_cannot_be_read_on_is_there_without_it() {
    let document = r#"mutation { payOrder(input: { id: "1" }) { errors { code } order { user { id } } } }"#;
    let answer = without_users().ask(document).await;
    assert_eq!(answer["data"], json!({ "payOrder": { "errors": [], "order": null } }));
    assert_eq!(answer["errors"][0]["path"], json!(["payOrder", "order", "user"]));
}
