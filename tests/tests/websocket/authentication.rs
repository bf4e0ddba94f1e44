//! Who is let in on a socket, and as whom.

use serde_json::{Value, json};
use tests::{Api, Protocol, RawSocket, SECRET, Server, TokenKey, bad_tokens, claims};

use crate::support::{request, server_with};

/// A server that asks clients who they are.
fn server() -> Server {
    server_with("ORDERCAST_JWT_SECRET", SECRET)
}

fn token(username: &str) -> String {
    TokenKey::secret(SECRET).token(&claims(username, 3600))
}

fn bearer(username: &str) -> String {
    format!("Bearer {}", token(username))
}

/// Whom the server takes a client for that introduced itself.
fn viewer(socket: &mut RawSocket) -> Value {
    socket.start_operation("viewer", &request("{ viewer { username } }"));
    let mut answer = socket.next_answer("viewer");
    assert_eq!(socket.next_message()["type"], "complete");
    answer["data"]["viewer"]["username"].take()
}

fn initialise(socket: &mut RawSocket, payload: &Value) {
    socket.send(&json!({ "type": "connection_init", "payload": payload }));
}

#[test]
fn a_token_that_is_missing_where_one_is_required_closes_with_4403() {
    let server = server();
    for protocol in Protocol::ALL {
        for payload in
            [json!(null), json!({}), json!({ "Authorization": null }), json!({ "token": token("caty88") })]
        {
            let mut socket = RawSocket::open(server.api(), protocol);
            initialise(&mut socket, &payload);
            assert!(socket.expect_forbidden().starts_with("Authentication required"), "{payload}");
        }
    }
}

#[test]
fn a_bad_token_closes_with_4403_and_the_reason() {
    let server = server();
    for protocol in Protocol::ALL {
        for bad in bad_tokens() {
            let mut by_handshake = RawSocket::open_authorized(server.api(), protocol, &bad.authorization);
            // What a client sends together with it is not executed.
            initialise(&mut by_handshake, &json!({}));
            by_handshake.start_operation("1", &request("{ __typename }"));
            let reason = by_handshake.expect_forbidden();
            assert!(reason.contains(bad.reason), "{}: {reason}", bad.name);

            let payload = match &*bad.authorization {
                [one] => json!({ "Authorization": one }),
                several => {
                    json!({ "Authorization": several[0], "headers": { "Authorization": "Bearer other" } })
                }
            };
            let mut by_message = RawSocket::open(server.api(), protocol);
            initialise(&mut by_message, &payload);
            by_message.start_operation("1", &request("{ __typename }"));
            let reason = by_message.expect_forbidden();
            assert!(reason.contains(bad.reason), "{}: {reason}", bad.name);
        }
    }
}

#[test]
fn a_token_is_taken_from_connection_init_and_from_the_handshake() {
    let server = server();
    for protocol in Protocol::ALL {
        let bearer = bearer("caty88");
        for payload in [
            json!({ "Authorization": bearer }),
            json!({ "authorization": bearer }),
            json!({ "authorization": bearer.replacen("Bearer", "bearer", 1), "resume": null }),
            json!({ "headers": { "Authorization": bearer } }),
        ] {
            let mut socket = RawSocket::open(server.api(), protocol);
            socket.initialise(&payload);
            assert_eq!(viewer(&mut socket), "caty88", "{payload}");
        }
        let mut socket = RawSocket::open_authorized(server.api(), protocol, &[bearer]);
        socket.initialise(&json!({}));
        assert_eq!(viewer(&mut socket), "caty88");
    }
}

#[test]
fn connection_init_wins_over_the_handshake() {
    let server = server();
    let good = |username: &str| json!({ "Authorization": bearer(username) });
    for protocol in Protocol::ALL {
        for handshake in [bearer("joe"), "Bearer nonsense".to_owned(), "Basic x".to_owned()] {
            let mut socket = RawSocket::open_authorized(server.api(), protocol, &[handshake]);
            socket.initialise(&good("caty88"));
            assert_eq!(viewer(&mut socket), "caty88");
        }
        let mut socket = RawSocket::open_authorized(server.api(), protocol, &[bearer("joe")]);
        initialise(&mut socket, &json!({ "Authorization": "Bearer nonsense" }));
        assert!(socket.expect_forbidden().contains("no JWT"));
    }
}

#[test]
fn a_customer_is_told_of_their_own_orders_only_and_changes_no_others() {
    let server = server();
    let mut claims = claims("boss", 3600);
    claims["roles"] = json!(["staff"]);
    let boss = server.api().with_token(&TokenKey::secret(SECRET).token(&claims));
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.initialise(&json!({ "Authorization": bearer("caty88") }));
        socket.start_operation("1", &request("subscription { orderEvents { order { user { username } } } }"));
        assert_eq!(viewer(&mut socket), "caty88", "the subscription is under way");
        let of_joe = boss.place_order(&json!({ "username": "joe" }));
        boss.place_order(&json!({ "username": "caty88" }));
        let told = socket.next_answer("1");
        assert_eq!(told["data"]["orderEvents"]["order"]["user"]["username"], "caty88", "{told}");
        let pay = json!({ "query": Api::PAY_ORDER, "variables": { "input": { "id": of_joe } } });
        socket.start_operation("2", &pay);
        let paid = socket.next_answer("2");
        assert_eq!(paid["data"]["payOrder"]["errors"][0]["code"], "ORDER_NOT_FOUND", "{paid}");
    }
}

#[test]
fn a_foreign_origin_is_refused_before_a_token_is_looked_at() {
    let server = server();
    for protocol in Protocol::ALL {
        let refused = tests::Socket::open(server.api(), protocol, Some("https://evil.example")).err();
        assert_eq!(refused.map(|status| status.as_u16()), Some(403));
    }
}

#[test]
fn without_authentication_a_token_does_not_matter() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for bearer in [bearer("caty88"), "Bearer nonsense".to_owned(), "Basic x".to_owned()] {
            let mut socket =
                RawSocket::open_authorized(server.api(), protocol, &[bearer.clone(), bearer.clone()]);
            socket.initialise(&json!({ "Authorization": bearer }));
            assert_eq!(viewer(&mut socket), Value::Null);
            if protocol == Protocol::GraphqlTransportWs {
                socket.send(&json!({ "type": "ping", "payload": { "Authorization": bearer } }));
                socket.expect(&json!({ "type": "pong", "payload": { "Authorization": bearer } }));
            }
        }
    }
}
