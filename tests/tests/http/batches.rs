//! Several requests in one body.

use serde_json::{Value, json};
use tests::{Installation, Server};

use crate::support::{PLACE, assert_error, assert_refused, post};

const QUERY: &str = "{ __typename }";

#[test]
fn batches_are_refused_unless_a_setting_allows_them() {
    let server = Server::start();
    for batch in [json!([]), json!([{ "query": QUERY }])] {
        assert_refused(post(&server, &batch).send().expect("an answer"), 400, "BAD_USER_INPUT", "batches");
    }
}

#[test]
fn a_batch_is_answered_in_order_and_done_in_order() {
    let server = Installation::new().set("ORDERCAST_BATCH_LIMIT", "5").start();
    let count = "{ orders { totalCount } }";
    let before = server.api().orders().len();
    let batch = json!([
        { "query": count },
        { "query": PLACE },
        { "query": count },
        { "query": "{ nope }" },
        { "query": "subscription { getOrder { id } }" },
    ]);
    let answer = post(&server, &batch).send().expect("an answer");
    assert_eq!(answer.status(), 200);
    let answers: Vec<Value> = answer.json().expect("an array");
    let counted = |answer: &Value| answer["data"]["orders"]["totalCount"].as_u64();
    assert_eq!(counted(&answers[0]), Some(before as u64));
    assert!(answers[1]["data"]["placeOrder"]["order"]["id"].is_string(), "{}", answers[1]);
    assert_eq!(counted(&answers[2]), Some(before as u64 + 1));
    assert_error(&answers[3], "GRAPHQL_VALIDATION_FAILED", "nope");
    assert_error(&answers[4], "BAD_USER_INPUT", "subscriptions");
    assert_eq!(answers.len(), 5);
}

#[test]
fn a_batch_over_the_limit_or_with_what_is_no_request_changes_nothing() {
    let server = Installation::new().set("ORDERCAST_BATCH_LIMIT", "2").start();
    let before = server.api().orders();
    let place = json!({ "query": PLACE });
    let too_many = post(&server, &json!([place, place, place])).send().expect("an answer");
    assert_refused(too_many, 413, "LIMIT_EXCEEDED", "2");
    let empty = post(&server, &json!([])).send().expect("an answer");
    assert_refused(empty, 400, "BAD_USER_INPUT", "empty");
    for wrong in [json!(1), json!({ "query": 1 }), json!([place])] {
        let answer = post(&server, &json!([place, wrong])).send().expect("an answer");
        assert_eq!(answer.status(), 400, "{wrong}");
    }
    assert_eq!(server.api().orders(), before);
}
