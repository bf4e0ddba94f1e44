//! Errors that the request is to blame for: each has a code for programs, and says where.

use async_graphql::Request;
use serde_json::{Value, json};

use crate::service::{Client, Service, codes, with_variables};

async fn assert_codes(client: &Client, request: impl Into<Request>, expected: &str) -> Value {
    let request = request.into();
    let document = request.query.clone();
    let answer = client.ask(request).await;
    assert_eq!(codes(&answer), [expected], "{document} is answered with {answer}");
    answer
}

#[tokio::test]
async fn what_is_no_document_fails_to_parse() {
    let client = Service::new().await.staff();
    let documents = [
        "",
        " ",
        "{",
        "{}",
        "}",
        "{ viewer { username }",
        "{ order(id: ) { id } }",
        "nonsense",
        "\u{0}",
        "{ a(: 1) }",
    ];
    for document in documents {
        let answer = assert_codes(&client, document, "GRAPHQL_PARSE_FAILED").await;
        assert_eq!(answer["data"], Value::Null, "{document}");
        assert!(client.follow(document).next().await.is_some_and(|told| codes(&told) == codes(&answer)));
    }
}

#[tokio::test]
async fn a_parse_error_says_where() {
    let answer = Service::new().await.staff().ask("{\n  viewer {\n    ?\n  }\n}").await;
    assert_eq!(answer["errors"][0]["locations"][0], json!({ "line": 3, "column": 5 }));
}

#[tokio::test]
async fn what_does_not_fit_the_schema_fails_the_validation() {
    let client = Service::new().await.staff();
    let documents = [
        "{ nothing }",
        "{ viewer }",
        "{ getOrders { id { x } } }",
        "{ order { id } }",
        "{ order(id: 1, more: 2) { id } }",
        "{ order(id: [1]) { id } }",
        r#"{ orders(first: "1") { totalCount } }"#,
        "{ orders(where: { nothing: 1 }) { totalCount } }",
        "{ orders(where: { state: UNKNOWN }) { totalCount } }",
        "{ viewer { ...missing } }",
        "{ getOrders { id } getOrders: viewer { username } }",
        "query($id: ID!) { order(id: $other) { id } }",
        r#"mutation { placeOrder(input: { username: "joe", state: null }) { errors { code } } }"#,
        "fragment f on Order { ...f } { getOrders { ...f } }",
    ];
    for document in documents {
        let answer = client.ask(document).await;
        assert_eq!(answer["data"], Value::Null, "{document}");
        // One document may break several rules.
        let codes = codes(&answer);
        let all = codes.iter().all(|code| *code == "GRAPHQL_VALIDATION_FAILED");
        assert!(all && !codes.is_empty(), "{document} is answered with {answer}");
    }
}

#[tokio::test]
async fn a_string_is_no_value_of_an_enum_in_a_document_and_is_one_in_variables() {
    let service = Service::new().await;
    let client = service.staff();
    let place = |head: &str, input: &str| {
        format!("mutation {head} {{ placeOrder(input: {input}) {{ order {{ state }} errors {{ code }} }} }}")
    };
    for document in [
        place("", r#"{ username: "joe", state: "PAID" }"#),
        place("", r#"{ username: "joe", state: """PAID""" }"#),
        place("($name: String!)", r#"{ username: $name, state: "PAID" }"#),
        place(r#"($state: OrderState! = "PAID")"#, r#"{ username: "joe", state: $state }"#),
        place(r#"($input: PlaceOrderInput! = { username: "joe", state: "PAID" })"#, "$input"),
        r#"{ orders(where: { state: "PAID" }) { totalCount } }"#.to_owned(),
        r#"subscription { orderEvents(where: { state: "PAID" }) { cursor } }"#.to_owned(),
    ] {
        let request = with_variables(&document, json!({ "name": "joe" }));
        let told = client.follow(request).next().await.expect("an answer");
        assert_eq!(codes(&told), ["GRAPHQL_VALIDATION_FAILED"], "{document} is answered with {told}");
        let message = told["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("`OrderState"), "{document}: {message}");
    }
    assert_eq!(service.stored().await, [], "what was refused was not done");

    let paid = json!({ "placeOrder": { "order": { "state": "PAID" }, "errors": [] } });
    for (document, variables) in [
        (place("", r#"{ username: "joe", state: PAID }"#), json!({})),
        (place("($state: OrderState!)", r#"{ username: "joe", state: $state }"#), json!({ "state": "PAID" })),
        (
            place("($input: PlaceOrderInput!)", "$input"),
            json!({ "input": { "username": "joe", "state": "PAID" } }),
        ),
        (place("($state: OrderState! = PAID)", r#"{ username: "joe", state: $state }"#), json!({})),
    ] {
        assert_eq!(client.data(with_variables(&document, variables)).await, paid, "{document}");
    }
}

#[tokio::test]
async fn a_choice_among_operations_that_cannot_be_made_is_an_error_without_data() {
    let client = Service::new().await.staff();
    let document = "query A { viewer { username } } query B { viewer { username } }";
    for request in [Request::new(document), Request::new(document).operation_name("C")] {
        let answer = assert_codes(&client, request, "GRAPHQL_VALIDATION_FAILED").await;
        assert_eq!(answer["data"], Value::Null);
    }
    let chosen = client.data(Request::new(document).operation_name("B")).await;
    assert_eq!(chosen, json!({ "viewer": { "username": null } }));
}

#[tokio::test]
async fn variables_that_do_not_fit_are_an_error_without_data() {
    let client = Service::new().await.staff();
    let by_id = "query($id: ID!) { order(id: $id) { id } }";
    let page = "query($first: Int) { orders(first: $first) { totalCount } }";
    let place = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { errors { code } } }";
    let requests = [
        (by_id, json!({})),
        (by_id, json!({ "id": null })),
        (by_id, json!({ "id": { "id": 1 } })),
        (page, json!({ "first": "1" })),
        (page, json!({ "first": 2_147_483_648_i64 })),
        (page, json!({ "first": 1.5 })),
        (place, json!({ "input": {} })),
        (place, json!({ "input": { "username": "joe", "state": "UNKNOWN" } })),
        (place, json!({ "input": { "username": "joe", "more": 1 } })),
    ];
    for (document, variables) in requests {
        let answer = client.ask(with_variables(document, variables.clone())).await;
        assert_eq!(answer["data"], Value::Null, "{document} with {variables}");
        let codes = codes(&answer);
        let known = ["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];
        assert!(!codes.is_empty() && codes.iter().all(|code| known.contains(code)), "{variables}: {answer}");
    }
}

#[tokio::test]
async fn arguments_that_make_no_sense_are_bad_input_and_named() {
    let client = Service::new().await.staff();
    let cases = [
        (r#"order(id: "x") { id }"#, "`id` is not the id of an order"),
        (r#"order(id: "User:1") { id }"#, "`id` is not the id of an order"),
        (r#"order(id: "Order:01") { id }"#, "`id` is not the id of an order"),
        (r#"node(id: "1") { id }"#, "`id` is not the id of an object"),
        (r#"node(id: "Viewer:1") { id }"#, "`id` is not the id of an object"),
        (r#"node(id: "User:") { id }"#, "`id` is not the id of an object"),
        (r#"user(username: "a b") { id }"#, "`username`: a username has 1 to 64 characters"),
        ("orders(first: -1) { totalCount }", "`first` must not be negative, and is -1"),
        ("orders(last: -2147483648) { totalCount }", "`last` must not be negative, and is -2147483648"),
        ("orders(first: 1, last: 1) { totalCount }", "`first` and `last` cannot be given together"),
        (r#"orders(after: "x") { totalCount }"#, "`after` is not a cursor of a list of orders"),
        (r#"orders(before: "") { totalCount }"#, "`before` is not a cursor of a list of orders"),
        (r#"orders(where: { username: "" }) { totalCount }"#, "`where.username`: a username has 1 to 64"),
    ];
    for (field, message) in cases {
        let answer = assert_codes(&client, format!("{{ {field} }}"), "BAD_USER_INPUT").await;
        let error = &answer["errors"][0];
        let told = error["message"].as_str().expect("a message");
        assert!(told.contains(message), "{field}: {told}");
        let name = field.split('(').next();
        assert_eq!(error["path"], json!([name]), "{field}");
        assert!(error["locations"][0]["line"].is_u64(), "{field}: {error}");
    }
}

#[tokio::test]
async fn arguments_of_a_query_that_cannot_be_read_are_errors_of_the_request() {
    let client = Service::new().await.staff();
    let cases = [
        ("orders(first: 2147483648) { totalCount }", "Only integers from -2147483648 to 2147483647"),
        (r#"orders(where: { dateTo: "x" }) { totalCount }"#, "`x` is not a day such as 2026-04-12"),
        ("order(id: $missing) { id }", "the variable `$missing` of type `ID!` needs a value"),
    ];
    for (field, message) in cases {
        let variables = if field.contains('$') { "query($missing: ID!)" } else { "query" };
        let answer = assert_codes(&client, format!("{variables} {{ {field} }}"), "BAD_USER_INPUT").await;
        let error = &answer["errors"][0];
        let told = error["message"].as_str().expect("a message");
        assert!(told.contains(message), "{field}: {told}");
        assert_eq!(error.get("path"), None, "no field was executed: {error}");
        assert!(error["locations"][0]["line"].is_u64(), "{field}: {error}");
    }
}

#[tokio::test]
async fn a_nested_list_checks_its_arguments_too() {
    let client = Service::new().await.staff();
    let cases = [
        ("first: -1", "BAD_USER_INPUT"),
        ("first: 1, last: 1", "BAD_USER_INPUT"),
        (r#"after: "x""#, "BAD_USER_INPUT"),
        (r#"where: { username: "a b" }"#, "BAD_USER_INPUT"),
        ("first: 6", "LIMIT_EXCEEDED"),
        ("last: 2147483647", "LIMIT_EXCEEDED"),
    ];
    for (arguments, code) in cases {
        let document = format!(r#"{{ user(username: "joe") {{ orders({arguments}) {{ totalCount }} }} }}"#);
        let answer = assert_codes(&client, document, code).await;
        assert_eq!(answer["errors"][0]["path"], json!(["user", "orders"]), "{arguments}");
    }
}

#[tokio::test]
async fn a_page_over_the_limit_is_refused_with_the_limit() {
    let client = Service::new().await.staff();
    for (arguments, message) in [
        ("first: 6", "`first` must be at most 5, and is 6"),
        ("last: 100", "`last` must be at most 5, and is 100"),
    ] {
        let document = format!("{{ orders({arguments}) {{ totalCount }} }}");
        let answer = assert_codes(&client, document, "LIMIT_EXCEEDED").await;
        assert_eq!(answer["errors"][0]["message"], message);
    }
}

#[tokio::test]
async fn get_orders_past_the_limit_is_refused_and_names_the_other_way() {
    let service = Service::new().await;
    for day in 1..=8 {
        service.place("joe", day).await;
    }
    let list = "{ getOrders { id } }";
    let data = service.staff().data(list).await;
    assert_eq!(data["getOrders"].as_array().map(Vec::len), Some(8));
    service.place("joe", 9).await;
    let answer = assert_codes(&service.staff(), list, "LIMIT_EXCEEDED").await;
    let message = "there are more than 8 orders; page through `orders` instead";
    assert_eq!(answer["errors"][0]["message"], message);
    let few = service.customer("caty88").data(list).await;
    assert_eq!(few, json!({ "getOrders": [] }), "the limit is of what the viewer may see");
}

#[tokio::test]
async fn a_subscription_is_not_executed_as_a_query() {
    let service = Service::new().await;
    service.place("joe", 12).await;
    let answer = service.staff().ask("subscription { getOrder { id } }").await;
    assert_eq!((codes(&answer).len(), &answer["data"]), (1, &Value::Null), "{answer}");
}
