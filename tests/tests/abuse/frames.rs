//! Sockets after the handshake: frames that are none (RFC 6455, section 5), floods, and operations out of turn.

use serde_json::{Value, json};
use tests::{
    Protocol, RawSocket, Received,
    frames::{
        BINARY, CLOSE, CONTINUATION, FINAL, PING, RESERVED_1, RESERVED_2, RESERVED_3, TEXT, close,
        first_part, frame, header_only, last_part, ping, pong, text, unmasked,
    },
};

use crate::case::{Case, Target};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = broken();
    for protocol in Protocol::ALL {
        cases.extend(out_of_turn(protocol));
        cases.extend(floods(protocol));
    }
    cases
}

fn broken() -> Vec<Case> {
    let cases = [
        ("an unmasked text", unmasked(FINAL | TEXT, b"{}"), 1002),
        ("an unmasked ping", unmasked(FINAL | PING, b""), 1002),
        ("an unmasked close", unmasked(FINAL | CLOSE, b""), 1002),
        ("the first reserved bit", frame(FINAL | RESERVED_1 | TEXT, b"{}"), 1002),
        ("the second reserved bit", frame(FINAL | RESERVED_2 | TEXT, b"{}"), 1002),
        ("the third reserved bit", frame(FINAL | RESERVED_3 | TEXT, b"{}"), 1002),
        ("a kind of frame that is reserved", frame(FINAL | 0x3, b"{}"), 1002),
        ("a kind of control frame that is reserved", frame(FINAL | 0xb, b"{}"), 1002),
        ("every bit", frame(0xff, b"{}"), 1002),
        ("a part of nothing", last_part(b"{}"), 1002),
        ("a text in a text", [first_part(b"{"), text(b"}")].concat(), 1002),
        ("a binary message in a text", [first_part(b"{"), frame(FINAL | BINARY, b"}")].concat(), 1002),
        ("a ping in two parts", frame(PING, b"a"), 1002),
        ("a ping of 126 bytes", ping(&[b'a'; 126]), 1002),
        ("a pong of 200 bytes", pong(&[b'a'; 200]), 1002),
        ("a close in two parts", frame(CLOSE, &1000_u16.to_be_bytes()), 1002),
        ("a close of one byte", frame(FINAL | CLOSE, &[3]), 1002),
        ("a close with a code that there is not", close(999, b""), 1002),
        ("a close with a code that nobody sends", close(1005, b""), 1002),
        ("a close with a reason that is no UTF-8", close(1000, b"\xff"), 1007),
        ("a byte that starts no character", text(b"\xff"), 1007),
        ("a character that is longer than it needs to be", text(b"\xc0\xaf"), 1007),
        ("half of a pair of characters", text(b"\xed\xa0\x80"), 1007),
        ("a character beyond the last", text(b"\xf4\x90\x80\x80"), 1007),
        ("half of a character at the end", text(b"\xe2\x82"), 1007),
        ("a part that is no UTF-8", [first_part(b"{"), last_part(b"\xff")].concat(), 1007),
        ("a text of one byte over the limit", header_only(FINAL | TEXT, 262_145), 1009),
        ("a text of 4 GiB", header_only(FINAL | TEXT, 1 << 32), 1009),
        ("a text of the most bytes that there are", header_only(FINAL | TEXT, u64::MAX >> 1), 1009),
        ("a binary message of 4 GiB", header_only(FINAL | BINARY, 1 << 32), 1009),
        (
            "a last part of 4 GiB",
            [first_part(b"{"), header_only(FINAL | CONTINUATION, 1 << 32)].concat(),
            1009,
        ),
    ];
    let case = |(name, sent, code): (&'static str, Vec<u8>, u16)| {
        Case::new("frames", name, Target::Open, move |server| {
            let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
            socket.send_bytes(&sent);
            socket.expect_close(code);
        })
    };
    cases.map(case).into()
}

/// Operations, each good but for its moment.
fn out_of_turn(protocol: Protocol) -> Vec<Case> {
    // Not those of the client beside, which are told all the time.
    let events = json!({ "query": r#"subscription { orderEvents(where: { username: "joe" }) { kind } }"# });
    let case = |name: &str, run: fn(&mut RawSocket, &Value)| {
        let (name, events) = (format!("{name} in {}", protocol.name()), events.clone());
        Case::new("frames", name, Target::Open, move |server| {
            run(&mut RawSocket::open(server.api(), protocol), &events);
        })
    };
    vec![
        case("an operation before the introduction", |socket, events| {
            socket.start_operation("1", events);
            assert_eq!(socket.expect_close(4401), "Unauthorized");
        }),
        case("a stop before the introduction is passed over", |socket, events| {
            socket.stop_operation("1");
            socket.initialise(&json!({}));
            socket.start_operation("1", events);
            socket.expect_silence();
        }),
        case("a second introduction", |socket, events| {
            socket.initialise(&json!({}));
            socket.start_operation("1", events);
            socket.send(&json!({ "type": "connection_init" }));
            assert_eq!(socket.expect_close(4429), "Too many initialisation requests");
        }),
        case("two introductions at once", |socket, _| {
            socket.send(&json!({ "type": "connection_init" }));
            socket.send(&json!({ "type": "connection_init" }));
            closes(socket, 4429, "Too many initialisation requests");
        }),
        case("an id that is in use", |socket, events| {
            socket.initialise(&json!({}));
            socket.start_operation("1", events);
            socket.start_operation("1", events);
            assert_eq!(socket.expect_close(4409), "Subscriber for 1 already exists");
        }),
        case("101 operations", |socket, events| {
            socket.initialise(&json!({}));
            for id in 0..101 {
                socket.start_operation(&id.to_string(), events);
            }
            let error = socket.next_message();
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("100")), "{error}");
            assert_limited(&error, "ORDERCAST_SOCKET_OPERATIONS");
        }),
        case("operations that start and stop a hundred times", |socket, events| {
            socket.initialise(&json!({}));
            for _ in 0..100 {
                socket.start_operation("1", events);
                socket.stop_operation("1");
            }
            socket.expect_silence();
        }),
        case("a cursor that is none", |socket, _| {
            socket.initialise(&json!({}));
            let query = r#"subscription { orderEvents(after: "yesterday") { kind } }"#;
            socket.start_operation("1", &json!({ "query": query }));
            let error = socket.next_message();
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")), "{error}");
            assert_eq!(errors(&error)[0]["extensions"]["code"], "CURSOR_INVALID", "{error}");
            socket.expect_silence();
        }),
        case("a cursor to resume after of 60,000 letters", |socket, events| {
            socket.initialise(&json!({ "resume": "A".repeat(60_000) }));
            socket.start_operation("1", events);
            let error = socket.next_message();
            assert_eq!(errors(&error)[0]["extensions"]["code"], "CURSOR_INVALID", "{error}");
            socket.expect_silence();
        }),
    ]
}

/// More than anybody needs to send.
fn floods(protocol: Protocol) -> Vec<Case> {
    let case = |name: &str, sent: Vec<u8>| {
        let name = format!("20,000 {name} in {}", protocol.name());
        Case::new("frames", name, Target::Open, move |server| {
            let mut socket = RawSocket::start(server.api(), protocol);
            socket.send_bytes_beside(sent.clone());
            closes(&mut socket, 1008, "Too many messages");
        })
    };
    let (start, stop) = match protocol {
        Protocol::GraphqlTransportWs => ("subscribe", "complete"),
        Protocol::GraphqlWs => ("start", "stop"),
    };
    // A second's worth is 1,000, and five seconds' worth may come at once.
    let messages = |message: &dyn Fn(usize) -> Value| -> Vec<u8> {
        (0..20_000).flat_map(|number| text(message(number).to_string().as_bytes())).collect()
    };
    let query = json!({ "query": "{ __typename }" });
    vec![
        case("stops", messages(&|_| json!({ "type": stop, "id": "1" }))),
        case("queries", messages(&|n| json!({ "type": start, "id": n.to_string(), "payload": query }))),
        case("pings of the WebSocket", ping(b"a").repeat(20_000)),
        case("pongs of the WebSocket", pong(b"").repeat(20_000)),
    ]
}

/// Waits for the close frame behind what was said before.
fn closes(socket: &mut RawSocket, code: u16, reason: &str) {
    loop {
        match socket.receive() {
            Received::Message(_) | Received::Ping(_) => {}
            received => break assert_eq!(received, Received::Close { code, reason: reason.to_owned() }),
        }
    }
}

fn errors(message: &Value) -> &Value {
    // The older protocol tells one object, which has the list.
    if message["payload"].is_array() { &message["payload"] } else { &message["payload"]["errors"] }
}

fn assert_limited(message: &Value, setting: &str) {
    let error = &errors(message)[0];
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{message}");
    assert!(error["message"].as_str().is_some_and(|text| text.contains(setting)), "{message}");
}
