//! The server ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use tests::{Installation, Protocol, RawSocket, Received, Server, Signal};

use crate::support::{EVENTS, event, place, request, without_extensions};

#[test]
fn shutdown_closes_with_1012_after_what_was_told() {
    for protocol in Protocol::ALL {
        let mut server = Server::start();
        let mut sockets: Vec<RawSocket> = (0..10).map(|_| RawSocket::start(server.api(), protocol)).collect();
        for socket in &mut sockets {
            socket.start_operation("1", &request(EVENTS));
            socket.expect_silence();
        }
        // Nobody reads before the end.
        place(&server, "2026-05-01");
        server.signal(Signal::Terminate);
        for socket in &mut sockets {
            assert_eq!(without_extensions(socket.next_answer("1")), event("2026-05-01"));
            assert_eq!(socket.expect_close(1012), "Service restart");
        }
        assert!(server.wait().success());
    }
}

#[test]
fn shutdown_closes_with_1012_before_the_client_introduced_itself_too() {
    let mut server = Server::start();
    let mut sockets = Protocol::ALL.map(|protocol| RawSocket::open(server.api(), protocol));
    server.signal(Signal::Terminate);
    for socket in &mut sockets {
        assert_eq!(socket.expect_close(1012), "Service restart");
    }
    assert!(server.wait().success());
}

#[test]
fn shutdown_spreads_1012_over_the_drain_time() {
    let installation =
        Installation::new().set("ORDERCAST_WORKERS", "1").set("ORDERCAST_SHUTDOWN_TIMEOUT", "3s");
    let mut server = installation.start();
    let sockets: Vec<_> =
        (0..32).map(|_| RawSocket::start(server.api(), Protocol::GraphqlTransportWs)).collect();
    let waiting: Vec<_> = sockets
        .into_iter()
        .map(|mut socket| {
            thread::spawn(move || {
                let received = socket.receive();
                let at = Instant::now();
                assert!(matches!(received, Received::Close { code: 1012, .. }), "{received:?}");
                assert_eq!(socket.receive(), Received::End);
                at
            })
        })
        .collect();
    server.signal(Signal::Terminate);
    let closed: Vec<Instant> =
        waiting.into_iter().map(|socket| socket.join().expect("a close frame")).collect();
    let first = closed.iter().min().expect("a socket");
    let last = closed.iter().max().expect("a socket");
    assert!(*last - *first > Duration::from_secs(1), "all came within {:?}", *last - *first);
    assert!(server.wait().success());
}
