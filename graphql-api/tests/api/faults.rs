//! Faults behind the API: the client is told whether to try again, and never why.

use std::sync::Arc;

use domain::{
    RepositoryError,
    testing::{InMemory, MockOrderFeed, MockOrderRepository, MockUserRepository},
};
use serde_json::{Value, json};

use crate::service::{Client, codes};

/// What a client must not read.
const CAUSE: &str = "password authentication failed for user root";

/// A fault, the code and the text that the client is told.
type Fault = (fn() -> RepositoryError, &'static str, &'static str);

fn unavailable() -> RepositoryError {
    RepositoryError::Unavailable(CAUSE.into())
}

fn failed() -> RepositoryError {
    RepositoryError::Failed(CAUSE.into())
}

fn invalid_value() -> RepositoryError {
    RepositoryError::InvalidStoredValue { table: "users", column: "email", row: 77, source: CAUSE.into() }
}

/// Staff that asks an API whose every port fails.
fn over_broken_ports(fault: fn() -> RepositoryError) -> Client {
    let mut orders = MockOrderRepository::new();
    let mut users = MockUserRepository::new();
    let mut feed = MockOrderFeed::new();
    macro_rules! fail {
        ($($port:ident.$method:ident($($argument:pat),*)),* $(,)?) => {$(
            $port.$method().returning(move |$($argument),*| Err(fault()));
        )*};
    }
    fail![
        orders.expect_find(_, _, _),
        orders.expect_page(_),
        orders.expect_pages_by_user(_, _),
        orders.expect_count(_, _),
        orders.expect_count_by_user(_, _, _),
        orders.expect_place(_),
        orders.expect_transition(_, _, _),
        users.expect_find_by_username(_),
        users.expect_find_by_ids(_),
        users.expect_create(_),
        feed.expect_newest(_),
        feed.expect_position(),
        feed.expect_range(),
    ];
    feed.expect_events().returning(move |_| Err(fault().into()));
    Client::over(orders, users, Arc::new(feed))
}

const QUERIES: [&str; 6] = [
    "{ getOrders { id } }",
    "{ orders { nodes { id } } }",
    "{ order(id: 1) { id } }",
    r#"{ user(username: "joe") { id } }"#,
    r#"{ node(id: "Order:1") { id } }"#,
    r#"{ node(id: "User:1") { id } }"#,
];

const MUTATIONS: [&str; 4] = [
    r#"mutation { createUser(input: { username: "joe", email: "joe@dev.io" }) { errors { code } } }"#,
    r#"mutation { placeOrder(input: { username: "joe" }) { errors { code } } }"#,
    r#"mutation { payOrder(input: { id: "1" }) { errors { code } } }"#,
    r#"mutation { cancelOrder(input: { id: "1" }) { errors { code } } }"#,
];

const FAULTS: [Fault; 3] = [
    (unavailable, "UNAVAILABLE", "the service is unavailable for the moment; try again"),
    (failed, "INTERNAL_SERVER_ERROR", "the service failed; the failure is logged"),
    (invalid_value, "INTERNAL_SERVER_ERROR", "the service failed; the failure is logged"),
];

/// The code and the text are there, the cause and what names the database's insides are not.
fn assert_told(answer: &Value, code: &str, message: &str, document: &str) {
    assert_eq!(codes(answer), [code], "{document}");
    assert_eq!(answer["errors"][0]["message"], message, "{document}");
    let extensions = answer["errors"][0]["extensions"].as_object().expect("extensions");
    assert_eq!(extensions.len(), 1, "{document} is answered with {answer}");
    let text = answer.to_string();
    for secret in [CAUSE, "password", "users", "email\"", "77"] {
        assert!(!text.contains(secret), "{document} is answered with {text}");
    }
}

#[tokio::test]
async fn every_query_tells_a_fault_without_its_cause() {
    for (fault, code, message) in FAULTS {
        for document in QUERIES {
            assert_told(&over_broken_ports(fault).ask(document).await, code, message, document);
        }
        let viewer = over_broken_ports(fault).for_customer("joe").ask("{ viewer { user { id } } }").await;
        assert_told(&viewer, code, message, "viewer");
    }
}

#[tokio::test]
async fn every_mutation_tells_a_fault_without_its_cause() {
    for (fault, code, message) in FAULTS {
        for document in MUTATIONS {
            let answer = over_broken_ports(fault).ask(document).await;
            assert_told(&answer, code, message, document);
            assert_eq!(answer["data"], Value::Null, "{document}");
        }
    }
}

#[tokio::test]
async fn a_subscription_that_cannot_start_tells_a_fault_without_its_cause_and_ends() {
    for (fault, code, message) in FAULTS {
        for document in ["subscription { getOrder { id } }", "subscription { orderEvents { kind } }"] {
            let mut following = over_broken_ports(fault).follow(document);
            let told = following.next().await.expect("an answer");
            assert_told(&told, code, message, document);
            assert_eq!(following.next().await, None, "{document}");
        }
    }
}

#[tokio::test]
async fn nullable_queries_that_fail_are_null() {
    let client = over_broken_ports(unavailable);
    let document = r#"{
        order(id: 1) { id } user(username: "joe") { id } node(id: "User:1") { id } viewer { username }
    }"#;
    let answer = client.ask(document).await;
    let expected = json!({ "order": null, "user": null, "node": null, "viewer": { "username": null } });
    assert_eq!(answer["data"], expected);
    assert_eq!(codes(&answer), ["UNAVAILABLE"; 3]);
}

#[tokio::test]
async fn nested_reads_tell_a_fault_without_its_cause() {
    for (fault, code, message) in FAULTS {
        for field in ["orders { nodes { id } }", "orders { totalCount }"] {
            let mut users = MockUserRepository::new();
            users.expect_find_by_username().returning(|username| {
                let email = domain::Email::parse("joe@dev.io").expect("an address");
                Ok(Some(domain::User::new(domain::UserId(1), username.clone(), email)))
            });
            let mut orders = MockOrderRepository::new();
            orders
                .expect_pages_by_user()
                .returning(move |_, _| if field.contains("nodes") { Err(fault()) } else { Ok([].into()) });
            orders.expect_count_by_user().returning(move |_, _, _| Err(fault()));
            let client = Client::over(orders, users, Arc::new(InMemory::new()));
            let answer = client.ask(format!(r#"{{ user(username: "joe") {{ id {field} }} }}"#)).await;
            assert_told(&answer, code, message, field);
            assert_eq!(answer["data"], json!({ "user": null }), "{field}");
        }
    }
}
