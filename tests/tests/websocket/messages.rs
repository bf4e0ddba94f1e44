//! What ends a socket and what does not. What is no message is in the table of `tests/abuse/messages.rs`.

use serde_json::json;
use tests::{Protocol, RawSocket, Server};
use tungstenite::Message;

use crate::support::{EVENTS, place, request, server_with};

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
