//! Every transport tells the same of the same operation, in its own words.

use std::time::Instant;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tests::{EventStream, GET_LAST_ORDER, PATIENCE, Protocol, Server, Socket};

use crate::{
    channels,
    parts::Parts,
    support::{PLACE, follow_from_now, get_document, place, post_document},
};

/// The payloads that a transport tells of an operation, in GraphQL's own form.
type Payloads = Box<dyn FnMut() -> Value>;

/// Starts an operation.
type Start = fn(&Server, &str) -> Payloads;

/// Each that tells any operation.
const TRANSPORTS: [(&str, Start); 6] = [
    ("events by GET", |server, document| events(get_document(server, document))),
    ("events by POST", |server, document| events(post_document(server, document))),
    ("events of many operations", channel),
    ("parts", |server, document| {
        // A query is answered in parts where nothing else is accepted.
        let accept = "multipart/mixed;subscriptionSpec=1.0";
        let mut parts = Parts::read(post_document(server, document).header(header::ACCEPT, accept));
        Box::new(move || parts.next()["payload"].take())
    }),
    ("graphql-transport-ws", |server, document| socket(server, Protocol::GraphqlTransportWs, document)),
    ("graphql-ws", |server, document| socket(server, Protocol::GraphqlWs, document)),
];

#[test]
fn a_subscription_is_told_the_same_on_each_transport() {
    let server = Server::start();
    let events = follow_from_now(&server);
    for (document, skipped) in [(GET_LAST_ORDER, 1), (&*events, 0)] {
        let mut followers = TRANSPORTS.map(|(name, start)| (name, start(&server, document)));
        for (_, next) in &mut followers {
            (0..skipped).for_each(|_| drop(next()));
        }
        let mut told = Vec::new();
        for _ in 0..3 {
            let id = place(&server);
            told.push(tell_the_same(&mut followers));
            server.api().pay_order(&id);
            told.push(tell_the_same(&mut followers));
        }
        for answer in &told {
            assert!(answer["data"].is_object() && answer["extensions"]["cursor"].is_string(), "{answer}");
            assert_eq!(told.iter().filter(|other| *other == answer).count(), 1, "each is another event");
        }
    }
}

#[test]
fn a_query_is_answered_the_same_on_each_transport() {
    let server = Server::start();
    for document in [
        "{ orders(last: 1) { nodes { id date state user { username email } } } }",
        r#"{ order(id: "no id") { id } viewer { username } }"#,
    ] {
        let in_one_piece: Value =
            post_document(&server, document).send().expect("an answer").json().expect("JSON");
        for (transport, start) in TRANSPORTS {
            assert_eq!(start(&server, document)(), in_one_piece, "{transport}: {document}");
        }
    }
}

#[test]
fn a_mutation_is_done_once_on_each_transport() {
    let server = Server::start();
    // By GET it is refused.
    for (transport, start) in &TRANSPORTS[1..] {
        let before = server.api().orders().len();
        let answer = start(&server, PLACE)();
        assert!(answer["data"]["placeOrder"]["order"]["id"].is_string(), "{transport}: {answer}");
        assert_eq!(server.api().orders().len(), before + 1, "{transport}");
    }
}

#[test]
fn what_cannot_be_started_is_told_the_same_on_each_transport() {
    let server = Server::start();
    for (document, code) in [
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { getOrder { id } orderEvents { cursor } }", "GRAPHQL_VALIDATION_FAILED"),
        (r#"subscription { orderEvents(after: "x") { cursor } }"#, "CURSOR_INVALID"),
        (r#"subscription { orderEvents(where: { dateTo: "x" }) { cursor } }"#, "BAD_USER_INPUT"),
    ] {
        let expected = errors(TRANSPORTS[1].1(&server, document)());
        assert_eq!(expected[0]["extensions"]["code"], code, "{expected}");
        for (transport, start) in TRANSPORTS {
            assert_eq!(errors(start(&server, document)()), expected, "{transport}: {document}");
        }
    }
}

#[test]
fn that_events_behind_a_cursor_are_no_longer_kept_is_told_the_same_on_each_transport() {
    let server = Server::start();
    let document = follow_from_now(&server);
    (0..3).for_each(|_| drop(place(&server)));
    let installation = server.installation().clone().set("ORDERCAST_EVENTS_KEPT", "1");
    assert!(server.terminate().success());
    let server = installation.start();
    let refused = || errors(TRANSPORTS[1].1(&server, &document)());
    // They are deleted in the background once it has started.
    let since = Instant::now();
    let mut expected = refused();
    while expected.is_null() {
        assert!(since.elapsed() < PATIENCE, "what is not to be kept is still there");
        expected = refused();
    }
    let extensions = &expected[0]["extensions"];
    assert_eq!(extensions["code"], "CURSOR_EXPIRED", "{expected}");
    assert!(extensions["oldest"].is_string() && extensions["newest"].is_string(), "{expected}");
    for (transport, start) in TRANSPORTS {
        assert_eq!(errors(start(&server, &document)()), expected, "{transport}");
    }
}

#[test]
fn a_subscription_that_is_given_up_stops_on_each_transport() {
    let server = Server::start();
    for (transport, start) in TRANSPORTS {
        let mut payloads = start(&server, GET_LAST_ORDER);
        payloads();
        assert_eq!(running(&server), 1, "{transport}");
        drop(payloads);
        let since = Instant::now();
        while running(&server) > 0 {
            assert!(since.elapsed() < PATIENCE, "{transport}: it goes on without its client");
        }
    }
}

/// How many operations the server tells as they go on.
fn running(server: &Server) -> u64 {
    let answer = server.api().request(Method::GET, "/metrics").send().expect("an answer");
    let metrics = answer.text().expect("metrics");
    let counts = metrics.lines().filter(|line| line.starts_with("ordercast_operations_running{"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// The errors that a transport tells, if it does.
fn errors(payload: Value) -> Value {
    match payload {
        Value::Array(_) => payload,
        mut payload => payload["errors"].take(),
    }
}

/// What the next event is told as, which must be the same for all.
fn tell_the_same(followers: &mut [(&str, Payloads)]) -> Value {
    let told: Vec<_> = followers.iter_mut().map(|(transport, next)| (*transport, next())).collect();
    for (transport, answer) in &told {
        assert_eq!(*answer, told[0].1, "{transport} and {}", told[0].0);
    }
    told[0].1.clone()
}

fn events(request: reqwest::blocking::RequestBuilder) -> Payloads {
    let mut stream = EventStream::open(request.header(header::ACCEPT, "text/event-stream"));
    Box::new(move || stream.next_answer().0)
}

fn channel(server: &Server, document: &str) -> Payloads {
    let token = channels::reserve(server);
    let mut stream = channels::open(server, &token);
    let answer = channels::start(server, &token, "1", document);
    if answer.status() != 202 {
        // What cannot be executed at all is refused at once.
        let refused: Value = answer.json().expect("JSON");
        return Box::new(move || json!({ "errors": refused["errors"] }));
    }
    Box::new(move || stream.next_answer().0["payload"].take())
}

fn socket(server: &Server, protocol: Protocol, document: &str) -> Payloads {
    let mut socket = Socket::follow(server.api(), protocol, document);
    Box::new(move || socket.next_payload())
}
