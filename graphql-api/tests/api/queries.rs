//! What each query answers to staff.

use domain::{Transition, Viewer};
use serde_json::{Value, json};

use crate::service::{Service, name};

/// Orders 1 to 5: caty88's are 1, 2 and 4, joe's are 3 and 5; 2 and 5 are paid. Each is for the day of April 2026 that is ten
/// more than its id.
async fn five_orders() -> Service {
    let service = Service::new().await;
    for (username, day) in [("caty88", 11), ("caty88", 12), ("joe", 13), ("caty88", 14), ("joe", 15)] {
        let id = service.place(username, day).await;
        if [12, 15].contains(&day) {
            service.transition(id, Transition::Pay).await;
        }
    }
    service
}

/// The ids of `nodes`, as numbers.
fn ids(connection: &Value) -> Vec<i64> {
    let nodes = connection["nodes"].as_array().expect("nodes");
    let key = |node: &Value| node["id"].as_str()?.strip_prefix("Order:")?.parse().ok();
    nodes.iter().map(|node| key(node).expect("the id of an order")).collect()
}

#[tokio::test]
async fn get_orders_lists_every_order_oldest_first() {
    let service = Service::new().await;
    assert_eq!(service.staff().data("{ getOrders { id } }").await, json!({ "getOrders": [] }));
    service.place("joe", 12).await;
    service.place("caty88", 11).await;
    let document = "{ getOrders { id date state user { id username email } } }";
    let joe = json!({ "id": "User:2", "username": "joe", "email": "joe@dev.io" });
    let caty = json!({ "id": "User:1", "username": "caty88", "email": "caty88@dev.io" });
    let expected = json!([
        { "id": "Order:1", "date": "2026-04-12", "state": "UNPAID", "user": joe },
        { "id": "Order:2", "date": "2026-04-11", "state": "UNPAID", "user": caty },
    ]);
    assert_eq!(service.staff().data(document).await, json!({ "getOrders": expected }));
}

#[tokio::test]
async fn the_talks_documents_are_answered() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let document = "query getOrders { getOrders { state date user { username email } } }";
    let order = json!({
        "state": "UNPAID", "date": "2026-04-12", "user": { "username": "joe", "email": "joe@dev.io" },
    });
    assert_eq!(service.staff().data(document).await, json!({ "getOrders": [order] }));
}

#[tokio::test]
async fn a_page_is_as_long_as_was_asked_for_or_as_the_default() {
    let service = five_orders().await;
    let cases = [
        ("orders", vec![1, 2, 3]),
        ("orders(first: 2)", vec![1, 2]),
        ("orders(last: 2)", vec![4, 5]),
        ("orders(first: 5)", vec![1, 2, 3, 4, 5]),
        ("orders(first: 0)", vec![]),
        ("orders(first: null, after: null, last: null, before: null, where: null)", vec![1, 2, 3]),
    ];
    for (field, expected) in cases {
        let data = service.staff().data(format!("{{ {field} {{ nodes {{ id }} totalCount }} }}")).await;
        assert_eq!(ids(&data["orders"]), expected, "{field}");
        assert_eq!(data["orders"]["totalCount"], 5, "{field}: the whole list is counted");
    }
}

#[tokio::test]
async fn pages_tell_where_they_start_and_end() {
    let service = five_orders().await;
    let document = "{ orders(first: 2) { nodes { id } edges { cursor node { id } } pageInfo {
        hasPreviousPage hasNextPage startCursor endCursor } } }";
    let page = service.staff().data(document).await["orders"].take();
    let edges = page["edges"].as_array().expect("edges");
    let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
    assert_eq!(page["nodes"], json!(nodes));
    let cursors: Vec<_> = edges.iter().map(|edge| &edge["cursor"]).collect();
    assert_ne!(cursors[0], cursors[1]);
    let expected = json!({
        "hasPreviousPage": false, "hasNextPage": true, "startCursor": cursors[0], "endCursor": cursors[1],
    });
    assert_eq!(page["pageInfo"], expected);
}

#[tokio::test]
async fn an_empty_page_has_no_cursors() {
    let document = "{ orders { edges { cursor } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } \
                    totalCount } }";
    let page_info =
        json!({ "hasPreviousPage": false, "hasNextPage": false, "startCursor": null, "endCursor": null });
    let expected = json!({ "edges": [], "pageInfo": page_info, "totalCount": 0 });
    assert_eq!(Service::new().await.staff().data(document).await, json!({ "orders": expected }));
}

#[tokio::test]
async fn every_condition_of_where_holds_for_the_page_and_for_the_count() {
    let service = five_orders().await;
    let cases = [
        ("{}", vec![1, 2, 3, 4, 5]),
        ("{ state: null, username: null, dateFrom: null, dateTo: null }", vec![1, 2, 3, 4, 5]),
        ("{ state: PAID }", vec![2, 5]),
        ("{ state: UNPAID }", vec![1, 3, 4]),
        (r#"{ username: "joe" }"#, vec![3, 5]),
        (r#"{ username: "nobody" }"#, vec![]),
        (r#"{ dateFrom: "2026-04-14" }"#, vec![4, 5]),
        (r#"{ dateTo: "2026-04-12" }"#, vec![1, 2]),
        (r#"{ state: UNPAID, username: "caty88", dateFrom: "2026-04-12", dateTo: "2026-04-14" }"#, vec![4]),
        (r#"{ dateFrom: "2026-04-15", dateTo: "2026-04-11" }"#, vec![]),
    ];
    for (filter, expected) in cases {
        let document = format!("{{ orders(first: 5, where: {filter}) {{ nodes {{ id }} totalCount }} }}");
        let data = service.staff().data(document).await;
        assert_eq!(ids(&data["orders"]), expected, "{filter}");
        assert_eq!(data["orders"]["totalCount"], expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn a_user_has_pages_of_their_own_orders() {
    let service = five_orders().await;
    let cases = [
        ("orders", vec![1, 2, 4], 3),
        ("orders(first: 1)", vec![1], 3),
        ("orders(last: 2)", vec![2, 4], 3),
        ("orders(where: { state: PAID })", vec![2], 1),
        (r#"orders(where: { username: "joe" })"#, vec![], 0),
    ];
    for (field, expected, count) in cases {
        let document =
            format!(r#"{{ user(username: "caty88") {{ {field} {{ nodes {{ id }} totalCount }} }} }}"#);
        let data = service.staff().data(document).await;
        assert_eq!(ids(&data["user"]["orders"]), expected, "{field}");
        assert_eq!(data["user"]["orders"]["totalCount"], count, "{field}");
    }
}

#[tokio::test]
async fn orders_of_the_users_of_orders_are_those_users_own() {
    let service = five_orders().await;
    let document = "{ getOrders { user { username orders(first: 1) { nodes { id user { username } } } } } }";
    let data = service.staff().data(document).await;
    let expected = |username, id| {
        let node = json!({ "id": id, "user": { "username": username } });
        json!({ "user": { "username": username, "orders": { "nodes": [node] } } })
    };
    let (caty, joe) = (expected("caty88", "Order:1"), expected("joe", "Order:3"));
    assert_eq!(data["getOrders"], json!([caty, caty, joe, caty, joe]));
}

#[tokio::test]
async fn an_order_is_found_by_its_id_and_by_its_bare_key() {
    let service = five_orders().await;
    let expected =
        json!({ "id": "Order:2", "date": "2026-04-12", "state": "PAID", "user": { "id": "User:1" } });
    for id in [r#""Order:2""#, r#""2""#, "2"] {
        let document = format!("{{ order(id: {id}) {{ id date state user {{ id }} }} }}");
        assert_eq!(service.staff().data(document).await, json!({ "order": expected }), "{id}");
    }
}

#[tokio::test]
async fn a_user_is_found_by_name_and_upper_and_lower_case_differ() {
    let client = Service::new().await.staff();
    let document = r#"{ user(username: "joe") { id username email } Joe: user(username: "Joe") { id } }"#;
    let joe = json!({ "id": "User:2", "username": "joe", "email": "joe@dev.io" });
    assert_eq!(client.data(document).await, json!({ "user": joe, "Joe": null }));
}

#[tokio::test]
async fn a_node_is_found_by_the_id_that_it_tells() {
    let service = five_orders().await;
    let client = service.staff();
    let told = client.data("{ getOrders { id user { id } } }").await["getOrders"][0].take();
    for (id, kind) in [(&told["id"], "Order"), (&told["user"]["id"], "User")] {
        let document = format!("{{ node(id: {id}) {{ id __typename }} }}");
        assert_eq!(client.data(document).await, json!({ "node": { "id": id, "__typename": kind } }));
    }
    let document = r#"{
        order: node(id: "Order:3") { ... on Order { date user { username } } ... on User { username } }
        user: node(id: "User:1") { ... on Order { date } ... on User { username orders { totalCount } } }
    }"#;
    let order = json!({ "date": "2026-04-13", "user": { "username": "joe" } });
    let user = json!({ "username": "caty88", "orders": { "totalCount": 3 } });
    assert_eq!(client.data(document).await, json!({ "order": order, "user": user }));
}

#[tokio::test]
async fn what_is_not_there_is_null() {
    let client = five_orders().await.staff();
    let document = r#"{
        order(id: "Order:6") { id } negative: order(id: "-1") { id } user(username: "nobody") { id }
        noOrder: node(id: "Order:6") { id } noUser: node(id: "User:3") { id }
    }"#;
    let expected = json!({ "order": null, "negative": null, "user": null, "noOrder": null, "noUser": null });
    assert_eq!(client.data(document).await, expected);
}

#[tokio::test]
async fn the_viewer_is_told_who_they_are_and_what_they_may_do() {
    let service = Service::new().await;
    let document = "{ viewer { username user { id } permissions } }";
    let staff_may = ["SEE_ALL_ORDERS", "CHANGE_ALL_ORDERS", "SEE_ALL_EMAILS", "CREATE_USERS"];
    let customers_may = ["SEE_OWN_ORDERS", "CHANGE_OWN_ORDERS"];
    let expected = |username: Option<&str>, id: Option<&str>, may: &[&str]| {
        let user = id.map(|id| json!({ "id": id }));
        json!({ "viewer": { "username": username, "user": user, "permissions": may } })
    };
    assert_eq!(service.staff().data(document).await, expected(None, None, &staff_may));
    let named = service.client(Viewer::Staff { username: Some(name("joe")) });
    assert_eq!(named.data(document).await, expected(Some("joe"), Some("User:2"), &staff_may));
    let customer = service.customer("caty88");
    assert_eq!(customer.data(document).await, expected(Some("caty88"), Some("User:1"), &customers_may));
    let unknown = service.customer("nobody");
    assert_eq!(unknown.data(document).await, expected(Some("nobody"), None, &customers_may));
}
