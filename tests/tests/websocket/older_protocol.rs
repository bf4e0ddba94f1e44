//! What only the older protocol has; the rest is tested with that of the newer one.

use serde_json::json;
use tests::{Protocol, RawSocket, Server};

use crate::support::{place, request};

#[test]
fn connection_init_is_answered_by_connection_ack_and_ka() {
    let server = Server::start();
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlWs);
    socket.send(&json!({ "type": "connection_init", "payload": {} }));
    socket.expect(&json!({ "type": "connection_ack" }));
    socket.expect(&json!({ "type": "ka" }));
}

#[test]
fn start_is_answered_by_data_until_stop() {
    let server = Server::start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlWs);
    socket.send(
        &json!({ "id": "1", "type": "start", "payload": request("subscription { getOrder { date } }") }),
    );
    for date in ["2026-04-12", "2026-05-01", "2026-05-02"] {
        let message = socket.next_message();
        assert_eq!((&message["type"], &message["id"]), (&json!("data"), &json!("1")), "{message}");
        assert_eq!(message["payload"]["data"], json!({ "getOrder": { "date": date } }), "{message}");
        if date != "2026-05-02" {
            place(&server, if date == "2026-04-12" { "2026-05-01" } else { "2026-05-02" });
        }
    }
    socket.send(&json!({ "id": "1", "type": "stop" }));
    socket.expect_silence();
    place(&server, "2026-05-03");
    socket.expect_silence();
}

#[test]
fn connection_terminate_ends_the_connection() {
    let server = Server::start();
    // Before the client introduced itself too.
    for mut socket in [
        RawSocket::open(server.api(), Protocol::GraphqlWs),
        RawSocket::start(server.api(), Protocol::GraphqlWs),
    ] {
        socket.send(&json!({ "type": "connection_terminate" }));
        assert_eq!(socket.expect_close(1000), "Terminated");
    }
}
