//! What is no message of the sub-protocol that a socket speaks: each closes it with 4400 and the reason.

use serde_json::json;
use tests::{
    Protocol::{self, GraphqlTransportWs, GraphqlWs},
    RawSocket,
};
use tungstenite::Message;

use crate::case::{Case, Target};

const EVENTS: &str = "subscription { orderEvents { order { date } } }";

pub(crate) fn cases() -> Vec<Case> {
    Protocol::ALL.into_iter().flat_map(cases_of).collect()
}

fn cases_of(protocol: Protocol) -> Vec<Case> {
    let nested = format!(r#"{{"type":"connection_init","payload":{{"a":{}"#, "[".repeat(1000));
    let mut texts: Vec<(String, String)> = NO_MESSAGES
        .iter()
        .chain(own_messages(protocol))
        .map(|(text, reason)| ((*text).to_owned(), (*reason).to_owned()))
        .collect();
    texts.push((nested, "Not a message: recursion limit exceeded".to_owned()));
    let foreign = match protocol {
        GraphqlTransportWs => ["start", "stop", "connection_terminate"],
        GraphqlWs => ["subscribe", "complete", "ping"],
    };
    texts.extend(foreign.map(|kind| {
        let message = json!({ "type": kind, "id": "1", "payload": { "query": EVENTS } });
        (message.to_string(), format!("`{kind}` is no type of message that a client may send"))
    }));
    let mut cases: Vec<Case> = texts
        .into_iter()
        .map(|(text, reason)| closes(protocol, Message::text(text), reason, false))
        .collect();
    cases.extend(
        operations(protocol).map(|(text, reason)| closes(protocol, Message::text(text), reason.into(), true)),
    );
    cases.extend([&b""[..], br#"{"type":"ping"}"#, &[0xff; 40]].map(|bytes| {
        let reason = "Binary messages are not spoken here".to_owned();
        closes(protocol, Message::binary(bytes.to_vec()), reason, true)
    }));
    cases
}

/// A text that is no message of either protocol, and what its close frame says.
const NO_MESSAGES: [(&str, &str); 25] = [
    ("", "Not a message: EOF"),
    ("ping", "Not a message: expected"),
    ("{", "Not a message: EOF"),
    ("null", "Not a message: invalid type: null"),
    ("7", "Not a message: invalid type: integer"),
    (r#""connection_init""#, "Not a message: invalid type: string"),
    ("[]", "Not a message: invalid"),
    ("{}", "Not a message: missing field `type`"),
    (r#"{"type":null}"#, "Not a message: invalid type: null"),
    (r#"{"type":1}"#, "Not a message: invalid type: integer"),
    (r#"{"type":""}"#, "`` is no type of message that a client may send"),
    (r#"{"type":"publish"}"#, "`publish` is no type of message"),
    (r#"{"type":"Subscribe","id":"1","payload":{"query":"{a}"}}"#, "`Subscribe` is no type"),
    (r#"{"type":"next","id":"1","payload":{}}"#, "`next` is no type"),
    (r#"{"type":"data","id":"1","payload":{}}"#, "`data` is no type"),
    (r#"{"type":"error","id":"1","payload":[]}"#, "`error` is no type"),
    (r#"{"type":"connection_ack"}"#, "`connection_ack` is no type"),
    (r#"{"type":"connection_error"}"#, "`connection_error` is no type"),
    (r#"{"type":"ka"}"#, "`ka` is no type"),
    (r#"{"type":"ping"} {"type":"ping"}"#, "Not a message: trailing characters"),
    (r#"{"type":"ping","type":"ping"}"#, "Not a message: duplicate field `type`"),
    (r#"{"type":"connection_init","payload":[]}"#, "The payload of `connection_init` is no object"),
    (r#"{"type":"connection_init","payload":"token"}"#, "The payload of `connection_init` is no object"),
    (r#"{"type":"connection_init","payload":{"resume":7}}"#, "`resume` must be a cursor"),
    (r#"{"type":"connection_init","payload":{"resume":""#, "Not a message: EOF"),
];

/// Stops and pings that are none.
fn own_messages(protocol: Protocol) -> &'static [(&'static str, &'static str)] {
    match protocol {
        GraphqlTransportWs => &[
            (r#"{"type":"complete"}"#, "`complete` needs an `id`, a string"),
            (r#"{"type":"complete","id":7}"#, "`complete` needs an `id`, a string"),
            (r#"{"type":"ping","payload":7}"#, "The payload of `ping` is no object"),
            (r#"{"type":"pong","payload":[]}"#, "The payload of `pong` is no object"),
        ],
        GraphqlWs => &[
            (r#"{"type":"stop"}"#, "`stop` needs an `id`, a string"),
            (r#"{"type":"stop","id":""}"#, "The `id` of `stop` is empty"),
        ],
    }
}

/// An operation that is none, and what its close frame says.
fn operations(protocol: Protocol) -> impl Iterator<Item = (String, &'static str)> {
    let events = json!({ "query": EVENTS });
    let cases = [
        (json!({ "payload": events }), "needs an `id`, a string"),
        (json!({ "id": null, "payload": events }), "needs an `id`, a string"),
        (json!({ "id": 1, "payload": events }), "needs an `id`, a string"),
        (json!({ "id": "", "payload": events }), "is empty"),
        (json!({ "id": "x".repeat(1025), "payload": events }), "The `id` has more than 1024 bytes"),
        (json!({ "id": "1" }), "must be a JSON object with `query`, not null"),
        (json!({ "id": "1", "payload": null }), "must be a JSON object with `query`, not null"),
        (json!({ "id": "1", "payload": EVENTS }), "must be a JSON object with `query`, not a string"),
        (json!({ "id": "1", "payload": [events] }), "must be a JSON object with `query`, not an array"),
        (json!({ "id": "1", "payload": {} }), "`query` is missing"),
        (json!({ "id": "1", "payload": { "query": null } }), "`query` is missing"),
        (json!({ "id": "1", "payload": { "query": 7 } }), "`query` must be a string, not a number"),
        (
            json!({ "id": "1", "payload": { "query": EVENTS, "operationName": 7 } }),
            "`operationName` must be a string, not a number",
        ),
        (
            json!({ "id": "1", "payload": { "query": EVENTS, "variables": "none" } }),
            "`variables` must be an object, not a string",
        ),
        (
            json!({ "id": "1", "payload": { "query": EVENTS, "extensions": [] } }),
            "`extensions` must be an object, not an array",
        ),
    ];
    let kind = match protocol {
        GraphqlTransportWs => "subscribe",
        GraphqlWs => "start",
    };
    cases.into_iter().map(move |(mut message, reason)| {
        message["type"] = json!(kind);
        (message.to_string(), reason)
    })
}

fn closes(protocol: Protocol, message: Message, reason: String, introduced: bool) -> Case {
    let shown: String = message.to_string().chars().take(100).collect();
    let kind = if message.is_binary() { "binary " } else { "" };
    let name = format!("{kind}{shown:?} in {}", protocol.name());
    Case::new("messages", name, Target::Open, move |server| {
        let mut socket = if introduced {
            RawSocket::start(server.api(), protocol)
        } else {
            RawSocket::open(server.api(), protocol)
        };
        socket.send_frame(message.clone());
        let told = socket.expect_close(4400);
        assert!(told.contains(&reason), "{told}");
        // The most that fits a close frame (RFC 6455, section 5.5).
        assert!(told.len() <= 123, "{told}");
    })
}
