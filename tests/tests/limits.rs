//! What a client may use: connections, operations and messages a second, told by name and value; who counts as one client;
//! what is told of it at `/metrics`; and that a log has no secrets.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use reqwest::{Method, blocking::Response, header};
use serde_json::{Value, json};
use tests::{Installation, PATIENCE, Protocol, RawSocket, Server, exchange};

const QUERY: &str = "{ __typename }";

#[test]
fn a_connection_over_the_limit_is_told_so_and_the_others_are_served() {
    for (setting, status) in [("ORDERCAST_CONNECTIONS", "503"), ("ORDERCAST_CONNECTIONS_PER_ADDRESS", "429")]
    {
        let server = Installation::new().set(setting, "3").start();
        let mut sockets: Vec<RawSocket> =
            (0..2).map(|_| RawSocket::start(server.api(), Protocol::GraphqlTransportWs)).collect();
        server.api().data(QUERY, &json!({}));
        // The client of HTTP keeps its connection.
        let mut refused = TcpStream::connect(server.api().address()).expect("a connection");
        refused.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        refused.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is open");
        let mut answer = String::new();
        refused.read_to_string(&mut answer).expect("an answer, and the end");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        for part in ["\r\nRetry-After: 1\r\n", "LIMIT_EXCEEDED", "3 connections at once", setting] {
            assert!(answer.contains(part), "`{part}` is not in {answer}");
        }
        for socket in &mut sockets {
            socket.expect_silence();
        }
        server.api().data(QUERY, &json!({}));
        // The end of one makes room for another.
        drop(sockets.pop());
        wait_until(&server, "ordercast_connections_websocket 1\n");
        drop(RawSocket::start(server.api(), Protocol::GraphqlTransportWs));
    }
}

#[test]
fn operations_over_the_rate_are_told_so_on_every_transport() {
    for (setting, named) in [
        ("ORDERCAST_OPERATIONS_PER_CONNECTION", "a connection may start 1 operations a second"),
        ("ORDERCAST_OPERATIONS_PER_ADDRESS", "a client's address may start 1 operations a second"),
    ] {
        let server = Installation::new().set(setting, "1").start();
        let refused = (0..50).map(|_| post(&server, None)).find(|answer| answer.status() != 200);
        let refused = refused.expect("five at once, and one a second");
        assert_eq!(refused.status(), 429);
        assert!(refused.headers().contains_key(header::RETRY_AFTER));
        let body: Value = refused.json().expect("JSON");
        assert_limit(&body["errors"][0], named, setting);
    }
    let server = Installation::new().set("ORDERCAST_OPERATIONS_PER_CONNECTION", "1").start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    for number in 0..50 {
        let id = number.to_string();
        socket.start_operation(&id, &json!({ "query": QUERY }));
        let message = socket.next_message();
        assert_eq!(message["id"], json!(id));
        if message["type"] == "error" {
            let error = &message["payload"][0];
            assert_limit(error, "1 operations a second", "ORDERCAST_OPERATIONS_PER_CONNECTION");
            return socket.expect_silence();
        }
        assert_eq!(socket.next_message()["type"], "complete");
    }
    panic!("fifty operations were started at once");
}

#[test]
fn a_flood_of_messages_closes_a_socket_for_good() {
    let server = Installation::new().set("ORDERCAST_SOCKET_MESSAGES", "10").start();
    for flood in [json!({ "type": "pong" }), json!({ "type": "complete", "id": "none" })] {
        let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
        for _ in 0..100 {
            socket.send(&flood);
        }
        assert_eq!(socket.expect_close(1008), "Too many messages");
    }
}

#[test]
fn clients_behind_a_trusted_proxy_are_counted_each() {
    let installation = Installation::new().set("ORDERCAST_OPERATIONS_PER_ADDRESS", "1");
    let trusting = installation.clone().set("ORDERCAST_TRUSTED_PROXIES", "127.0.0.0/8").start();
    let exhausted =
        |server: &Server, client: &str| (0..50).any(|_| post(server, Some(client)).status() == 429);
    assert!(exhausted(&trusting, "192.0.2.1"));
    assert!(exhausted(&trusting, "198.51.100.1, 192.0.2.1"), "the client's own word is not taken");
    assert_eq!(post(&trusting, Some("192.0.2.2")).status(), 200, "another client");

    let server = installation.start();
    assert!(exhausted(&server, "192.0.2.1"));
    assert_eq!(post(&server, Some("192.0.2.2")).status(), 429, "whoever it claims to be");
}

#[test]
fn metrics_tell_what_happens_to_those_who_may_know() {
    let server = Server::start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    socket.start_operation("1", &json!({ "query": "subscription { orderEvents { order { id } } }" }));
    socket.expect_silence();
    server.api().place_order(&json!({ "username": "caty88" }));
    socket.next_answer("1");
    let text = metrics(&server);
    for line in [
        "ordercast_connections_websocket 1",
        "ordercast_sockets_opened_total 1",
        "ordercast_operations_running{transport=\"websocket\"} 1",
        "ordercast_messages_total{transport=\"websocket\"} 1",
        "ordercast_operations_total{kind=\"mutation\",outcome=\"answered\"} 1",
        "ordercast_operations_total{kind=\"subscription\",outcome=\"started\"} 1",
        "ordercast_order_log_lag 0",
        "ordercast_sockets_queued_bytes 0",
        "ordercast_build_info{version=\"0.1.0\"} 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
    }
    for name in ["process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_open_fds "] {
        assert!(text.contains(name), "{name} is not in:\n{text}");
    }
    let forwarded = |server: &Server| {
        let request = server.api().request(Method::GET, "/metrics").header("X-Forwarded-For", "127.0.0.1");
        request.send().expect("an answer").status()
    };
    assert_eq!(forwarded(&server), 404);
    let for_all = Installation::new().set("ORDERCAST_METRICS", "all").start();
    assert_eq!(forwarded(&for_all), 200);
    let off = Installation::new().set("ORDERCAST_METRICS", "off").start();
    assert_eq!(off.api().request(Method::GET, "/metrics").send().expect("an answer").status(), 404);
}

#[test]
fn every_answer_tells_browsers_what_it_is_not() {
    let server = Server::start();
    for path in ["/graphql", "/health/live", "/hidden", "/metrics", "/"] {
        let answer = server.api().request(Method::GET, path).send().expect("an answer");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("content-security-policy", "frame-ancestors 'none'"),
        ] {
            let found = answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            assert!(found.contains(value), "{path}: {name} is `{found}`");
        }
    }
}

#[test]
fn a_log_has_no_secret_and_no_address() {
    const EMAIL: &str = "marked.address@secret.example";
    const TOKEN: &str = "eyJtYXJrZWQtdG9rZW4";
    let server = Installation::new().set("ORDERCAST_LOG", "trace").start();
    let create = r#"mutation($email: String!) { createUser(input: { username: "marked", email: $email })
        { user { email } errors { message } } }"#;
    let request = json!({ "query": create, "variables": { "email": EMAIL } });
    for _ in 0..2 {
        // The second is turned down.
        let answer = server.api().request(Method::POST, "/graphql").json(&request);
        let answer = answer.header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
        assert_eq!(answer.send().expect("an answer").status(), 200);
    }
    server.api().place_order(&json!({ "username": "marked" }));
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.initialise(&json!({ "Authorization": format!("Bearer {TOKEN}") }));
        socket.start_operation("1", &json!({ "query": "subscription { getOrder { user { email } } }" }));
        assert!(socket.next_answer("1").to_string().contains(EMAIL));
        socket.start_operation("2", &request);
        socket.next_message();
        // What is no message, and what breaks the frames.
        socket.send(&json!({ "type": TOKEN, "email": EMAIL }));
    }
    for sent in [
        format!("POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nX: \0{EMAIL}\r\n\r\n"),
        format!(
            "GET /graphql?query={{a(email:%22{EMAIL}%22)}} HTTP/1.1\r\nHost: a\r\nCookie: {TOKEN}\r\n\r\n"
        ),
        format!("GET /graphql?token={TOKEN} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"),
        format!("POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: {TOKEN}\r\n\r\n"),
    ] {
        exchange(server.api().address(), sent.as_bytes());
    }
    let log = server.log().clone();
    assert!(server.terminate().success());
    let log = log.text();
    assert!(log.contains("\"TRACE\""), "everything is logged");
    for secret in [EMAIL, TOKEN] {
        let line = log.lines().find(|line| line.contains(secret));
        let start: Option<String> = line.map(|line| line.chars().take(500).collect());
        assert_eq!(start, None, "a line gives it away");
    }
}

fn post(server: &Server, forwarded_for: Option<&str>) -> Response {
    let mut request = server.api().request(Method::POST, "/graphql").json(&json!({ "query": QUERY }));
    if let Some(client) = forwarded_for {
        request = request.header("X-Forwarded-For", client);
    }
    request.send().expect("an answer")
}

fn metrics(server: &Server) -> String {
    let answer = server.api().request(Method::GET, "/metrics").send();
    answer.and_then(Response::text).expect("metrics")
}

fn wait_until(server: &Server, line: &str) {
    let since = std::time::Instant::now();
    while !metrics(server).contains(line) {
        assert!(since.elapsed() < PATIENCE, "no {line} in {}", metrics(server));
        std::thread::yield_now();
    }
}

fn assert_limit(error: &Value, named: &str, setting: &str) {
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED", "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains(named) && message.contains(setting), "{message}");
}
