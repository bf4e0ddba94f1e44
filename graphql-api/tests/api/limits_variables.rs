//! Variables that are made to cost, and wrong ones, are refused before anything is executed, for queries, mutations and
//! subscriptions alike.

use domain::OrderState;
use serde_json::{Value, json};

use crate::service::{Service, codes, with_variables};

const PLACE: &str =
    "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } errors { code } } }";
const TWO: &str = "mutation($input: PlaceOrderInput!, $date: Date) {
    one: placeOrder(input: $input) { errors { code } }
    two: placeOrder(input: { username: \"joe\", date: $date }) { errors { code } } }";
const EVENTS: &str = "subscription($after: Cursor, $where: OrderFilter) { orderEvents(after: $after, where: $where) { kind } }";
const ORDERS: &str =
    "query($first: Int, $where: OrderFilter) { orders(first: $first, where: $where) { totalCount } }";

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test]
async fn variables_that_do_not_fit_are_refused_and_named() {
    let service = Service::new().await;
    let joe = |more: &Value| {
        let mut input = json!({ "username": "joe" });
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({ "input": input })
    };
    let cases = [
        (PLACE, json!({}), "the variable `$input` of type `PlaceOrderInput!` needs a value"),
        (PLACE, json!({ "input": null }), "the variable `$input` of type `PlaceOrderInput!` needs a value"),
        (PLACE, json!({ "input": 1 }), "the variable `$input`: it must be a value of `PlaceOrderInput!`"),
        (
            PLACE,
            json!({ "input": [joe(&json!({}))["input"]] }),
            "the variable `$input`: it must be a value of",
        ),
        (
            PLACE,
            json!({ "input": {} }),
            "the variable `$input.username`: it must be a value of `String!`, and is missing",
        ),
        (
            PLACE,
            json!({ "input": { "username": null } }),
            "the variable `$input.username`: it must be a value of `String!`, and is null",
        ),
        (PLACE, json!({ "input": { "username": 1 } }), "the variable `$input.username`: "),
        (
            PLACE,
            joe(&json!({ "more": 1 })),
            "the variable `$input.more`: `PlaceOrderInput` has no such field",
        ),
        (
            PLACE,
            joe(&json!({ "__proto__": {} })),
            "the variable `$input.__proto__`: `PlaceOrderInput` has no such field",
        ),
        (
            PLACE,
            joe(&json!({ "state": "UNKNOWN" })),
            "the variable `$input.state`: it must be a value of `OrderState!`",
        ),
        (
            PLACE,
            joe(&json!({ "state": null })),
            "the variable `$input.state`: it must be a value of `OrderState!`, and is null",
        ),
        (
            PLACE,
            joe(&json!({ "state": true })),
            "the variable `$input.state`: it must be a value of `OrderState!`",
        ),
        (PLACE, joe(&json!({ "date": "2026-02-30" })), "the variable `$input.date`: "),
        (PLACE, joe(&json!({ "date": 1 })), "the variable `$input.date`: "),
        (PLACE, joe(&json!({ "idempotencyKey": ["a"] })), "the variable `$input.idempotencyKey`: "),
        (
            TWO,
            {
                let mut variables = joe(&json!({}));
                variables["date"] = json!("x");
                variables
            },
            "the variable `$date`: ",
        ),
        (EVENTS, json!({ "after": 1 }), "the variable `$after`: "),
        (EVENTS, json!({ "where": { "state": "X" } }), "the variable `$where.state`: "),
        (EVENTS, json!({ "where": "" }), "the variable `$where`: it must be a value of `OrderFilter`"),
        (ORDERS, json!({ "first": "1" }), "the variable `$first`: "),
        (ORDERS, json!({ "first": 1.5 }), "the variable `$first`: "),
        (ORDERS, json!({ "first": 2_147_483_648_i64 }), "the variable `$first`: "),
        (ORDERS, json!({ "first": 1e300 }), "the variable `$first`: "),
        (ORDERS, json!({ "first": u64::MAX }), "the variable `$first`: "),
        (ORDERS, json!({ "first": [1] }), "the variable `$first`: "),
        (ORDERS, json!({ "first": true }), "the variable `$first`: "),
        (ORDERS, json!({ "where": { "dateFrom": "\u{0}" } }), "the variable `$where.dateFrom`: "),
        (ORDERS, json!({ "where": { "username": { "a": 1 } } }), "the variable `$where.username`: "),
    ];
    for (document, variables, message) in cases {
        let request = || with_variables(document, variables.clone());
        let answer = service.staff().ask(request()).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{variables}: {answer}");
        let error = &answer["errors"][0];
        assert!(error["message"].as_str().expect("a message").starts_with(message), "{variables}: {error}");
        assert_eq!(
            (error.get("path"), &answer["data"]),
            (None, &Value::Null),
            "nothing was executed: {answer}"
        );
        assert!(error["locations"][0]["line"].is_u64(), "{error}");
        assert_eq!(service.staff().follow(request()).next().await, Some(answer), "{variables}");
    }
    assert_eq!(service.stored().await, [], "no mutation did anything");
}

#[tokio::test]
async fn variables_that_are_large_or_deep_are_refused() {
    let service = Service::new().await;
    let cases = [
        (json!({ "first": 1, "more": nested(17) }), "valueDepth"),
        (json!({ "first": 1, "more": nested(120) }), "valueDepth"),
        (json!({ "where": nested(17) }), "valueDepth"),
        (json!({ "more": "x".repeat(70_000) }), "variables"),
        (json!({ "more": vec![1; 40_000] }), "variables"),
        (json!({ "x".repeat(70_000): 1 }), "variables"),
        (Value::Object((0..10_000).map(|n| (n.to_string(), json!({}))).collect()), "variables"),
    ];
    for (variables, limit) in cases {
        let answer = service.staff().ask(with_variables(ORDERS, variables.clone())).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (codes(&answer), &extensions["limit"]),
            (vec!["LIMIT_EXCEEDED"], &json!(limit)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn variables_that_fit_are_taken() {
    let service = Service::new().await;
    for variables in [
        json!({}),
        json!({ "first": null, "where": null }),
        json!({ "first": 1, "where": {} }),
        json!({ "where": { "state": "PAID", "username": "joe", "dateFrom": "2026-04-12", "dateTo": null } }),
        json!({ "first": 2, "more": [{ "a": nested(10) }] }),
    ] {
        let data = service.staff().data(with_variables(ORDERS, variables)).await;
        assert_eq!(data, json!({ "orders": { "totalCount": 0 } }));
    }
    let input = json!({ "input": { "username": "joe", "state": "PAID" } });
    service.staff().data(with_variables(PLACE, input)).await;
    assert_eq!(service.stored().await, [(1, OrderState::Paid)]);
    // A default stands for what is missing, and one item for a list of it.
    let data = service
        .staff()
        .data(with_variables("query($n: Int! = 0) { orders(first: $n) { nodes { id } } }", json!({})))
        .await;
    assert_eq!(data, json!({ "orders": { "nodes": [] } }));
}
