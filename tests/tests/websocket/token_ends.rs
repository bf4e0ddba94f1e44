//! A token that expires on a live socket.

use serde_json::{Value, json};
use tests::{Installation, Protocol, RawSocket, SECRET, Server, TokenKey, claims, now};

use crate::support::{EVENTS, event, request, without_extensions};

/// How long tokens of these tests are good for, in seconds: enough to start something.
const SOON: u64 = 6;

fn server() -> Server {
    Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).set("ORDERCAST_JWT_LEEWAY", "0s").start()
}

fn payload(claims: &Value) -> Value {
    json!({ "Authorization": format!("Bearer {}", TokenKey::secret(SECRET).token(claims)) })
}

fn open(server: &Server, protocol: Protocol, claims: &Value) -> RawSocket {
    let mut socket = RawSocket::open(server.api(), protocol);
    socket.initialise(&payload(claims));
    socket
}

/// Waits for the message that tells when the token ends.
fn expect_warning(socket: &mut RawSocket, claims: &Value) {
    let warning = socket.next_message();
    assert_eq!(warning["type"], "ping", "{warning}");
    let ends = warning["payload"]["expires"].as_str().expect("a time");
    let ends = chrono::DateTime::parse_from_rfc3339(ends).expect("a time as in RFC 3339");
    assert_eq!(ends.timestamp(), claims["exp"].as_i64().expect("a time"), "{warning}");
}

fn renew(socket: &mut RawSocket, payload: &Value) {
    socket.send(&json!({ "type": "ping", "payload": payload }));
}

#[test]
fn the_client_is_warned_and_closed_with_4403_at_its_end() {
    let server = server();
    let claims = claims("caty88", SOON);
    let mut socket = open(&server, Protocol::GraphqlTransportWs, &claims);
    socket.start_operation("1", &request(EVENTS));
    expect_warning(&mut socket, &claims);
    assert_eq!(socket.expect_forbidden(), "The token has expired");
    assert!(now() >= claims["exp"].as_u64().expect("a time"), "not before its time");
}

#[test]
fn on_the_older_protocol_the_client_is_told_by_connection_error() {
    let server = server();
    let claims = claims("caty88", SOON);
    let mut socket = open(&server, Protocol::GraphqlWs, &claims);
    assert_eq!(socket.expect_forbidden(), "The token has expired");
    assert!(now() >= claims["exp"].as_u64().expect("a time"), "not before its time");
}

#[test]
fn a_fresh_token_in_a_ping_keeps_the_socket_open() {
    let server = server();
    let first = claims("caty88", SOON);
    let mut kept = open(&server, Protocol::GraphqlTransportWs, &first);
    kept.start_operation("1", &request(EVENTS));
    let mut left = open(&server, Protocol::GraphqlTransportWs, &first);
    expect_warning(&mut kept, &first);
    let fresh = payload(&claims("caty88", 3600));
    renew(&mut kept, &fresh);
    kept.expect(&json!({ "type": "pong", "payload": fresh }));
    // The other had the same time.
    expect_warning(&mut left, &first);
    left.expect_forbidden();
    kept.expect_silence();
    let api = server.api().with_token(&TokenKey::secret(SECRET).token(&claims("caty88", 3600)));
    api.place_order(&json!({ "username": "caty88", "date": "2026-05-01" }));
    assert_eq!(without_extensions(kept.next_answer("1")), event("2026-05-01"));
}

#[test]
fn the_client_is_warned_again_of_a_fresh_token_that_ends() {
    let server = server();
    let (first, second) = (claims("caty88", SOON), claims("caty88", 2 * SOON));
    let mut socket = open(&server, Protocol::GraphqlTransportWs, &first);
    expect_warning(&mut socket, &first);
    let fresh = payload(&second);
    renew(&mut socket, &fresh);
    socket.expect(&json!({ "type": "pong", "payload": fresh }));
    expect_warning(&mut socket, &second);
    assert_eq!(socket.expect_forbidden(), "The token has expired");
    assert!(now() >= second["exp"].as_u64().expect("a time"), "not before its time");
}

#[test]
fn the_time_of_the_warning_is_a_setting() {
    let server = Installation::new()
        .set("ORDERCAST_JWT_SECRET", SECRET)
        .set("ORDERCAST_JWT_LEEWAY", "0s")
        .set("ORDERCAST_JWT_WARNING", "0s")
        .start();
    let mut socket = open(&server, Protocol::GraphqlTransportWs, &claims("caty88", SOON));
    assert_eq!(socket.expect_forbidden(), "The token has expired", "without a warning");
}

#[test]
fn a_token_in_a_ping_that_is_not_good_closes_with_4403() {
    let server = server();
    let mut staff = claims("caty88", 3600);
    staff["roles"] = json!(["staff"]);
    for (fresh, reason) in [
        (payload(&claims("joe", 3600)), "another user's"),
        (payload(&staff), "other rights"),
        (payload(&json!({ "sub": "caty88", "exp": now() - 60 })), "expired"),
        (json!({ "Authorization": "Bearer nonsense" }), "no JWT"),
        (json!({ "Authorization": "Basic x" }), "`Bearer` and a token"),
    ] {
        let mut socket = open(&server, Protocol::GraphqlTransportWs, &claims("caty88", 3600));
        renew(&mut socket, &fresh);
        let told = socket.expect_forbidden();
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn a_ping_without_a_token_and_one_before_the_introduction_is_just_that() {
    let server = server();
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    let early = json!({ "Authorization": "Bearer nonsense" });
    renew(&mut socket, &early);
    socket.expect(&json!({ "type": "pong", "payload": early }));
    socket.initialise(&payload(&claims("caty88", 3600)));
    renew(&mut socket, &json!({ "sent": 1 }));
    socket.expect(&json!({ "type": "pong", "payload": { "sent": 1 } }));
    socket.send(&json!({ "type": "ping" }));
    socket.expect(&json!({ "type": "pong" }));
}
