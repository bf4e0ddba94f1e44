//! What tests of HTTP have in common.

use reqwest::{
    Method,
    blocking::{RequestBuilder, Response},
    header,
};
use serde_json::{Value, json};
use tests::{EventStream, Server};

/// Changes something, and needs no variables.
pub(crate) const PLACE: &str = r#"mutation { placeOrder(input: { username: "joe" }) { order { id } } }"#;

/// Follows every change.
pub(crate) const FOLLOW: &str = "subscription { orderEvents { kind order { id } } }";

/// Follows every change from now on, whenever the subscription gets under way.
pub(crate) fn follow_from_now(server: &Server) -> String {
    let cursor = &server.api().data("{ orders { cursor } }", &json!({}))["orders"]["cursor"];
    FOLLOW.replace("orderEvents", &format!("orderEvents(after: {cursor})"))
}

/// A request with this body, of JSON.
pub(crate) fn post(server: &Server, body: &Value) -> RequestBuilder {
    server.api().request(Method::POST, "/graphql").json(body)
}

/// The same with a document alone.
pub(crate) fn post_document(server: &Server, document: &str) -> RequestBuilder {
    post(server, &json!({ "query": document }))
}

/// A request with a document in the query string.
pub(crate) fn get_document(server: &Server, document: &str) -> RequestBuilder {
    server.api().request(Method::GET, "/graphql").query(&[("query", document)])
}

/// A stream of events from after the cursor on, as a browser comes back.
pub(crate) fn follow_after(server: &Server, document: &str, cursor: &str) -> EventStream {
    let request = get_document(server, document).header(header::ACCEPT, "text/event-stream");
    EventStream::open(request.header("Last-Event-ID", cursor))
}

/// An order that is placed now.
pub(crate) fn place(server: &Server) -> String {
    server.api().place_order(&json!({ "username": "joe" }))
}

/// A header's value, as text.
pub(crate) fn value<'r>(answer: &'r Response, name: &header::HeaderName) -> Option<&'r str> {
    answer.headers().get(name).map(|value| value.to_str().expect("ASCII"))
}

/// An answer without data, whose one error has this code and names what was wrong.
pub(crate) fn assert_refused(answer: Response, status: u16, code: &str, naming: &str) {
    let found = answer.status();
    let body: Value = answer.json().expect("JSON");
    assert_eq!(found, status, "{body}");
    assert_error(&body, code, naming);
}

/// The body of such an answer.
pub(crate) fn assert_error(body: &Value, code: &str, naming: &str) {
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    let message = body["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains(naming), "`{naming}` is not in: {message}");
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body}");
    assert_eq!(body.get("data"), None, "{body}");
}
