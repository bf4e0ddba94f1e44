//! Apollo's protocol for subscriptions over HTTP: `multipart/mixed;subscriptionSpec=1.0`.

use std::io::Read;

use reqwest::{
    blocking::{RequestBuilder, Response},
    header,
};
use serde_json::{Value, json};
use tests::{GET_LAST_ORDER, Installation, Server, Signal};

use crate::support::{assert_refused, follow_from_now, place, post_document, value};

/// As Apollo Client 4 sends it.
const ACCEPT: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9";

#[test]
fn each_part_comes_at_once_with_the_boundary_that_ends_it() {
    let server = Server::start();
    let mut parts = Parts::follow(&server, GET_LAST_ORDER);
    assert_eq!(value(&parts.body, &header::CACHE_CONTROL), Some("no-store"));
    let first = parts.next();
    assert_eq!(first["payload"]["data"]["getOrder"]["date"], "2026-04-12");
    assert!(first["payload"]["extensions"]["cursor"].is_string(), "{first}");
    assert_eq!(first.get("errors"), None);
    server.api().place_order(&json!({ "username": "joe", "date": "2026-05-01" }));
    assert_eq!(parts.next()["payload"]["data"]["getOrder"]["date"], "2026-05-01");
}

#[test]
fn a_silent_subscription_beats() {
    let server = Installation::new().set("ORDERCAST_KEEP_ALIVE", "20ms").start();
    let mut parts = Parts::follow(&server, &follow_from_now(&server));
    for _ in 0..3 {
        assert_eq!(parts.next(), json!({}));
    }
    let placed = place(&server);
    let event = std::iter::repeat_with(|| parts.next()).find(|part| *part != json!({})).expect("a part");
    assert_eq!(event["payload"]["data"]["orderEvents"]["order"]["id"], json!(placed));
}

#[test]
fn a_subscription_that_cannot_be_started_is_answered_with_its_errors() {
    let server = Server::start();
    let only_parts = "multipart/mixed;subscriptionSpec=1.0";
    let unknown_field = ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED");
    let other_cursor = (r#"subscription { orderEvents(after: "x") { cursor } }"#, "CURSOR_INVALID");
    let request = post_document(&server, unknown_field.0).header(header::ACCEPT, ACCEPT);
    assert_refused(request.send().expect("an answer"), 400, unknown_field.1, "nope");
    for (accept, (document, code)) in
        [(only_parts, unknown_field), (only_parts, other_cursor), (ACCEPT, other_cursor)]
    {
        let mut parts = Parts::read(post_document(&server, document).header(header::ACCEPT, accept));
        let part = parts.next();
        assert_eq!(part["payload"]["errors"][0]["extensions"]["code"], code, "{part}");
        assert_eq!(part.get("errors"), None, "they are the answer, not a fault of the connection");
        parts.assert_ended();
    }
}

#[test]
fn a_server_that_stops_says_so_in_the_last_part() {
    let mut server = Server::start();
    let mut parts = Parts::follow(&server, GET_LAST_ORDER);
    parts.next();
    server.signal(Signal::Terminate);
    let last = parts.next();
    assert_eq!(last["payload"], Value::Null);
    assert_eq!(last["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{last}");
    parts.assert_ended();
    assert!(server.wait().success());
}

/// The parts of an answer.
pub(crate) struct Parts {
    body: Response,
}

impl Parts {
    pub(crate) fn follow(server: &Server, document: &str) -> Self {
        Self::read(post_document(server, document).header(header::ACCEPT, ACCEPT))
    }

    /// Sends a request that must be answered in parts.
    pub(crate) fn read(request: RequestBuilder) -> Self {
        let answer = request.send().expect("an answer");
        let content_type = r#"multipart/mixed;boundary="graphql";subscriptionSpec=1.0"#;
        assert_eq!(value(&answer, &header::CONTENT_TYPE), Some(content_type));
        let mut parts = Self { body: answer };
        parts.expect("\r\n--graphql");
        parts
    }

    /// The next part, which is read to the boundary after it.
    pub(crate) fn next(&mut self) -> Value {
        self.expect("\r\nContent-Type: application/json\r\n\r\n");
        let mut part = Vec::new();
        while !part.ends_with(b"\r\n--graphql") {
            let mut byte = [0];
            self.body.read_exact(&mut byte).expect("a boundary");
            part.extend(byte);
        }
        serde_json::from_slice(&part[..part.len() - 11]).expect("JSON")
    }

    pub(crate) fn assert_ended(mut self) {
        self.expect("--\r\n");
        let mut rest = String::new();
        self.body.read_to_string(&mut rest).expect("the body ends well");
        assert_eq!(rest, "");
    }

    fn expect(&mut self, text: &str) {
        let mut found = vec![0; text.len()];
        self.body.read_exact(&mut found).expect("the body goes on");
        assert_eq!(String::from_utf8_lossy(&found), text);
    }
}
