//! Public keys that a URL tells, as they change.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, Installation, PATIENCE, Server, TokenKey, claims};

use crate::support::assert_refused;

/// What answers with a key set, over HTTP on this machine.
#[derive(Clone)]
struct KeyServer {
    url: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    answer: String,
    requests: usize,
}

impl KeyServer {
    fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let state = State { answer: found(keys), requests: 0 };
        let server = Self { url, state: Arc::new((Mutex::new(state), Condvar::new())) };
        let answering = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a connection")).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let (state, counted) = &*answering.state;
                let mut state = state.lock().expect("no panic");
                // A client may have given up.
                let _ = stream.write_all(state.answer.as_bytes());
                state.requests += 1;
                counted.notify_all();
            }
        });
        server
    }

    fn answer(&self, answer: String) {
        self.state.0.lock().expect("no panic").answer = answer;
    }

    fn requests(&self) -> usize {
        self.state.0.lock().expect("no panic").requests
    }

    /// Waits until it was asked so often more.
    fn wait_for_requests(&self, more: usize) {
        let (state, counted) = &*self.state;
        let state = state.lock().expect("no panic");
        let enough = state.requests + more;
        let waited = counted.wait_timeout_while(state, PATIENCE, |state| state.requests < enough);
        assert!(!waited.expect("no panic").1.timed_out(), "it is not asked again");
    }
}

fn found(keys: &[Value]) -> String {
    answer_with("200 OK", &json!({ "keys": keys }).to_string())
}

fn answer_with(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn viewer(server: &Server, token: &str) -> Value {
    api(server, token).data("{ viewer { username } }", &json!({}))["viewer"]["username"].take()
}

fn api(server: &Server, token: &str) -> Api {
    server.api().with_token(token)
}

fn refused(server: &Server, token: &str, reason: &str) {
    let request =
        api(server, token).request(Method::POST, "/graphql").json(&json!({ "query": "{ __typename }" }));
    assert_refused(request.send().expect("an answer"), 401, "UNAUTHENTICATED", reason);
}

#[test]
fn a_key_that_is_new_is_read_when_a_token_names_it() {
    let (old, new) = (TokenKey::p256(), TokenKey::ed25519());
    let keys = KeyServer::start(&[old.jwk("old")]);
    let server = Installation::new()
        .set("ORDERCAST_JWKS", &keys.url)
        .set("ORDERCAST_JWKS_INTERVAL", "1h")
        .set("ORDERCAST_JWKS_PAUSE", "1ms")
        .start();
    let claims = claims("caty88", 3600);
    assert_eq!(viewer(&server, &old.token_named("old", &claims)), "caty88");
    assert_eq!(viewer(&server, &old.token(&claims)), "caty88", "a token need not name its key");
    assert_eq!(keys.requests(), 1, "read at the start, and not for what is known");

    keys.answer(found(&[new.jwk("new")]));
    assert_eq!(viewer(&server, &new.token_named("new", &claims)), "caty88");
    assert_eq!(keys.requests(), 2);
    refused(&server, &old.token_named("old", &claims), "not in use");
}

#[test]
fn tokens_that_name_unknown_keys_do_not_have_it_read_all_the_time() {
    let key = TokenKey::ed25519();
    let keys = KeyServer::start(&[key.jwk("good")]);
    let server = Installation::new()
        .set("ORDERCAST_JWKS", &keys.url)
        .set("ORDERCAST_JWKS_INTERVAL", "1h")
        .set("ORDERCAST_JWKS_PAUSE", "1h")
        .start();
    for number in 0..50 {
        refused(
            &server,
            &key.token_named(&format!("unknown{number}"), &claims("caty88", 3600)),
            "not in use",
        );
    }
    assert_eq!(keys.requests(), 1);
    assert_eq!(viewer(&server, &key.token_named("good", &claims("caty88", 3600))), "caty88");
}

#[test]
fn keys_stay_as_they_are_while_they_cannot_be_read_and_that_is_logged_once() {
    let (old, new) = (TokenKey::ed25519(), TokenKey::ed25519());
    let keys = KeyServer::start(&[old.jwk("old")]);
    let server = Installation::new()
        .set("ORDERCAST_JWKS", &keys.url)
        .set("ORDERCAST_JWKS_INTERVAL", "50ms")
        .set("ORDERCAST_JWKS_PAUSE", "1ms")
        .set("ORDERCAST_JWKS_LIMIT", "2000")
        .start();
    let claims = claims("caty88", 3600);
    let other = found(&[new.jwk("new")]);
    for broken in [
        answer_with("500 Internal Server Error", ""),
        answer_with("302 Found\r\nLocation: /elsewhere", ""),
        answer_with("200 OK", "{"),
        answer_with("200 OK", "{}"),
        answer_with("200 OK", &" ".repeat(2001)),
        String::new(),
        other[..other.len() - 1].to_owned(),
    ] {
        keys.answer(broken.clone());
        // One may have been answered with what was there before.
        keys.wait_for_requests(3);
        assert_eq!(viewer(&server, &old.token_named("old", &claims)), "caty88", "{broken}");
        refused(&server, &new.token_named("new", &claims), "not in use");
    }
    let told = server.log().text().matches("the key set cannot be read").count();
    assert_eq!(told, 1, "{}", server.log().text());

    keys.answer(other);
    keys.wait_for_requests(3);
    assert_eq!(viewer(&server, &new.token_named("new", &claims)), "caty88");
    server.log().wait_for("event that it can be read", |lines| {
        lines.iter().any(|line| line.contains("can be read again")).then_some(())
    });
}

#[test]
fn a_server_that_cannot_read_its_keys_does_not_start() {
    let keys = KeyServer::start(&[]);
    keys.answer(answer_with("404 Not Found", ""));
    for (source, naming) in [
        (&*keys.url, "404"),
        ("http://127.0.0.1:1/keys", "refused"),
        ("http://login.example/keys", "https"),
        ("ftp://login.example/keys", "https"),
        ("no-such-file.json", "No such file"),
    ] {
        let finished = Installation::new().set("ORDERCAST_JWKS", source).run(&[]);
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        for word in ["ORDERCAST_JWKS", source, naming] {
            assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
        }
    }
}
