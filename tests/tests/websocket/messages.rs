//! What is no message, and pings.

use serde_json::{Value, json};
use tests::{Protocol, RawSocket, Server};
use tungstenite::Message;

use crate::support::{EVENTS, place, request, server_with};

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

#[test]
fn a_text_that_is_no_message_closes_with_4400_and_the_reason() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for (text, reason) in NO_MESSAGES {
            assert_closes_with_4400(&server, protocol, text, reason);
        }
        let nested = format!(r#"{{"type":"connection_init","payload":{{"a":{}"#, "[".repeat(1000));
        assert_closes_with_4400(&server, protocol, &nested, "Not a message: recursion limit exceeded");
    }
}

#[test]
fn a_message_of_the_other_protocol_closes_with_4400_and_the_reason() {
    let server = Server::start();
    for (protocol, kinds) in [
        (Protocol::GraphqlTransportWs, ["start", "stop", "connection_terminate"]),
        (Protocol::GraphqlWs, ["subscribe", "complete", "ping"]),
    ] {
        for kind in kinds {
            let message = json!({ "type": kind, "id": "1", "payload": request(EVENTS) }).to_string();
            let reason = format!("`{kind}` is no type of message that a client may send");
            assert_closes_with_4400(&server, protocol, &message, &reason);
        }
    }
}

#[test]
fn an_operation_that_is_none_closes_with_4400_and_the_reason() {
    let server = Server::start();
    let long = "x".repeat(1025);
    let cases = [
        (json!({ "payload": request(EVENTS) }), "needs an `id`, a string"),
        (json!({ "id": null, "payload": request(EVENTS) }), "needs an `id`, a string"),
        (json!({ "id": 1, "payload": request(EVENTS) }), "needs an `id`, a string"),
        (json!({ "id": "", "payload": request(EVENTS) }), "is empty"),
        (json!({ "id": long, "payload": request(EVENTS) }), "The `id` has more than 1024 bytes"),
        (json!({ "id": "1" }), "must be a JSON object with `query`, not null"),
        (json!({ "id": "1", "payload": null }), "must be a JSON object with `query`, not null"),
        (json!({ "id": "1", "payload": EVENTS }), "must be a JSON object with `query`, not a string"),
        (
            json!({ "id": "1", "payload": [request(EVENTS)] }),
            "must be a JSON object with `query`, not an array",
        ),
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
    for (protocol, kind) in [(Protocol::GraphqlTransportWs, "subscribe"), (Protocol::GraphqlWs, "start")] {
        for (message, reason) in &cases {
            let mut message = message.clone();
            message["type"] = json!(kind);
            let mut socket = RawSocket::start(server.api(), protocol);
            socket.send(&message);
            let told = socket.expect_close(4400);
            assert!(told.contains(reason), "{message}: {told}");
        }
    }
}

#[test]
fn a_stop_or_a_ping_that_is_none_closes_with_4400_and_the_reason() {
    let server = Server::start();
    for (protocol, message, reason) in [
        (Protocol::GraphqlTransportWs, r#"{"type":"complete"}"#, "`complete` needs an `id`, a string"),
        (Protocol::GraphqlTransportWs, r#"{"type":"complete","id":7}"#, "`complete` needs an `id`, a string"),
        (
            Protocol::GraphqlTransportWs,
            r#"{"type":"ping","payload":7}"#,
            "The payload of `ping` is no object",
        ),
        (
            Protocol::GraphqlTransportWs,
            r#"{"type":"pong","payload":[]}"#,
            "The payload of `pong` is no object",
        ),
        (Protocol::GraphqlWs, r#"{"type":"stop"}"#, "`stop` needs an `id`, a string"),
        (Protocol::GraphqlWs, r#"{"type":"stop","id":""}"#, "The `id` of `stop` is empty"),
    ] {
        assert_closes_with_4400(&server, protocol, message, reason);
    }
}

#[test]
fn a_binary_message_closes_with_4400_and_the_reason() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for bytes in [&b""[..], br#"{"type":"ping"}"#, &[0xff; 40]] {
            let mut socket = RawSocket::start(server.api(), protocol);
            socket.send_frame(Message::binary(bytes.to_vec()));
            assert_eq!(socket.expect_close(4400), "Binary messages are not spoken here");
        }
    }
}

#[test]
fn a_message_over_the_limit_closes_with_1009_and_one_at_it_does_not() {
    let server = server_with("ORDERCAST_SOCKET_MESSAGE_LIMIT", "1000");
    for protocol in Protocol::ALL {
        let message = |length: usize| {
            let message =
                json!({ "id": "1", "type": "start", "payload": request("{ __typename }") }).to_string();
            let message =
                if protocol == Protocol::GraphqlWs { message } else { message.replace("start", "subscribe") };
            let padding = " ".repeat(length - message.len());
            Message::text(message + &padding)
        };
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.send_frame(message(1000));
        assert_eq!(socket.next_answer("1"), json!({ "data": { "__typename": "Query" } }));
        socket.expect(&json!({ "id": "1", "type": "complete" }));
        socket.send_frame(message(1001));
        assert_eq!(socket.expect_close(1009), "Message too big");
    }
}

#[test]
fn reserved_bits_and_unmasked_frames_close_with_1002_and_bad_utf8_with_1007() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for (bytes, code) in [
            // A text with the first reserved bit, masked with nothing.
            (&[0b1100_0001, 0x80, 0, 0, 0, 0][..], 1002),
            // The text `{}`, unmasked.
            (&[0x81, 2, b'{', b'}'], 1002),
            // An octet that starts no character, masked with nothing.
            (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        ] {
            let mut socket = RawSocket::start(server.api(), protocol);
            socket.send_bytes(bytes);
            socket.expect_close(code);
        }
    }
}

#[test]
fn a_ping_is_answered_by_a_pong_with_the_same_payload_at_any_time() {
    let server = Server::start();
    let payloads = [
        json!({}),
        json!({ "sent": 1_790_000_000_000_u64, "text": "ö\u{0}\"\\" }),
        json!({ "a": [{}, null] }),
    ];
    let ask = |socket: &mut RawSocket| {
        for payload in &payloads {
            socket.send(&json!({ "type": "ping", "payload": payload }));
            socket.expect(&json!({ "type": "pong", "payload": payload }));
        }
        socket.send(&json!({ "type": "ping" }));
        socket.expect(&json!({ "type": "pong" }));
    };
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    ask(&mut socket);
    socket.initialise(&json!({}));
    ask(&mut socket);
    socket.start_operation("1", &request(EVENTS));
    ask(&mut socket);
}

#[test]
fn a_pong_is_taken_without_an_answer() {
    let server = Server::start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    for message in [json!({ "type": "pong" }), json!({ "type": "pong", "payload": { "any": 1 } })] {
        socket.send(&message);
        socket.expect_silence();
    }
}

#[test]
fn a_client_that_is_closed_takes_nobody_with_it() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut bystander = RawSocket::start(server.api(), protocol);
        bystander.start_operation("1", &request("subscription { getOrder { date } }"));
        bystander.next_answer("1");
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("1", &request("subscription { getOrder { date } }"));
        socket.next_answer("1");
        socket.send_frame(Message::text("nonsense"));
        socket.expect_close(4400);
        let date = if protocol == Protocol::GraphqlWs { "2026-05-01" } else { "2026-05-02" };
        place(&server, date);
        assert_eq!(bystander.next_answer("1")["data"], json!({ "getOrder": { "date": date } }));
    }
}

fn assert_closes_with_4400(server: &Server, protocol: Protocol, text: &str, reason: &str) {
    let mut socket = RawSocket::open(server.api(), protocol);
    socket.send_frame(Message::text(text));
    let told = socket.expect_close(4400);
    let shown: Value = text.chars().take(100).collect::<String>().into();
    assert!(told.contains(reason), "{shown}: {told}");
    assert!(told.len() <= 123, "{told}");
}
