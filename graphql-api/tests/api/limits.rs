//! Each limit lets pass what it allows and refuses one more, with its name, its value and its setting, and before anything
//! is executed.

use async_graphql::Request;
use graphql_api::{Introspection, Limit, QueryLimits};
use serde_json::{Value, json};

use crate::service::{Client, QUERY_LIMITS, Service, codes, with_variables};

const SETTING: &str = "ORDERCAST_SOME_LIMIT";

/// Staff of an API on which one limit is set, and the others are wide.
async fn limited(set: impl FnOnce(&mut QueryLimits, Limit), most: u32) -> Client {
    let mut limits = QueryLimits::all(Limit { most: 1_000_000, setting: "ORDERCAST_OTHER" });
    set(&mut limits, Limit { most, setting: SETTING });
    Service::with_limits(&limits).await.staff()
}

/// The request is the most that this limit allows, and refused under a limit that is lower by one.
async fn assert_limited(
    name: &str,
    most: u32,
    set: impl Fn(&mut QueryLimits, Limit) + Copy,
    request: impl Fn() -> Request,
) {
    let answer = limited(set, most).await.ask(request()).await;
    assert_eq!(answer.get("errors"), None, "{most} of {name} are allowed");
    let client = limited(set, most - 1).await;
    let answer = client.ask(request()).await;
    let error = &answer["errors"][0];
    let extensions =
        json!({ "code": "LIMIT_EXCEEDED", "limit": name, "value": most - 1, "setting": SETTING });
    assert_eq!(error["extensions"], extensions, "{most} of {name}: {answer}");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(SETTING) && message.contains(&(most - 1).to_string()), "{message}");
    assert_eq!((&answer["data"], answer["errors"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
    // A subscription in any transport goes the same way.
    assert_eq!(client.follow(request()).next().await, Some(json!({ "data": null, "errors": [error] })));
}

#[tokio::test]
async fn bytes_of_a_document() {
    let document = "{ viewer { username } }";
    let set = |limits: &mut QueryLimits, limit| limits.document = limit;
    assert_limited("document", 23, set, || document.into()).await;
    // Bytes, not characters.
    assert_limited("document", 26, set, || format!("{document}#é").into()).await;
}

#[tokio::test]
async fn tokens() {
    let set = |limits: &mut QueryLimits, limit| limits.tokens = limit;
    assert_limited("tokens", 6, set, || "{ viewer { username } }".into()).await;
    let document =
        "\u{feff}{, __type(name: \"{{\\\"{{\"), # { {\n @include(if: true) { ...on __Type { name } } }";
    assert_limited("tokens", 23, set, || document.into()).await;
    let document = r#"query($id: ID! = """a " b \""" c""") { order(id: $id) { __typename } }"#;
    let answer = limited(set, 22).await.ask(document).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "within the limit, and no id: {answer}");
    assert_eq!(codes(&limited(set, 21).await.ask(document).await), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn depth() {
    let set = |limits: &mut QueryLimits, limit| limits.depth = limit;
    let documents = [
        (2, "{ viewer { username } }"),
        (3, "{ viewer { ... { username } } }"),
        (3, "{ viewer { ...F } } fragment F on Viewer { username }"),
        (
            5,
            "{ viewer { ...A ...B } }
            fragment A on Viewer { username ...B } fragment B on Viewer { user { id } }",
        ),
        (4, "{ viewer { ...B } v: viewer { ...B } } fragment B on Viewer { user { id } }"),
    ];
    for (depth, document) in documents {
        assert_limited("depth", depth, set, || document.into()).await;
    }
}

#[tokio::test]
async fn selections() {
    let set = |limits: &mut QueryLimits, limit| limits.selections = limit;
    assert_limited("selections", 2, set, || "{ viewer { username } }".into()).await;
    // Both operations, each fragment where it is spread, and by itself.
    let document = "query A { viewer { ...F } } query B { viewer { ...F ...F } }
        fragment F on Viewer { username permissions }";
    assert_limited("selections", 4 + 7 + 2, set, || Request::new(document).operation_name("A")).await;
}

#[tokio::test]
async fn aliases_and_directives() {
    let document =
        "{ a: viewer { b: username ...F } c: viewer { ...F } } fragment F on Viewer { d: username }";
    assert_limited("aliases", 4, |limits, limit| limits.aliases = limit, || document.into()).await;
    let document = "{ viewer @include(if: true) { username @skip(if: false) ...F @include(if: true) } }
        fragment F on Viewer { ... @skip(if: true) { username } }";
    assert_limited("directives", 4, |limits, limit| limits.directives = limit, || document.into()).await;
}

#[tokio::test]
async fn root_fields() {
    let document =
        "{ viewer { username } __typename ...F ... { b: __typename } } fragment F on Query { a: __typename }";
    assert_limited("rootFields", 4, |limits, limit| limits.root_fields = limit, || document.into()).await;
}

#[tokio::test]
async fn nested_values_and_the_size_of_variables() {
    let set = |limits: &mut QueryLimits, limit| limits.value_depth = limit;
    assert_limited("valueDepth", 1, set, || "{ orders(where: { state: PAID }) { totalCount } }".into()).await;
    let document = "query($where: OrderFilter) { orders(where: $where) { totalCount } }";
    let request = |unused: Value| with_variables(document, json!({ "where": {}, "unused": unused }));
    assert_limited("valueDepth", 3, set, || request(json!([{ "a": ["b"] }]))).await;
    let set = |limits: &mut QueryLimits, limit| limits.variables = limit;
    // `unused`, `where`, its object, and the text in quotes.
    assert_limited("variables", 6 + 5 + 5 + 12, set, || request(json!("1234567890"))).await;
}

#[tokio::test]
async fn errors_in_an_answer() {
    let set = |limits: &mut QueryLimits, limit| limits.errors = limit;
    for document in [
        "{ a b c d }",
        "{ a: order(id: 0.5) {id} b: order(id: 0.5) {id} c: order(id: 0.5) {id} d: order(id: 0.5) {id} }",
    ] {
        let all = limited(set, 4).await.ask(document).await;
        assert_eq!(all["errors"].as_array().map(Vec::len), Some(4), "{all}");
        let some = limited(set, 3).await.ask(document).await;
        assert_eq!(some["errors"].as_array().map(Vec::len), Some(3), "{some}");
        let extensions =
            json!({ "code": "LIMIT_EXCEEDED", "limit": "errors", "value": 3, "setting": SETTING });
        assert_eq!(some["errors"][2]["extensions"], extensions);
    }
    // Those of fields, too.
    let fields = r#"{ a: order(id: "x") {id} b: order(id: "x") {id} c: order(id: "x") {id} }"#;
    let answer = limited(set, 2).await.ask(fields).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT", "LIMIT_EXCEEDED"]);
    assert_eq!(answer["data"], json!({ "a": null, "b": null, "c": null }));
}

/// With pages of 3 and at most 5, and 8 orders in `getOrders`.
#[tokio::test]
async fn complexity_counts_each_field_as_often_as_the_lists_around_it_may_have_items() {
    let set = |limits: &mut QueryLimits, limit| limits.complexity = limit;
    let cases = [
        ("{ viewer { username permissions } }", 3),
        ("{ getOrders { id user { username } } }", 1 + 8 * 3),
        ("{ orders { nodes { id } totalCount } }", 2 + 1 + 3),
        ("{ orders { nodes { id state } edges { cursor node { id } } } }", 1 + 2 + 3 * (2 + 3)),
        ("{ orders(first: 2) { nodes { id } } }", 1 + 1 + 2),
        ("{ orders(last: 5) { nodes { id } } }", 1 + 1 + 5),
        ("{ orders(first: 0) { nodes { id } } }", 1 + 1),
        (
            "{ orders(first: 2) { ...F } } fragment F on OrderConnection { nodes { id } ... { nodes { id } } }",
            1 + 4 + 2,
        ),
        (
            "{ orders(first: 2) { nodes { user { orders(first: 4) { nodes { id } } } } } }",
            2 + 2 * (1 + 2 + 4),
        ),
        ("{ node(id: \"User:1\") { ... on User { orders { nodes { id } } } } }", 1 + 1 + 1 + 3),
        ("query($n: Int = 4) { orders(first: $n) { nodes { id } } }", 1 + 1 + 4),
        ("subscription { orderEvents { order { user { orders { nodes { id } } } } } }", 5 + 3),
    ];
    for (document, complexity) in cases {
        let client = limited(set, complexity - 1).await;
        let told = client.follow(document).next().await.expect("an error");
        let extensions = json!({
            "code": "LIMIT_EXCEEDED", "limit": "complexity", "value": complexity - 1, "setting": SETTING
        });
        assert_eq!(told["errors"][0]["extensions"], extensions, "{document}");
        let mut passes = limited(set, complexity).await.follow(document);
        if document.starts_with("subscription") {
            assert!(passes.is_silent(), "{document}");
        } else {
            assert_eq!(passes.next().await.expect("an answer").get("errors"), None, "{document}");
        }
    }
}

#[tokio::test]
async fn complexity_is_that_of_the_variables_and_of_the_operation_that_is_asked_for() {
    let client = limited(|limits, limit| limits.complexity = limit, 6).await;
    let document = "query($n: Int) { orders(first: $n) { nodes { id } } }";
    for (variables, passes) in [
        (json!({ "n": 4 }), true),
        (json!({ "n": 5 }), false),
        (json!({ "n": 4 }), true),
        (json!({}), true),
        (json!({ "n": null }), true),
    ] {
        let answer = client.ask(with_variables(document, variables.clone())).await;
        assert_eq!(answer.get("errors").is_none(), passes, "{variables}: {answer}");
    }
    let two = "query A { viewer { username } } query B { getOrders { id } }";
    assert_eq!(client.ask(Request::new(two).operation_name("A")).await.get("errors"), None);
    assert_eq!(codes(&client.ask(Request::new(two).operation_name("B")).await), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn introspection_can_be_turned_off() {
    let off = Introspection { allowed: false, setting: SETTING };
    let service = Service::with_limits(&QueryLimits { introspection: off, ..QUERY_LIMITS }).await;
    for document in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Order\") { name } }",
        "{ viewer { username } ...F } fragment F on Query { a: __schema { types { name } } }",
    ] {
        let answer = service.staff().ask(document).await;
        assert_eq!(codes(&answer), ["GRAPHQL_VALIDATION_FAILED"], "{document}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(SETTING), "{message}");
    }
    let told = service.staff().ask("{ viewers { x } }").await;
    assert!(!told.to_string().contains("viewer\\\""), "no names of the schema are suggested: {told}");
    assert_eq!(service.staff().data("{ __typename }").await, json!({ "__typename": "Query" }));
}
