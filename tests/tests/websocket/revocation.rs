//! Keys that change while sockets live.

use std::fs;

use serde_json::{Value, json};
use tests::{EventStream, Installation, Protocol, RawSocket, SECRET, TokenKey, claims};

use crate::support::{EVENTS, request};

/// An installation with public keys in a file, which [`write`] changes.
fn installation(keys: &[Value]) -> Installation {
    let installation = Installation::new().set("ORDERCAST_JWKS", "keys.json");
    write(&installation, keys);
    installation
}

/// All at once, as who rotates keys should.
fn write(installation: &Installation, keys: &[Value]) {
    let file = |name: &str| installation.directory().join(name);
    fs::write(file("new.json"), json!({ "keys": keys }).to_string()).expect("a file");
    fs::rename(file("new.json"), file("keys.json")).expect("a file");
}

fn payload(token: &str) -> Value {
    json!({ "Authorization": format!("Bearer {token}") })
}

#[test]
fn sockets_and_streams_of_a_key_that_is_taken_out_are_closed_and_others_stay() {
    let (one, other, secret) = (TokenKey::ed25519(), TokenKey::p256(), TokenKey::secret(SECRET));
    let installation = installation(&[one.jwk("one"), other.jwk("other")])
        .set("ORDERCAST_JWKS_INTERVAL", "100ms")
        .set("ORDERCAST_JWT_SECRET", SECRET);
    let server = installation.start();
    let claims = claims("caty88", 3600);
    let tokens = [one.token_named("one", &claims), other.token(&claims), secret.token(&claims)];
    let mut sockets: Vec<_> = Protocol::ALL
        .into_iter()
        .flat_map(|protocol| tokens.iter().map(move |token| (protocol, token)))
        .map(|(protocol, token)| {
            let mut socket = RawSocket::open(server.api(), protocol);
            socket.initialise(&payload(token));
            socket.start_operation("1", &request(EVENTS));
            socket
        })
        .collect();
    // This one has said who it is by its handshake, and not introduced itself.
    let mut quiet = RawSocket::open_authorized(
        server.api(),
        Protocol::GraphqlTransportWs,
        &[format!("Bearer {}", tokens[0])],
    );
    let follow = |token: &str| {
        let api = server.api().with_token(token);
        let get = api.request(reqwest::Method::GET, "/graphql").query(&[("query", EVENTS)]);
        let mut stream = EventStream::open(get.header("Accept", "text/event-stream"));
        stream.wait_for_start();
        stream
    };
    let mut streams: Vec<_> = tokens.iter().map(|token| follow(token)).collect();

    write(&installation, &[other.jwk("renamed"), TokenKey::ed25519().jwk("new")]);
    for index in [0, 3] {
        assert_eq!(sockets[index].expect_forbidden(), "The token's key is no longer in use");
    }
    let end = streams[0].next_event().expect("the stream is open").json();
    assert_eq!(end["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{end}");
    quiet.send(&json!({ "type": "connection_init" }));
    assert_eq!(quiet.expect_forbidden(), "The token's key is no longer in use");

    let api = server.api().with_token(&tokens[2]);
    api.place_order(&json!({ "username": "caty88" }));
    for index in [1, 2, 4, 5] {
        assert!(sockets[index].next_answer("1")["data"].is_object());
    }
    for stream in &mut streams[1..] {
        assert!(stream.next_answer().0["data"].is_object());
    }
}

#[test]
fn a_client_whose_key_is_new_waits_until_the_keys_are_read() {
    let (old, new) = (TokenKey::ed25519(), TokenKey::ed25519());
    let installation = installation(&[old.jwk("old")])
        .set("ORDERCAST_JWKS_INTERVAL", "1h")
        .set("ORDERCAST_JWKS_PAUSE", "1ms");
    let server = installation.start();
    let claims = claims("caty88", 3600);
    for protocol in Protocol::ALL {
        for place in ["connection_init", "handshake"] {
            let key = TokenKey::ed25519();
            write(&installation, &[old.jwk("old"), key.jwk(&format!("{protocol:?} {place}"))]);
            let token = key.token_named(&format!("{protocol:?} {place}"), &claims);
            let (handshake, init) = match place {
                "handshake" => (vec![format!("Bearer {token}")], json!({})),
                _ => (vec![], payload(&token)),
            };
            let mut socket = RawSocket::open_authorized(server.api(), protocol, &handshake);
            socket.send(&json!({ "type": "connection_init", "payload": init }));
            // What comes with it waits as well.
            socket.start_operation("1", &request("{ viewer { username } }"));
            socket.expect(&json!({ "type": "connection_ack" }));
            let answer = socket.next_answer("1");
            assert_eq!(answer, json!({ "data": { "viewer": { "username": "caty88" } } }), "{place}");
        }
    }

    // The same with a fresh token of a socket that lives.
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    socket.initialise(&payload(&old.token_named("old", &claims)));
    write(&installation, &[old.jwk("old"), new.jwk("new")]);
    let fresh = payload(&new.token_named("new", &claims));
    socket.send(&json!({ "type": "ping", "payload": fresh }));
    socket.expect(&json!({ "type": "pong", "payload": fresh }));
    // One that stays unknown is refused.
    socket.send(&json!({ "type": "ping", "payload": payload(&old.token_named("none", &claims)) }));
    assert!(socket.expect_forbidden().contains("not in use"));
}
