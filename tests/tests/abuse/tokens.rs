//! Tokens that must not be believed, over HTTP and over sockets, and what a good one does not allow.

use std::sync::Arc;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tests::{BadToken, Protocol, RawSocket, Server, assert_nothing_internal, bad_tokens};

use crate::{
    case::{Case, Target},
    servers,
};

pub(crate) fn cases() -> Vec<Case> {
    let bad = bad_tokens().into_iter().map(Arc::new).flat_map(|bad| {
        let case = |how: &str, run: fn(&Server, &BadToken)| {
            let bad = Arc::clone(&bad);
            let name = format!("{} {how}", bad.name);
            Case::new("tokens", name, Target::Guarded, move |server| run(server, &bad))
        };
        [
            case("over HTTP", over_http),
            case("in a handshake", in_a_handshake),
            case("in a message", in_a_message),
        ]
    });
    bad.chain(bodies()).collect()
}

/// What a refused client must not have done.
const PLACE: &str = r#"mutation { placeOrder(input: { username: "caty88" }) { cursor } }"#;

fn over_http(server: &Server, bad: &BadToken) {
    let mut request = server.api().request(Method::POST, "/graphql").json(&json!({ "query": PLACE }));
    for authorization in &bad.authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let answer = request.send().expect("an answer");
    assert_eq!(answer.status(), 401);
    assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
    let text = answer.text().expect("text");
    assert_nothing_internal(&text);
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
    assert!(error["message"].as_str().is_some_and(|text| text.contains(bad.reason)), "{answer}");
}

fn in_a_handshake(server: &Server, bad: &BadToken) {
    for protocol in Protocol::ALL {
        let socket = RawSocket::open_authorized(server.api(), protocol, &bad.authorization);
        assert_refused(socket, &json!({}), bad);
    }
}

fn in_a_message(server: &Server, bad: &BadToken) {
    let payload = match &*bad.authorization {
        [one] => json!({ "Authorization": one }),
        several => json!({ "Authorization": several[0], "headers": { "Authorization": "Bearer other" } }),
    };
    for protocol in Protocol::ALL {
        assert_refused(RawSocket::open(server.api(), protocol), &payload, bad);
    }
}

fn assert_refused(mut socket: RawSocket, payload: &Value, bad: &BadToken) {
    socket.send(&json!({ "type": "connection_init", "payload": payload }));
    socket.start_operation("1", &json!({ "query": PLACE }));
    let reason = socket.expect_forbidden();
    assert!(reason.contains(bad.reason), "{reason}");
}

/// Bodies of someone whom the guarded server knows.
fn bodies() -> impl Iterator<Item = Case> {
    let query = json!({ "query": "{ __typename }" });
    let hash = |hash: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let cases = [
        ("a batch of six where five are allowed", json!(vec![&query; 6]), 413, "LIMIT_EXCEEDED"),
        ("a batch of ten thousand", json!(vec![json!({}); 10_000]), 413, "LIMIT_EXCEEDED"),
        ("a batch of nothing", json!([]), 400, "BAD_USER_INPUT"),
        ("a batch in a batch", json!([query, [query]]), 400, "BAD_USER_INPUT"),
        ("a batch with a number", json!([query, 1]), 400, "BAD_USER_INPUT"),
        (
            "a document under the hash of another",
            json!({ "query": "{ __typename }", "extensions": hash(&"0".repeat(64)) }),
            200,
            "BAD_USER_INPUT",
        ),
        (
            "a hash that is none",
            json!({ "query": "{ __typename }", "extensions": hash("../../etc/passwd") }),
            200,
            "BAD_USER_INPUT",
        ),
        (
            "a hash of nothing that is known",
            json!({ "extensions": hash(&"0".repeat(64)) }),
            200,
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        (
            "a hash of another version",
            json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": "0" } } }),
            200,
            "BAD_USER_INPUT",
        ),
        ("an extension that is no object", json!({ "query": "{a}", "extensions": 1 }), 400, "BAD_USER_INPUT"),
    ];
    cases.into_iter().map(|(name, body, status, code)| {
        Case::new("bodies", name, Target::Guarded, move |server| {
            let request = servers::customer(server).request(Method::POST, "/graphql").json(&body);
            let answer = request.send().expect("an answer");
            let (found, text) = (answer.status().as_u16(), answer.text().expect("text"));
            assert_nothing_internal(&text);
            assert_eq!(found, status, "{text}");
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
        })
    })
}
