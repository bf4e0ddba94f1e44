//! Server-sent events, many operations on one connection: the single connection mode of npm's `graphql-sse`, as its
//! protocol has it.

use reqwest::{
    Method,
    blocking::{RequestBuilder, Response},
    header,
};
use serde_json::{Value, json};
use tests::{EventStream, GET_LAST_ORDER, Installation, PATIENCE, Server, StreamEvent};

use crate::support::{FOLLOW, PLACE, assert_refused, follow_from_now, place, post};

const TOKEN: &str = "X-GraphQL-Event-Stream-Token";

#[test]
fn operations_are_sent_beside_the_stream_and_told_on_it() {
    let server = Server::start();
    let token = reserve(&server);
    let mut stream = open(&server, &token);
    accepted(start(&server, &token, "follower", &follow_from_now(&server)));
    accepted(start(&server, &token, "newest", GET_LAST_ORDER));
    accepted(start(&server, &token, "one", "{ __typename }"));
    let mut told = Told::default();
    told.read_until(&mut stream, |told| told.of("newest").len() == 1 && told.of("one").len() == 2);
    assert_eq!(told.of("one")[0]["payload"], json!({ "data": { "__typename": "Query" } }));
    assert_eq!(told.of("one")[1], json!({ "id": "one" }), "a complete event has no payload");

    let placed = place(&server);
    told.read_until(&mut stream, |told| told.of("follower").len() == 1 && told.of("newest").len() == 2);
    let event = &told.of("follower")[0]["payload"]["data"]["orderEvents"];
    assert_eq!(event["order"]["id"], json!(placed));
    assert!(told.events.iter().all(|event| event.id.is_none()), "no one position is that of all operations");
}

#[test]
fn operations_may_be_sent_before_the_stream_is_open() {
    let server = Server::start();
    let token = reserve(&server);
    accepted(start(&server, &token, "place", PLACE));
    let mut stream = open(&server, &token);
    let mut told = Told::default();
    told.read_until(&mut stream, |told| told.of("place").len() == 2);
    assert!(told.of("place")[0]["payload"]["data"]["placeOrder"]["order"]["id"].is_string());
}

#[test]
fn an_operation_that_is_cancelled_tells_nothing_more() {
    let server = Server::start();
    let token = reserve(&server);
    let mut stream = open(&server, &token);
    for id in ["cancelled", "kept"] {
        accepted(start(&server, &token, id, GET_LAST_ORDER));
    }
    let mut told = Told::default();
    told.read_until(&mut stream, |told| told.of("cancelled").len() == 1 && told.of("kept").len() == 1);
    for _ in 0..2 {
        assert_eq!(cancel(&server, &token, "cancelled").status(), 200, "also when it is no more");
    }
    place(&server);
    told.read_until(&mut stream, |told| told.of("kept").len() == 2);
    assert_eq!(told.of("cancelled").len(), 1);
    // Its id may be used again.
    accepted(start(&server, &token, "cancelled", GET_LAST_ORDER));
    told.read_until(&mut stream, |told| told.of("cancelled").len() == 2);
}

#[test]
fn the_token_may_come_in_the_query_string_as_event_source_has_no_headers() {
    let server = Server::start();
    let token = reserve(&server);
    let request = server.api().request(Method::GET, "/graphql").query(&[("token", &token)]);
    let mut stream = EventStream::open(request.header(header::ACCEPT, "text/event-stream"));
    let extensions = json!({ "operationId": "1" }).to_string();
    let parameters = [("token", &*token), ("query", "{ __typename }"), ("extensions", &extensions)];
    let by_get = server.api().request(Method::GET, "/graphql").query(&parameters);
    accepted(by_get.send().expect("an answer"));
    let mut told = Told::default();
    told.read_until(&mut stream, |told| told.of("1").len() == 2);
}

#[test]
fn what_does_not_fit_the_protocol_is_refused() {
    let server = Server::start();
    let (token, before) = (reserve(&server), server.api().orders());
    let _stream = open(&server, &token);
    refused(open_request(&server, &token).send(), 409, "open already");
    refused(open_request(&server, "unknown").send(), 404, "PUT");
    for unknown in ["unknown", ""] {
        assert_refused(start(&server, unknown, "1", PLACE), 404, "BAD_USER_INPUT", "PUT");
        assert_refused(cancel(&server, unknown, "1"), 404, "BAD_USER_INPUT", "PUT");
    }
    let without_id = post(&server, &json!({ "query": PLACE })).header(TOKEN, &token);
    refused(without_id.send(), 400, "operationId");
    refused(
        server.api().request(Method::DELETE, "/graphql").header(TOKEN, &token).send(),
        400,
        "operationId",
    );
    refused(server.api().request(Method::DELETE, "/graphql?operationId=1").send(), 400, "token");

    accepted(start(&server, &token, "1", FOLLOW));
    assert_refused(start(&server, &token, "1", PLACE), 409, "BAD_USER_INPUT", "under way");
    let extensions = json!({ "operationId": "3" }).to_string();
    let by_get = [("token", &*token), ("query", PLACE), ("extensions", &extensions)];
    refused(server.api().request(Method::GET, "/graphql").query(&by_get).send(), 405, "POST");
    assert_eq!(server.api().orders(), before);
}

#[test]
fn an_operation_that_cannot_be_started_ends_with_its_errors() {
    let server = Server::start();
    let token = reserve(&server);
    let mut stream = open(&server, &token);
    for (document, code) in [
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        (r#"subscription { orderEvents(after: "x") { cursor } }"#, "CURSOR_INVALID"),
    ] {
        accepted(start(&server, &token, document, document));
        let mut told = Told::default();
        told.read_until(&mut stream, |told| told.of(document).len() == 2);
        let error = &told.of(document)[0]["payload"]["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{error}");
        assert_eq!(told.events[1].event, "complete");
    }
}

#[test]
fn streams_and_their_operations_are_limited() {
    let server = Installation::new()
        .set("ORDERCAST_SSE_CONNECTIONS", "1")
        .set("ORDERCAST_SSE_OPERATIONS", "2")
        .set("ORDERCAST_KEEP_ALIVE", "20ms")
        .start();
    let token = reserve(&server);
    assert_refused(put(&server), 503, "LIMIT_EXCEEDED", "1");
    let stream = open(&server, &token);
    for id in ["1", "2"] {
        accepted(start(&server, &token, id, FOLLOW));
    }
    assert_refused(start(&server, &token, "3", FOLLOW), 429, "LIMIT_EXCEEDED", "2");
    cancel(&server, &token, "1");
    accepted(start(&server, &token, "3", FOLLOW));

    // A client that is gone is noticed, and makes room.
    drop(stream);
    let token = reserve_eventually(&server);
    open(&server, &token);
}

#[test]
fn a_reservation_that_nobody_takes_up_ends() {
    let server = Installation::new()
        .set("ORDERCAST_SSE_CONNECTIONS", "1")
        .set("ORDERCAST_SSE_RESERVATION", "100ms")
        .start();
    let token = reserve(&server);
    reserve_eventually(&server);
    refused(open_request(&server, &token).send(), 404, "PUT");
}

#[test]
fn tokens_cannot_be_told_from_each_other() {
    let server = Server::start();
    let tokens: std::collections::BTreeSet<_> = (0..20).map(|_| reserve(&server)).collect();
    assert_eq!(tokens.len(), 20);
    assert!(tokens.iter().all(|token| token.len() == 22), "128 bits each: {tokens:?}");
}

/// What a stream told so far.
#[derive(Default)]
struct Told {
    events: Vec<StreamEvent>,
}

impl Told {
    fn read_until(&mut self, stream: &mut EventStream, is_enough: impl Fn(&Self) -> bool) {
        while !is_enough(self) {
            self.events.push(stream.next_event().expect("the stream is open"));
        }
    }

    /// The data of one operation's events.
    fn of(&self, id: &str) -> Vec<Value> {
        self.events.iter().map(StreamEvent::json).filter(|data| data["id"] == id).collect()
    }
}

fn put(server: &Server) -> Response {
    server.api().request(Method::PUT, "/graphql").send().expect("an answer")
}

pub(crate) fn reserve(server: &Server) -> String {
    let answer = put(server);
    assert_eq!(answer.status(), 201);
    answer.text().expect("a token")
}

/// Reserves a stream as soon as there is room.
fn reserve_eventually(server: &Server) -> String {
    let started = std::time::Instant::now();
    loop {
        let answer = put(server);
        if answer.status() == 201 {
            return answer.text().expect("a token");
        }
        assert!(started.elapsed() < PATIENCE, "there is no room: {}", answer.status());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn open_request(server: &Server, token: &str) -> RequestBuilder {
    let request = server.api().request(Method::GET, "/graphql").header(TOKEN, token);
    request.header(header::ACCEPT, "text/event-stream")
}

pub(crate) fn open(server: &Server, token: &str) -> EventStream {
    EventStream::open(open_request(server, token))
}

pub(crate) fn start(server: &Server, token: &str, id: &str, document: &str) -> Response {
    let body = json!({ "query": document, "extensions": { "operationId": id } });
    post(server, &body).header(TOKEN, token).send().expect("an answer")
}

fn cancel(server: &Server, token: &str, id: &str) -> Response {
    let request = server.api().request(Method::DELETE, "/graphql").query(&[("operationId", id)]);
    request.header(TOKEN, token).send().expect("an answer")
}

pub(crate) fn accepted(answer: Response) {
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.text().expect("a body"), "");
}

fn refused(answer: reqwest::Result<Response>, status: u16, naming: &str) {
    assert_refused(answer.expect("an answer"), status, "BAD_USER_INPUT", naming);
}
