//! SIGTERM and SIGINT end the server in good order.

use std::process::ExitStatus;

use tests::{GET_LAST_ORDER, Protocol, Server, Signal, Socket};

const SIGNALS: [Signal; 2] = [Signal::Terminate, Signal::Interrupt];

#[test]
fn a_signal_ends_the_server_with_success() {
    for signal in SIGNALS {
        let mut server = Server::start();
        server.api().orders();
        server.signal(signal);
        assert_ended_well(server.wait(), signal);
    }
}

#[test]
fn a_signal_that_comes_as_soon_as_the_address_is_told_ends_the_server_with_success() {
    // Whether it comes too early differs from start to start.
    for _ in 0..10 {
        assert_ended_well(Server::start().terminate(), Signal::Terminate);
    }
}

#[test]
fn a_signal_ends_the_server_while_clients_follow() {
    for signal in SIGNALS {
        let mut server = Server::start();
        let mut sockets = Vec::new();
        for protocol in [Protocol::ALL, Protocol::ALL].concat() {
            let mut socket = Socket::follow(server.api(), protocol, GET_LAST_ORDER);
            socket.next_answer();
            sockets.push(socket);
        }
        // A handshake, and no more.
        sockets.push(Socket::open(server.api(), Protocol::GraphqlTransportWs, None).expect("a handshake"));
        server.signal(signal);
        assert_ended_well(server.wait(), signal);
        for socket in sockets {
            socket.wait_for_end();
        }
    }
}

#[test]
fn a_signal_ends_the_server_while_a_request_is_half_sent() {
    use std::{io::Write, net::TcpStream};

    let mut server = Server::start();
    server.api().orders();
    let mut stream = TcpStream::connect(server.api().address()).expect("the server accepts connections");
    let half = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(half.as_bytes()).expect("the connection is open");
    server.signal(Signal::Terminate);
    assert_ended_well(server.wait(), Signal::Terminate);
}

fn assert_ended_well(status: ExitStatus, signal: Signal) {
    assert_eq!(status.code(), Some(0), "after {signal:?}: {status}");
}
