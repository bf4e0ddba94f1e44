//! Server-sent events, an operation per connection: `EventSource`, `curl -N`, npm's `graphql-sse` in its distinct mode.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use tests::{EventStream, GET_LAST_ORDER, Installation, PATIENCE, Server, Signal, exchange};

use crate::support::{FOLLOW, PLACE, assert_error, follow_after, get_document, place, post_document, value};

#[test]
fn a_subscription_is_told_as_it_happens_by_get_and_by_post() {
    let server = Server::start();
    let streams = [
        // curl and fetch accept anything.
        get_document(&server, GET_LAST_ORDER),
        post_document(&server, GET_LAST_ORDER),
        get_document(&server, GET_LAST_ORDER).header(header::ACCEPT, "text/event-stream"),
        post_document(&server, GET_LAST_ORDER).header(header::ACCEPT, "text/event-stream"),
    ];
    let mut streams = streams.map(EventStream::open);
    let newest = json!({ "state": "PAID", "date": "2026-04-12",
                         "user": { "username": "caty88", "email": "caty@dev.io" } });
    for stream in &mut streams {
        assert_eq!(stream.next_answer().0["data"]["getOrder"], newest);
    }
    server.api().place_order(&json!({ "username": "joe", "date": "2026-05-01" }));
    for stream in &mut streams {
        let (answer, id) = stream.next_answer();
        assert_eq!(answer["data"]["getOrder"]["date"], "2026-05-01");
        assert_eq!(answer["extensions"]["cursor"].as_str(), id.as_deref(), "the event's id is its position");
        assert!(id.is_some());
    }
}

#[test]
fn proxies_are_told_not_to_hold_events_back_and_caches_not_to_keep_them() {
    let server = Server::start();
    let stream = EventStream::open(get_document(&server, FOLLOW));
    let head = stream.head();
    assert_eq!(value(head, &header::HeaderName::from_static("x-accel-buffering")), Some("no"));
    assert_eq!(value(head, &header::CACHE_CONTROL), Some("no-store"));
    assert_eq!(value(head, &header::CONTENT_LENGTH), None);
}

#[test]
fn a_query_or_a_mutation_is_one_event_and_the_end() {
    let server = Server::start();
    let before = server.api().orders().len();
    for document in ["{ __typename }", PLACE] {
        let request = post_document(&server, document).header(header::ACCEPT, "text/event-stream");
        let mut stream = EventStream::open(request);
        let (answer, id) = stream.next_answer();
        assert!(answer["data"].is_object() && answer.get("errors").is_none(), "{answer}");
        assert_eq!(id, None, "one answer is at no position");
        let end = stream.next_event().expect("an end");
        assert_eq!((end.event.as_str(), end.data.as_deref()), ("complete", Some("")));
        assert_eq!(stream.next_event(), None);
    }
    assert_eq!(server.api().orders().len(), before + 1);
}

#[test]
fn errors_are_events_where_nothing_else_is_accepted() {
    let server = Server::start();
    for (document, code, naming) in [
        ("{", "GRAPHQL_PARSE_FAILED", "expected"),
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED", "nope"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED", "nope"),
        (
            "subscription { getOrder { id } orderEvents { cursor } }",
            "GRAPHQL_VALIDATION_FAILED",
            "one root field",
        ),
        (r#"subscription { orderEvents(after: "x") { cursor } }"#, "CURSOR_INVALID", "cursor"),
    ] {
        let request = get_document(&server, document).header(header::ACCEPT, "text/event-stream");
        let mut stream = EventStream::open(request);
        let (answer, _) = stream.next_answer();
        let error = json!({ "errors": answer["errors"] });
        assert_error(&error, code, naming);
        assert_eq!(answer.get("data"), None, "{answer}");
        assert_eq!(stream.next_event().map(|end| end.event).as_deref(), Some("complete"), "{document}");
        assert_eq!(stream.next_event(), None, "{document}");
    }
}

#[test]
fn a_client_that_comes_back_is_told_what_it_missed() {
    let server = Server::start();
    let mut stream = EventStream::open(get_document(&server, FOLLOW));
    stream.wait_for_start();
    let mut cursor = None;
    for round in 0..3 {
        let placed: Vec<_> = (0..3).map(|_| place(&server)).collect();
        for id in &placed {
            let (answer, at) = stream.next_answer();
            assert_eq!(answer["data"]["orderEvents"]["order"]["id"], json!(id), "round {round}");
            cursor = at;
        }
        drop(stream);
        let missed = place(&server);
        stream = follow_after(&server, FOLLOW, cursor.as_deref().expect("a cursor"));
        let (answer, _) = stream.next_answer();
        assert_eq!(answer["data"]["orderEvents"]["order"]["id"], json!(missed), "round {round}");
    }
}

#[test]
fn a_client_that_was_told_nothing_yet_comes_back_to_where_it_started() {
    let server = Server::start();
    let paid = "subscription { orderEvents(where: { state: PAID }) { order { id } } }";
    for document in [FOLLOW, paid] {
        let mut stream = EventStream::open(get_document(&server, document));
        let cursor = stream.wait_for_start();
        drop(stream);
        let missed = place(&server);
        server.api().pay_order(&missed);
        for _ in 0..2 {
            let (answer, _) = follow_after(&server, document, &cursor).next_answer();
            assert_eq!(answer["data"]["orderEvents"]["order"]["id"], json!(missed), "{document}");
        }
    }
}

#[test]
fn a_client_that_comes_back_with_what_is_no_cursor_is_told() {
    let server = Server::start();
    for cursor in ["x", "AAAAAAAAAAAAAAAAAAAAAAAA"] {
        let (answer, _) = follow_after(&server, FOLLOW, cursor).next_answer();
        assert_error(&answer, "CURSOR_INVALID", "cursor");
    }
}

#[test]
fn nothing_is_missed_when_the_server_is_killed_and_started_again() {
    let installation = Installation::new();
    let mut server = installation.start();
    let mut stream = EventStream::open(get_document(&server, FOLLOW));
    stream.wait_for_start();
    let mut placed = vec![place(&server)];
    let (answer, cursor) = stream.next_answer();
    let mut told = vec![answer];
    // Written, and maybe not told any more.
    placed.extend((0..5).map(|_| place(&server)));
    server.kill();
    let mut last = cursor;
    while let Some(event) = stream.next_event() {
        told.push(event.json());
        last = event.id;
    }
    let server = installation.start();
    placed.push(place(&server));
    let mut stream = follow_after(&server, FOLLOW, last.as_deref().expect("a cursor"));
    while told.len() < placed.len() {
        told.push(stream.next_answer().0);
    }
    let told: Vec<_> =
        told.iter().map(|answer| answer["data"]["orderEvents"]["order"]["id"].clone()).collect();
    assert_eq!(told, placed, "each once, in order");
}

#[test]
fn a_silent_stream_shows_that_it_lives() {
    let server = Installation::new().set("ORDERCAST_KEEP_ALIVE", "20ms").start();
    let mut stream = EventStream::open(get_document(&server, FOLLOW));
    stream.wait_for_start();
    for _ in 0..3 {
        stream.wait_for_comment();
    }
    place(&server);
    let (answer, _) = stream.next_answer();
    assert_eq!(answer["data"]["orderEvents"]["kind"], "PLACED");
    stream.wait_for_comment();
}

#[test]
fn a_server_that_stops_ends_streams_without_calling_them_complete() {
    for signal in [Signal::Terminate, Signal::Interrupt] {
        let mut server = Server::start();
        let mut stream = EventStream::open(get_document(&server, GET_LAST_ORDER));
        stream.next_answer();
        server.signal(signal);
        assert_eq!(stream.next_event(), None, "so that `EventSource` and graphql-sse come back");
        assert!(server.wait().success());
    }
}

#[test]
fn a_reader_that_stalls_holds_up_nobody_and_is_let_go() {
    let server = Installation::new()
        .set("ORDERCAST_SLOW_TIMEOUT", "1s")
        .set("ORDERCAST_ALIAS_LIMIT", "1600")
        .set("ORDERCAST_DOCUMENT_LIMIT", "65536")
        .start();
    // Each event is large, so that few fill the buffers of the system.
    let fields: Vec<_> = (0..1600).map(|field| format!("f{field}: occurredAt")).collect();
    let document = format!("subscription {{ orderEvents {{ {} }} }}", fields.join(" "));
    let body = json!({ "query": document }).to_string();
    let mut stalled = TcpStream::connect(server.api().address()).expect("the server accepts connections");
    let head = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    write!(stalled, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("the connection is open");
    stalled.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    stalled.read_exact(&mut [0; 12]).expect("the head of an answer");

    let mut reader = EventStream::open(get_document(&server, FOLLOW));
    reader.wait_for_start();
    let events = 300;
    for _ in 0..events {
        let placed = place(&server);
        assert_eq!(reader.next_answer().0["data"]["orderEvents"]["order"]["id"], json!(placed));
    }
    // The server lets go: what it could not send is lost, and the connection breaks before it is complete.
    wait_until_disconnected(&stalled);
    let mut received = Vec::new();
    let broken = stalled.read_to_end(&mut received);
    let told = received.windows(13).filter(|window| window == b"event: next\ni").count();
    assert!(told < events, "{told} of {events} were told, {broken:?}");
}

#[test]
fn a_request_that_follows_a_refused_one_on_the_same_connection_is_served() {
    let server = Server::start();
    for _ in 0..3 {
        let refused = server.api().request(Method::GET, "/graphql").send().expect("an answer");
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert_eq!(get_document(&server, "{ __typename }").send().expect("an answer").status(), 200);
    }
}

#[test]
fn who_asks_once_and_ends_their_side_is_answered_and_who_follows_has_enough() {
    let server = Server::start();
    let ask = |document: &str| {
        let body = json!({ "query": document }).to_string();
        // It is sent, and then the end of this side.
        let answers = exchange(
            server.api().address(),
            format!(
                "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        assert_eq!((answers.len(), answers[0].status), (1, 200), "{answers:?}");
        answers[0].body.clone()
    };
    for document in [PLACE, "{ orders(last: 1) { nodes { id } } }"] {
        let told = ask(document);
        assert!(
            told.contains("\"id\":\"Order:3\"") && told.contains("event: complete"),
            "{document}: {told}"
        );
    }
    let told = ask(FOLLOW);
    assert!(told.ends_with("0\r\n\r\n") && !told.contains("event: complete"), "{told}");
}

/// Waits until the system holds no connection of the server to this client any more.
fn wait_until_disconnected(client: &TcpStream) {
    let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("an address").port();
    let (server, client) = (port(client.peer_addr()), port(client.local_addr()));
    let (server, client) = (format!(":{server:04X}"), format!(":{client:04X}"));
    let started = std::time::Instant::now();
    while std::fs::read_to_string("/proc/net/tcp").expect("Linux").lines().any(|connection| {
        let mut columns = connection.split_whitespace().skip(1);
        columns.next().is_some_and(|local| local.ends_with(&server))
            && columns.next().is_some_and(|remote| remote.ends_with(&client))
    }) {
        assert!(started.elapsed() < PATIENCE, "the connection is still there");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
