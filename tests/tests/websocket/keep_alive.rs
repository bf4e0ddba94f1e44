//! Clients that say nothing.

use std::io::Read;

use serde_json::json;
use tests::{Installation, Protocol, RawSocket, Received, Server};

use crate::support::{EVENTS, event, place, request, without_extensions};

fn impatient_server() -> Server {
    Installation::new()
        .set("ORDERCAST_KEEP_ALIVE", "300ms")
        .set("ORDERCAST_PONG_TIMEOUT", "1s")
        .set("ORDERCAST_WORKERS", "1")
        .start()
}

#[test]
fn a_silent_client_gets_a_websocket_ping_and_stays_as_long_as_it_answers() {
    let server = impatient_server();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    socket.start_operation("1", &request(EVENTS));
    // More than the silence and the patience with it allow together.
    for _ in 0..5 {
        assert_eq!(socket.receive(), Received::Ping(Vec::new()));
    }
    place(&server, "2026-05-01");
    assert_eq!(without_extensions(socket.next_answer("1")), event("2026-05-01"));
}

#[test]
fn on_the_older_protocol_a_silent_client_gets_ka_too() {
    let server = impatient_server();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlWs);
    for _ in 0..3 {
        assert_eq!(socket.receive(), Received::Ping(Vec::new()));
        socket.expect(&json!({ "type": "ka" }));
    }
}

#[test]
fn a_client_that_answers_no_ping_is_closed_and_freed() {
    let server = impatient_server();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("1", &request("subscription { getOrder { date } }"));
        socket.next_answer("1");
        let open = open_sockets(&server);

        let mut sent = Vec::new();
        // A reset connection has ended too.
        let _ = socket.into_stream().read_to_end(&mut sent);
        let ka = match protocol {
            Protocol::GraphqlTransportWs => &b""[..],
            Protocol::GraphqlWs => b"\x81\x0d{\"type\":\"ka\"}",
        };
        assert_eq!(sent, [&[0x89, 0], ka].concat(), "a ping, and the end");
        assert_eq!(open_sockets(&server), open - 1);
    }
}

#[test]
fn a_client_that_talks_is_not_pinged() {
    let server =
        Installation::new().set("ORDERCAST_KEEP_ALIVE", "20s").set("ORDERCAST_PONG_TIMEOUT", "1s").start();
    let mut talks = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    for _ in 0..50 {
        // `expect` would find a ping.
        talks.expect_silence();
    }
}

/// How many sockets the server's process holds.
fn open_sockets(server: &Server) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("the files of the process");
    let is_socket = |target: std::path::PathBuf| target.to_string_lossy().starts_with("socket:");
    files
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter(|target| is_socket(target.clone()))
        .count()
}
