//! A token ends, or its key does, while what it let in is still told.

use reqwest::{Method, header};
use serde_json::{Value, json};
use tests::{EventStream, Installation, SECRET, Server, TokenKey, claims, now};

use crate::{
    authentication::{customer, open_request, reserve, start_document},
    parts::Parts,
    support::{FOLLOW, assert_refused},
};

/// How long tokens of these tests are good for, in seconds: enough to start what they let in.
const SOON: u64 = 6;

fn exact_server() -> Server {
    Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).set("ORDERCAST_JWT_LEEWAY", "0s").start()
}

fn assert_expired(errors: &Value) {
    assert_eq!(errors[0]["extensions"]["code"], "UNAUTHENTICATED", "{errors}");
    assert_eq!(errors[0]["message"], "The token has expired", "{errors}");
}

#[test]
fn events_end_with_the_reason_and_a_browser_that_comes_back_is_refused() {
    let server = exact_server();
    let claims = claims("caty88", SOON);
    let api = server.api().with_token(&TokenKey::secret(SECRET).token(&claims));
    let request = || {
        let request = api.request(Method::GET, "/graphql").query(&[("query", FOLLOW)]);
        request.header(header::ACCEPT, "text/event-stream")
    };
    let mut stream = EventStream::open(request());
    let id = stream.wait_for_start();
    let last = stream.next_event().expect("the stream is open");
    assert!(now() >= claims["exp"].as_u64().expect("a time"), "not before its time");
    assert_eq!(last.event, "next");
    assert_expired(&last.json()["errors"]);
    // So that clients do not come back by themselves.
    assert_eq!(stream.next_event().expect("the stream is open").event, "complete");
    assert_eq!(stream.next_event(), None);
    let again = request().header("Last-Event-ID", id).send().expect("an answer");
    assert_refused(again, 401, "UNAUTHENTICATED", "expired");
}

#[test]
fn parts_end_with_the_reason() {
    let server = exact_server();
    let api = server.api().with_token(&TokenKey::secret(SECRET).token(&claims("caty88", SOON)));
    let request = api.request(Method::POST, "/graphql").json(&json!({ "query": FOLLOW }));
    let mut parts = Parts::read(request.header(header::ACCEPT, "multipart/mixed;subscriptionSpec=1.0"));
    let last = loop {
        let part = parts.next();
        if part != json!({}) {
            break part;
        }
    };
    assert_eq!(last["payload"], Value::Null, "{last}");
    assert_expired(&last["errors"]);
    parts.assert_ended();
}

#[test]
fn a_stream_of_many_operations_lives_as_long_as_the_newest_token_that_came_for_it() {
    let server = exact_server();
    let short = server.api().with_token(&TokenKey::secret(SECRET).token(&claims("caty88", SOON)));
    let (left, renewed) = (reserve(&short), reserve(&short));
    let (mut left_stream, mut renewed_stream) =
        (EventStream::open(open_request(&short, &left)), EventStream::open(open_request(&short, &renewed)));
    let long = customer(&server, "caty88");
    for (api, stream, id) in [(&short, &left, "one"), (&short, &left, "two"), (&long, &renewed, "kept")] {
        assert_eq!(start_document(api, stream, id, FOLLOW).expect("an answer").status(), 202);
    }
    let mut ended = Vec::new();
    while let Some(event) = left_stream.next_event() {
        let data = event.json();
        if event.event == "next" {
            assert_expired(&data["payload"]["errors"]);
        } else {
            ended.push(data["id"].as_str().expect("an id").to_owned());
        }
    }
    ended.sort();
    assert_eq!(ended, ["one", "two"]);
    // The other had the same time.
    let placed = long.place_order(&json!({ "username": "caty88" }));
    let told = renewed_stream.next_event().expect("the stream is open").json();
    assert_eq!(told["payload"]["data"]["orderEvents"]["order"]["id"], json!(placed), "{told}");
}
