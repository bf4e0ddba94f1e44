//! GraphQL over HTTP: methods, media types, statuses. The audits of npm's `graphql-http` are in `clients`.

use reqwest::{
    Method, StatusCode,
    blocking::Response,
    header::{self, HeaderName},
};
use serde_json::{Value, json};
use tests::{Installation, Server};

use crate::support::{PLACE, assert_refused, get_document, place, post, post_document, value};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const QUERY: &str = "{ viewer { username } }";

#[test]
fn each_media_type_is_answered_as_such() {
    let server = Server::start();
    for (accept, expected) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some("application/*;q=0.1"), JSON),
        (Some(JSON), JSON),
        (Some(RESPONSE), RESPONSE),
        (Some("application/graphql-response+json, application/json;q=0.9"), RESPONSE),
        (Some("application/graphql-response+json;q=0.8, application/json;q=0.9"), JSON),
        (Some("text/html, application/json;q=0.1"), JSON),
    ] {
        for (request, cached) in
            [(post_document(&server, QUERY), "no-store"), (get_document(&server, QUERY), "private, no-cache")]
        {
            let request = match accept {
                Some(accept) => request.header(header::ACCEPT, accept),
                None => request,
            };
            let answer = request.send().expect("an answer");
            assert_eq!(answer.status(), 200, "{accept:?}");
            let content_type = format!("{expected}; charset=utf-8");
            assert_eq!(value(&answer, &header::CONTENT_TYPE), Some(&*content_type), "{accept:?}");
            assert_eq!(value(&answer, &header::CACHE_CONTROL), Some(cached));
            assert!(value(&answer, &header::VARY).is_some_and(|vary| vary.contains("Accept")));
            assert_eq!(answer.json::<Value>().expect("JSON")["data"]["viewer"], json!({ "username": null }));
        }
    }
}

#[test]
fn an_answer_that_is_not_acceptable_is_refused_and_nothing_is_executed() {
    let server = Server::start();
    let before = server.api().orders();
    let subscription = "subscription { getOrder { id } }";
    for (document, accept) in [
        (PLACE, "text/html"),
        (PLACE, "application/json;q=0"),
        (PLACE, "multipart/mixed"),
        (subscription, "application/json"),
        (subscription, "application/graphql-response+json, application/json;q=0.9"),
        (subscription, "multipart/mixed;subscriptionSpec=2.0"),
    ] {
        let answer = post_document(&server, document).header(header::ACCEPT, accept).send();
        assert_refused(answer.expect("an answer"), 406, "BAD_USER_INPUT", "text/event-stream");
    }
    assert_eq!(server.api().orders(), before);
}

#[test]
fn what_cannot_be_executed_is_an_error_without_data() {
    let server = Server::start();
    let missing = "query($id: ID!) { order(id: $id) { id } }";
    let date = "query($where: OrderFilter) { orders(where: $where) { totalCount } }";
    for (body, code, naming) in [
        (json!({ "query": "{" }), "GRAPHQL_PARSE_FAILED", "expected"),
        (json!({ "query": "{ nope }" }), "GRAPHQL_VALIDATION_FAILED", "nope"),
        (
            json!({ "query": "query a { __typename }", "operationName": "b" }),
            "GRAPHQL_VALIDATION_FAILED",
            "`b`",
        ),
        (
            json!({ "query": "query a { __typename } query b { __typename }" }),
            "GRAPHQL_VALIDATION_FAILED",
            "several",
        ),
        (json!({ "query": missing }), "BAD_USER_INPUT", "ID"),
        (json!({ "query": missing, "variables": { "id": {} } }), "BAD_USER_INPUT", "`$id`"),
        (
            json!({ "query": date, "variables": { "where": { "dateTo": "x" } } }),
            "BAD_USER_INPUT",
            "`x` is not a day",
        ),
    ] {
        // Older clients take any other status for a fault of the network.
        for (accept, status) in [(RESPONSE, 400), (JSON, 200)] {
            let answer = post(&server, &body).header(header::ACCEPT, accept).send().expect("an answer");
            assert_refused(answer, status, code, naming);
        }
    }
}

#[test]
fn a_request_that_is_none_is_refused_whatever_is_accepted() {
    let server = Server::start();
    for (body, naming) in [
        (json!({}), "`query`"),
        (json!({ "query": null }), "`query`"),
        (json!({ "query": "" }), "`query`"),
        (json!({ "query": 1 }), "`query` must be a string, not a number"),
        (json!({ "query": QUERY, "operationName": {} }), "`operationName` must be a string, not an object"),
        (json!({ "query": QUERY, "variables": [] }), "`variables` must be an object, not an array"),
        (json!({ "query": QUERY, "extensions": "x" }), "`extensions` must be an object, not a string"),
        (json!("query"), "must be a JSON object"),
    ] {
        for accept in [RESPONSE, JSON, "text/html", "*/*"] {
            let answer = post(&server, &body).header(header::ACCEPT, accept).send().expect("an answer");
            assert_refused(answer, 400, "BAD_USER_INPUT", naming);
        }
    }
}

#[test]
fn an_error_of_a_field_leaves_the_rest_and_the_status() {
    let server = Server::start();
    let document = r#"{ viewer { username } order(id: "no id") { id } }"#;
    for accept in [RESPONSE, JSON] {
        let answer =
            post_document(&server, document).header(header::ACCEPT, accept).send().expect("an answer");
        assert_eq!(answer.status(), 200, "{accept}");
        let body: Value = answer.json().expect("JSON");
        assert_eq!(body["data"], json!({ "viewer": { "username": null }, "order": null }));
        assert_eq!(body["errors"][0]["path"], json!(["order"]));
    }
}

#[test]
fn a_query_is_run_by_get_with_all_its_parameters() {
    let server = Server::start();
    let document = "query a { __typename } query b($id: ID!) { order(id: $id) { id } }";
    let parameters = [
        ("query", document),
        ("operationName", "b"),
        ("variables", r#"{"id":"Order:1"}"#),
        ("extensions", ""),
        ("utm_source", "mail"),
    ];
    let answer = server.api().request(Method::GET, "/graphql").query(&parameters).send().expect("an answer");
    let body: Value = answer.json().expect("JSON");
    assert_eq!(body, json!({ "data": { "order": { "id": "Order:1" } } }));
    for (name, given) in [("variables", "{"), ("variables", "[1]"), ("extensions", "1")] {
        let request = get_document(&server, QUERY).query(&[(name, given)]);
        assert_refused(request.send().expect("an answer"), 400, "BAD_USER_INPUT", name);
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start();
    let ask = |known: &str| {
        let request = get_document(&server, "{ getOrders { id state } }");
        request.header(header::IF_NONE_MATCH, known).send().expect("an answer")
    };
    let tag = |answer: &Response| value(answer, &header::ETAG).expect("an entity tag").to_owned();
    let before = tag(&ask("\"other\""));
    for known in [before.clone(), format!("W/{before}"), format!("\"other\", {before}"), "*".to_owned()] {
        let answer = ask(&known);
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(tag(&answer), before);
        assert_eq!(value(&answer, &header::CACHE_CONTROL), Some("private, no-cache"));
        assert!(value(&answer, &header::VARY).is_some_and(|vary| vary.contains("Accept")));
        assert_eq!(answer.text().expect("a body"), "");
    }
    place(&server);
    let answer = ask(&before);
    assert_eq!(answer.status(), 200);
    assert_ne!(tag(&answer), before);
    assert_eq!(answer.json::<Value>().expect("JSON")["data"]["getOrders"].as_array().map(Vec::len), Some(3));

    // What is posted, and what failed in part, is not kept by clients.
    let posted = post_document(&server, "{ getOrders { id } }").send().expect("an answer");
    let failed = get_document(&server, r#"{ order(id: "no id") { id } }"#).send().expect("an answer");
    for answer in [posted, failed] {
        assert_eq!(value(&answer, &header::ETAG), None);
        assert_eq!(value(&answer, &header::CACHE_CONTROL), Some("no-store"));
    }
}

#[test]
fn a_mutation_by_get_is_refused_and_names_the_method() {
    let server = Server::start();
    let before = server.api().orders();
    for accept in ["*/*", JSON, RESPONSE, "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] {
        let answer = get_document(&server, PLACE).header(header::ACCEPT, accept).send().expect("an answer");
        assert_eq!(value(&answer, &header::ALLOW), Some("POST"), "{accept}");
        assert_refused(answer, 405, "BAD_USER_INPUT", "POST");
    }
    assert_eq!(server.api().orders(), before);
}

#[test]
fn a_url_that_is_too_long_is_refused() {
    let server = Installation::new().set("ORDERCAST_QUERY_STRING_LIMIT", "100").start();
    let status = |length: usize| {
        let query = format!("query=%7B__typename%7D&rest={}", "x".repeat(length - 28));
        server.api().request(Method::GET, &format!("/graphql?{query}")).send().expect("an answer")
    };
    assert_eq!(status(100).status(), StatusCode::OK);
    assert_refused(status(101), 414, "LIMIT_EXCEEDED", "100");
}

#[test]
fn what_a_browser_sends_without_asking_changes_nothing() {
    let server = Server::start();
    let before = server.api().orders();
    let body = json!({ "query": PLACE }).to_string();
    let form = format!("query={PLACE}");
    for (method, content_type, body) in [
        (Method::POST, None, &body),
        (Method::POST, Some("text/plain"), &body),
        (Method::POST, Some("text/plain; application/json"), &body),
        (Method::POST, Some("application/x-www-form-urlencoded"), &form),
        (Method::POST, Some("multipart/form-data; boundary=x"), &body),
        (Method::GET, Some("application/json"), &body),
        (Method::HEAD, None, &body),
    ] {
        let mut request = server.api().request(method.clone(), "/graphql").query(&[("query", PLACE)]);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let answer = request.body(body.clone()).send().expect("an answer");
        assert!(answer.status().is_client_error(), "{method} {content_type:?}: {}", answer.status());
    }
    assert_eq!(server.api().orders(), before);
}

#[test]
fn pages_of_other_origins_change_nothing_even_where_they_need_not_ask() {
    let server = Server::start();
    let before = server.api().orders();
    let refused = |answer: Response| assert_refused(answer, 403, "FORBIDDEN", "origin");
    // A page whose name was rebound to this address is of the same origin to its browser, which so does not ask.
    for origin in ["https://evil.example", "null", "http://evil.example:8000"] {
        let from_page = |request: reqwest::blocking::RequestBuilder| {
            request.header(header::ORIGIN, origin).send().expect("an answer")
        };
        refused(from_page(post_document(&server, PLACE)));
        refused(from_page(get_document(&server, QUERY)));
        for method in [Method::PUT, Method::DELETE] {
            refused(from_page(server.api().request(method, "/graphql")));
        }
    }
    assert_eq!(server.api().orders(), before);
    let own = post_document(&server, PLACE).header(header::ORIGIN, "http://localhost:3000").send();
    assert_eq!(own.expect("an answer").status(), 200);
}

#[test]
fn nothing_internal_is_told_in_a_header() {
    let server = Server::start();
    let answer = post_document(&server, QUERY).send().expect("an answer");
    let told = ["server", "x-powered-by"].map(HeaderName::from_static);
    assert!(told.iter().all(|name| !answer.headers().contains_key(name)), "{:?}", answer.headers());
}
