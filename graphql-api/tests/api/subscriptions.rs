//! What followers are told, and when.

use std::sync::Arc;

use domain::{
    OrderRepository, OrderState, RepositoryError, Transition, UserRepository,
    testing::{
        InMemory, MockOrderRepository, MockUserRepository,
        contract::{new_order, new_user},
    },
};
use serde_json::{Value, json};

use crate::service::{Client, Service, codes, with_variables};

const FOLLOW: &str = "subscription { getOrder { id state } }";

fn newest(id: &str, state: &str) -> Value {
    json!({ "getOrder": { "id": id, "state": state } })
}

#[tokio::test]
async fn the_newest_order_is_told_at_once_and_then_each_change_of_it() {
    let service = Service::new().await;
    let mut following = service.staff().follow(FOLLOW);
    assert_eq!(following.data().await, json!({ "getOrder": null }));
    assert!(following.is_silent());
    let first = service.place("joe", 11).await;
    assert_eq!(following.data().await, newest("Order:1", "UNPAID"));
    service.transition(first, Transition::Pay).await;
    assert_eq!(following.data().await, newest("Order:1", "PAID"));
    let second = service.place("caty88", 12).await;
    assert_eq!(following.data().await, newest("Order:2", "UNPAID"));
    service.transition(second, Transition::Cancel).await;
    assert_eq!(following.data().await, newest("Order:1", "PAID"));
    assert!(following.is_silent());
}

#[tokio::test]
async fn changes_of_older_orders_are_not_told() {
    let service = Service::new().await;
    let older = service.place("joe", 11).await;
    service.place("joe", 12).await;
    let mut following = service.staff().follow(FOLLOW);
    assert_eq!(following.data().await, newest("Order:2", "UNPAID"));
    service.transition(older, Transition::Pay).await;
    assert!(following.is_silent());
}

#[tokio::test]
async fn changes_through_the_api_are_told() {
    let client = Service::new().await.staff();
    let mut following = client.follow(FOLLOW);
    assert_eq!(following.data().await, json!({ "getOrder": null }));
    let steps = [
        (r#"placeOrder(input: { username: "joe" })"#, newest("Order:1", "UNPAID")),
        (r#"payOrder(input: { id: "1" })"#, newest("Order:1", "PAID")),
        (r#"placeOrder(input: { username: "joe" })"#, newest("Order:2", "UNPAID")),
        (r#"cancelOrder(input: { id: "2" })"#, newest("Order:1", "PAID")),
    ];
    for (field, expected) in steps {
        client.data(format!("mutation {{ it: {field} {{ errors {{ code }} }} }}")).await;
        assert_eq!(following.data().await, expected, "{field}");
    }
}

#[tokio::test]
async fn the_talks_subscription_is_answered() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let document = "subscription getLastOrder { getOrder { state date user { username email } } }";
    let user = json!({ "username": "joe", "email": "joe@dev.io" });
    let expected = json!({ "getOrder": { "state": "UNPAID", "date": "2026-04-12", "user": user } });
    assert_eq!(service.staff().follow(document).data().await, expected);
}

#[tokio::test]
async fn what_is_nested_is_read_anew_for_each_event() {
    let service = Service::new().await;
    let document = "subscription { getOrder { user { orders { totalCount nodes { id } } } } }";
    let mut following = service.staff().follow(document);
    assert_eq!(following.data().await, json!({ "getOrder": null }));
    let mut nodes = Vec::new();
    for number in 1..=3 {
        service.place("joe", 12).await;
        nodes.push(json!({ "id": format!("Order:{number}") }));
        let orders = json!({ "totalCount": number, "nodes": nodes });
        assert_eq!(following.data().await, json!({ "getOrder": { "user": { "orders": orders } } }));
    }
}

#[tokio::test]
async fn every_follower_is_told_as_their_own_document_asks() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let client = service.staff();
    let documents = [
        ("subscription { getOrder { date } }", json!({ "getOrder": { "date": "2026-04-12" } })),
        ("subscription { newest: getOrder { id } }", json!({ "newest": { "id": "Order:1" } })),
        ("subscription { getOrder { __typename } }", json!({ "getOrder": { "__typename": "Order" } })),
    ];
    for (document, expected) in documents {
        assert_eq!(client.follow(document).data().await, expected, "{document}");
    }
}

#[tokio::test]
async fn a_subscription_through_a_fragment_is_followed() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    for document in [
        "subscription { ...f } fragment f on Subscription { getOrder { id } }",
        "subscription { ... on Subscription { getOrder { id } } }",
        "subscription { ... { getOrder { id } } }",
    ] {
        let told = service.staff().follow(document).next().await;
        let data = told.map(|mut answer| answer["data"].take());
        assert_eq!(data, Some(json!({ "getOrder": { "id": "Order:1" } })), "{document}");
    }
}

#[tokio::test]
async fn a_query_or_a_mutation_is_told_once() {
    let service = Service::new().await;
    let client = service.staff();
    let mut query = client.follow("{ viewer { username } }");
    assert_eq!(query.data().await, json!({ "viewer": { "username": null } }));
    assert_eq!(query.next().await, None);
    let mut mutation =
        client.follow(r#"mutation { placeOrder(input: { username: "joe" }) { order { id } } }"#);
    assert_eq!(mutation.data().await, json!({ "placeOrder": { "order": { "id": "Order:1" } } }));
    assert_eq!(mutation.next().await, None);
    assert_eq!(service.stored().await, [(1, OrderState::Unpaid)]);
}

#[tokio::test]
async fn a_subscription_that_does_not_fit_the_schema_is_told_and_ends() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    for document in
        ["subscription { getOrder { nothing } }", "subscription { nothing }", "subscription { getOrder }"]
    {
        let mut following = service.staff().follow(document);
        let told = following.next().await.expect("an answer");
        assert_eq!(codes(&told), ["GRAPHQL_VALIDATION_FAILED"], "{document}");
        assert_eq!((&told["data"], following.next().await), (&Value::Null, None), "{document}");
    }
}

// GraphQL (October 2021), section 5.2.3.1.
#[tokio::test]
async fn a_subscription_has_one_root_field() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    for document in [
        "subscription { a: getOrder { id } b: getOrder { id } }",
        "subscription { getOrder { id } ...more } fragment more on Subscription { again: getOrder { id } }",
    ] {
        let mut following = service.staff().follow(document);
        let told = following.next().await.expect("an answer");
        assert_eq!(codes(&told), ["GRAPHQL_VALIDATION_FAILED"], "{document} is answered with {told}");
        assert_eq!(following.next().await, None, "{document}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_on_is_null_and_the_next_ones_follow() {
    let storage = Arc::new(InMemory::new());
    storage.create(&new_user("joe")).await.expect("it works").expect("a free name");
    let mut orders = MockOrderRepository::new();
    orders
        .expect_count_by_user()
        .once()
        .returning(|_, _, _| Err(RepositoryError::Unavailable("lost".into())));
    orders.expect_count_by_user().returning(|users, _, _| Ok(users.iter().map(|user| (*user, 7)).collect()));
    orders.expect_pages_by_user().returning(|_, _| Ok([].into()));
    let client = Client::over(orders, MockUserRepository::new(), storage.clone());
    let mut following = client.follow("subscription { getOrder { user { orders { totalCount } } } }");
    assert_eq!(following.data().await, json!({ "getOrder": null }));
    let order = new_order(&new_user("joe").username, 12);
    storage.place(&order).await.expect("it works");
    let failed = following.next().await.expect("an answer");
    assert_eq!((&failed["data"], codes(&failed)), (&json!({ "getOrder": null }), vec!["UNAVAILABLE"]));
    assert_eq!(failed["errors"][0]["path"], json!(["getOrder", "user", "orders", "totalCount"]));
    storage.place(&order).await.expect("it works");
    let expected = json!({ "getOrder": { "user": { "orders": { "totalCount": 7 } } } });
    assert_eq!(following.data().await, expected);
}

#[tokio::test]
async fn a_variable_that_must_have_a_value_and_has_none_is_refused() {
    let client = Service::new().await.staff();
    let document = "subscription($where: OrderFilter!) { orderEvents(where: $where) { kind } }";
    for variables in [json!({}), json!({ "where": null })] {
        let refused = client.follow(with_variables(document, variables)).next().await.expect("an answer");
        assert_eq!(codes(&refused), ["BAD_USER_INPUT"]);
        assert!(refused.to_string().contains("`$where`"), "{refused}");
    }
}
