//! How a client introduces itself.

use serde_json::json;
use tests::{Installation, Protocol, RawSocket, Received, Server};

use crate::support::{EVENTS, request, server_with};

#[test]
fn no_connection_init_in_time_closes_with_4408() {
    let server = server_with("ORDERCAST_INIT_TIMEOUT", "300ms");
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        assert_eq!(socket.expect_close(4408), "Connection initialisation timeout");
    }
}

#[test]
fn a_client_that_introduced_itself_is_not_timed_out() {
    let server = server_with("ORDERCAST_INIT_TIMEOUT", "300ms");
    let mut introduced = Protocol::ALL.map(|protocol| RawSocket::start(server.api(), protocol));
    // One that comes later is timed out, and then these would have been.
    RawSocket::open(server.api(), Protocol::GraphqlTransportWs).expect_close(4408);
    for socket in &mut introduced {
        socket.expect_silence();
    }
}

#[test]
fn pings_do_not_stand_in_for_connection_init() {
    // As many as there may be.
    let server = Installation::new()
        .set("ORDERCAST_INIT_TIMEOUT", "300ms")
        .set("ORDERCAST_SOCKET_MESSAGES", "1000000")
        .start();
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    loop {
        socket.send(&json!({ "type": "ping" }));
        match socket.receive() {
            Received::Message(pong) => assert_eq!(pong, json!({ "type": "pong" })),
            other => break assert!(matches!(other, Received::Close { code: 4408, .. }), "{other:?}"),
        }
    }
}

#[test]
fn a_second_connection_init_closes_with_4429() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.send(&json!({ "type": "connection_init" }));
        assert_eq!(socket.expect_close(4429), "Too many initialisation requests");
    }
}

#[test]
fn an_operation_before_the_ack_closes_with_4401() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.start_operation("1", &request(EVENTS));
        assert_eq!(socket.expect_close(4401), "Unauthorized");
    }
}

#[test]
fn an_operation_sent_together_with_connection_init_is_started() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.send(&json!({ "type": "connection_init" }));
        socket.start_operation("1", &request("{ __typename }"));
        socket.expect(&json!({ "type": "connection_ack" }));
        assert_eq!(socket.next_answer("1"), json!({ "data": { "__typename": "Query" } }));
    }
}

#[test]
fn the_payload_of_connection_init_may_hold_anything_and_be_left_out() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for payload in
            [json!(null), json!({}), json!({ "resume": null, "Authorization": "Bearer x", "n": [1] })]
        {
            RawSocket::open(server.api(), protocol).initialise(&payload);
        }
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.send(&json!({ "type": "connection_init" }));
        socket.expect(&json!({ "type": "connection_ack" }));
    }
}
