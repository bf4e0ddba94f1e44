//! Every change, followed and resumed by cursor.

use domain::{OrderId, Transition};
use serde_json::{Value, json};

use crate::service::{Client, Following, Service, with_variables};

const EVENTS: &str = "subscription { orderEvents {
    kind order { id date state user { username } } previousState } }";

const AFTER: &str = "subscription($after: Cursor, $where: OrderFilter) {
    orderEvents(after: $after, where: $where) { cursor kind order { id state } } }";

/// Follows after this cursor.
pub(crate) fn after(cursor: &Value) -> async_graphql::Request {
    with_variables(AFTER, json!({ "after": cursor }))
}

/// Has a stream look at the log before anything else happens.
fn started(mut following: Following) -> Following {
    assert!(following.is_silent());
    following
}

/// The next event's kind, order and state, and its cursor.
async fn next(following: &mut Following) -> (String, Value) {
    let event = following.data().await["orderEvents"].take();
    let order = &event["order"];
    let text = [&event["kind"], &order["id"], &order["state"]].map(|field| field.as_str().expect("text"));
    (text.join(" "), event["cursor"].clone())
}

/// The cursor from which everything is told.
pub(crate) async fn beginning(client: &Client) -> Value {
    client.data("{ orders(first: 0) { cursor } }").await["orders"]["cursor"].take()
}

#[tokio::test]
async fn every_change_is_told_once_and_in_order() {
    let service = Service::new().await;
    let mut following = started(service.staff().follow(EVENTS));
    let first = service.place("joe", 12).await;
    service.place("caty88", 13).await;
    service.transition(first, Transition::Pay).await;
    service.transition(OrderId(2), Transition::Cancel).await;
    let order = |id, date, state, username| json!({ "id": id, "date": date, "state": state, "user": { "username": username } });
    let unpaid = order("Order:1", "2026-04-12", "UNPAID", "joe");
    let paid = order("Order:1", "2026-04-12", "PAID", "joe");
    let hers = order("Order:2", "2026-04-13", "UNPAID", "caty88");
    let events = [
        json!({ "kind": "PLACED", "order": unpaid, "previousState": null }),
        json!({ "kind": "PLACED", "order": hers, "previousState": null }),
        json!({ "kind": "STATE_CHANGED", "order": paid, "previousState": "UNPAID" }),
        json!({ "kind": "DELETED", "order": hers, "previousState": null }),
    ];
    for event in events {
        assert_eq!(following.data().await, json!({ "orderEvents": event }));
    }
    assert!(following.is_silent());
}

#[tokio::test]
async fn without_a_cursor_the_past_is_not_told() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let mut following = started(service.staff().follow(AFTER));
    service.place("joe", 13).await;
    assert_eq!(next(&mut following).await.0, "PLACED Order:2 UNPAID");
}

#[tokio::test]
async fn following_after_an_event_continues_with_the_next() {
    let service = Service::new().await;
    let client = service.staff();
    let beginning = beginning(&client).await;
    for day in 1..=4 {
        service.place("joe", day).await;
    }
    let mut whole = client.follow(after(&beginning));
    for number in 1..=4 {
        let (told, cursor) = next(&mut whole).await;
        assert_eq!(told, format!("PLACED Order:{number} UNPAID"));
        let mut rest = client.follow(after(&cursor));
        for later in number + 1..=4 {
            assert_eq!(next(&mut rest).await.0, format!("PLACED Order:{later} UNPAID"));
        }
        assert!(rest.is_silent(), "nothing is told twice");
    }
}

#[tokio::test]
async fn each_message_carries_its_cursor() {
    let service = Service::new().await;
    let client = service.staff();
    let beginning = beginning(&client).await;
    let id = service.place("joe", 12).await;
    let event = client.follow(after(&beginning)).next().await.expect("an event");
    assert_eq!(event["extensions"]["cursor"], event["data"]["orderEvents"]["cursor"]);
    let newest = client.follow("subscription { getOrder { id } }").next().await.expect("an order");
    let mut following = started(client.follow(after(&newest["extensions"]["cursor"])));
    service.transition(id, Transition::Pay).await;
    assert_eq!(next(&mut following).await.0, "STATE_CHANGED Order:1 PAID");
    let query = client.ask("{ viewer { username } }").await;
    assert!(query.get("extensions").is_none(), "{query}");
}

#[tokio::test]
async fn a_list_is_followed_from_its_cursor_without_a_hole() {
    let service = Service::new().await;
    let client = service.staff();
    let documents = ["{ orders { cursor } }", r#"{ user(username: "joe") { orders { cursor } } }"#];
    for (document, list) in documents.into_iter().zip(["/orders/cursor", "/user/orders/cursor"]) {
        let data = client.data(document).await;
        let cursor = data.pointer(list).expect("a cursor");
        let id = service.place("joe", 12).await;
        let mut following = client.follow(after(cursor));
        assert_eq!(next(&mut following).await.0, format!("PLACED Order:{id} UNPAID"), "{document}");
    }
}

#[tokio::test]
async fn a_mutation_tells_the_cursor_of_its_own_change() {
    let client = Service::new().await.staff();
    let mut following = started(client.follow(AFTER));
    for field in [
        r#"placeOrder(input: { username: "joe" })"#,
        r#"payOrder(input: { id: "1" })"#,
        r#"placeOrder(input: { username: "joe" })"#,
        r#"cancelOrder(input: { id: "2" })"#,
    ] {
        let data = client.data(format!("mutation {{ it: {field} {{ cursor }} }}")).await;
        assert_eq!(next(&mut following).await.1, data["it"]["cursor"], "{field}");
    }
    let user = r#"createUser(input: { username: "grace", email: "grace@dev.io" })"#;
    let data = client.data(format!("mutation {{ it: {user} {{ cursor }} }}")).await;
    assert!(client.follow(after(&data["it"]["cursor"])).is_silent());
    let refused = client.data(r#"mutation { payOrder(input: { id: "1" }) { cursor } }"#).await;
    assert_eq!(refused, json!({ "payOrder": { "cursor": null } }));
}

#[tokio::test]
async fn where_tells_what_matches_before_or_after_the_change() {
    let service = Service::new().await;
    let client = service.staff();
    let beginning = beginning(&client).await;
    for (username, day) in [("joe", 12), ("caty88", 20)] {
        let id = service.place(username, day).await;
        service.transition(id, Transition::Pay).await;
    }
    let cases = [
        (
            json!({}),
            vec![
                "PLACED Order:1 UNPAID",
                "STATE_CHANGED Order:1 PAID",
                "PLACED Order:2 UNPAID",
                "STATE_CHANGED Order:2 PAID",
            ],
        ),
        (
            json!({ "state": "UNPAID", "username": "joe" }),
            vec!["PLACED Order:1 UNPAID", "STATE_CHANGED Order:1 PAID"],
        ),
        (json!({ "state": "PAID" }), vec!["STATE_CHANGED Order:1 PAID", "STATE_CHANGED Order:2 PAID"]),
        (json!({ "dateFrom": "2026-04-13", "state": "PAID" }), vec!["STATE_CHANGED Order:2 PAID"]),
        (json!({ "username": "nobody" }), vec![]),
    ];
    for (filter, expected) in cases {
        let variables = json!({ "after": beginning, "where": filter });
        let mut following = client.follow(with_variables(AFTER, variables));
        for event in expected {
            assert_eq!(next(&mut following).await.0, event, "{filter}");
        }
        assert!(following.is_silent(), "{filter}");
    }
}

#[tokio::test]
async fn a_customer_is_told_only_of_their_own_orders() {
    let service = Service::new().await;
    let customer = service.customer("caty88");
    let beginning = beginning(&customer).await;
    for (username, day) in [("joe", 12), ("caty88", 13), ("joe", 14)] {
        let id = service.place(username, day).await;
        service.transition(id, Transition::Pay).await;
    }
    let document =
        "subscription($after: Cursor) { orderEvents(after: $after) { order { id user { email } } } }";
    for filter in ["", r#", where: { username: "joe" }"#] {
        let document = document.replace("$after)", &format!("$after{filter})"));
        let mut following = customer.follow(with_variables(&document, json!({ "after": beginning })));
        if filter.is_empty() {
            for _ in 0..2 {
                let order = json!({ "id": "Order:2", "user": { "email": "caty88@dev.io" } });
                assert_eq!(following.data().await, json!({ "orderEvents": { "order": order } }));
            }
        }
        assert!(following.is_silent(), "{filter}");
    }
}

#[tokio::test]
async fn a_connection_resumes_from_the_later_cursor() {
    let service = Service::new().await;
    let client = service.staff();
    let mut cursors = vec![beginning(&client).await];
    let mut following = started(client.follow(AFTER));
    for day in 1..=3 {
        service.place("joe", day).await;
        cursors.push(next(&mut following).await.1);
    }
    for (request, resume) in [(after(&cursors[0]), 2), (after(&cursors[2]), 0), (after(&Value::Null), 2)] {
        let mut resumed = client.resume(request, &cursors[resume]);
        assert_eq!(next(&mut resumed).await.0, "PLACED Order:3 UNPAID");
        assert!(resumed.is_silent());
    }
    let mut newest = client.resume("subscription { getOrder { id } }", &cursors[1]);
    assert_eq!(newest.data().await, json!({ "getOrder": { "id": "Order:3" } }), "the newest needs none");
}
