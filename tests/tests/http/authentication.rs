//! Who is let in, and as whom.

use reqwest::{
    Method,
    blocking::{RequestBuilder, Response},
    header,
};
use serde_json::{Value, json};
use tests::{Api, EventStream, GET_LAST_ORDER, Installation, SECRET, Server, TokenKey, bad_tokens, claims};

use crate::{
    parts::Parts,
    support::{PLACE, assert_refused, value},
};

const STREAM_TOKEN: &str = "X-GraphQL-Event-Stream-Token";

/// A server that asks clients who they are.
pub(crate) fn server() -> Server {
    Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).start()
}

pub(crate) fn customer(server: &Server, username: &str) -> Api {
    server.api().with_token(&TokenKey::secret(SECRET).token(&claims(username, 3600)))
}

pub(crate) fn staff(server: &Server) -> Api {
    let mut claims = claims("boss", 3600);
    claims["roles"] = json!(["staff"]);
    server.api().with_token(&TokenKey::secret(SECRET).token(&claims))
}

/// Every way of executing something.
fn requests(api: &Api) -> Vec<(&'static str, RequestBuilder)> {
    let post = |document: &str| api.request(Method::POST, "/graphql").json(&json!({ "query": document }));
    let get = |document: &str| api.request(Method::GET, "/graphql").query(&[("query", document)]);
    let events = |request: RequestBuilder| request.header(header::ACCEPT, "text/event-stream");
    let operation = json!({ "query": PLACE, "extensions": { "operationId": "1" } });
    vec![
        ("a mutation", post(PLACE)),
        ("a batch", api.request(Method::POST, "/graphql").json(&json!([{ "query": PLACE }]))),
        ("a query by GET", get("{ getOrders { id } }")),
        ("a document that is none", post("{")),
        ("a body that is none", api.request(Method::POST, "/graphql").body("{")),
        ("events by POST", events(post(PLACE))),
        ("events by GET", events(get(GET_LAST_ORDER))),
        ("parts", post(GET_LAST_ORDER).header(header::ACCEPT, "multipart/mixed;subscriptionSpec=1.0")),
        ("a stream of many operations", api.request(Method::PUT, "/graphql")),
        (
            "an operation of such a stream",
            api.request(Method::POST, "/graphql").json(&operation).header(STREAM_TOKEN, "unknown"),
        ),
        (
            "the end of such an operation",
            api.request(Method::DELETE, "/graphql?operationId=1").header(STREAM_TOKEN, "unknown"),
        ),
    ]
}

#[test]
fn a_request_without_a_token_is_refused_before_anything_is_executed() {
    let server = server();
    let before = staff(&server).orders();
    for (name, request) in requests(server.api()) {
        let answer = request.send().expect("an answer");
        let challenge = value(&answer, &header::WWW_AUTHENTICATE);
        assert_eq!(challenge, Some(r#"Bearer realm="ordercast""#), "{name}");
        assert_refused(answer, 401, "UNAUTHENTICATED", "Authorization: Bearer");
    }
    assert_eq!(staff(&server).orders(), before);
}

#[test]
fn a_bad_token_is_refused_before_anything_is_executed_and_told_why() {
    let server = server();
    let before = staff(&server).orders();
    for bad in bad_tokens() {
        for (request_name, mut request) in requests(server.api()) {
            for authorization in &bad.authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let answer = request.send().expect("an answer");
            let challenge = value(&answer, &header::WWW_AUTHENTICATE).expect("a challenge").to_owned();
            assert!(challenge.starts_with(r#"Bearer realm="ordercast""#), "{challenge}");
            let names_error = challenge.contains(r#"error="invalid_token""#);
            assert_eq!(names_error, !bad.is_missing, "{}, {request_name}: {challenge}", bad.name);
            assert_refused(answer, 401, "UNAUTHENTICATED", bad.reason);
        }
    }
    assert_eq!(staff(&server).orders(), before);
}

#[test]
fn a_token_says_who_the_viewer_is() {
    let server = server();
    let document = "{ viewer { username permissions } }";
    let viewer = |api: &Api| api.data(document, &json!({}))["viewer"].take();
    let own = ["SEE_OWN_ORDERS", "CHANGE_OWN_ORDERS"];
    assert_eq!(viewer(&customer(&server, "caty88")), json!({ "username": "caty88", "permissions": own }));
    let all = ["SEE_ALL_ORDERS", "CHANGE_ALL_ORDERS", "SEE_ALL_EMAILS", "CREATE_USERS"];
    assert_eq!(viewer(&staff(&server)), json!({ "username": "boss", "permissions": all }));

    let token = TokenKey::secret(SECRET).token(&claims("joe", 3600));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = server.api().request(Method::POST, "/graphql").json(&json!({ "query": document }));
        let answer = request.header(header::AUTHORIZATION, format!("{scheme} {token}")).send();
        let answer: Value = answer.expect("an answer").json().expect("JSON");
        assert_eq!(answer["data"]["viewer"]["username"], "joe", "{scheme}");
    }
}

#[test]
fn a_customer_sees_and_changes_their_own_orders_and_staff_all() {
    let server = server();
    let (boss, caty) = (staff(&server), customer(&server, "caty88"));
    let of_joe = boss.place_order(&json!({ "username": "joe" }));
    let usernames = |api: &Api| -> Vec<Value> {
        api.orders().into_iter().map(|mut order| order["user"]["username"].take()).collect()
    };
    assert!(usernames(&boss).contains(&json!("joe")));
    assert!(usernames(&caty).iter().all(|name| name == "caty88"), "{:?}", usernames(&caty));
    let paid = caty.mutate(Api::PAY_ORDER, &json!({ "id": of_joe }));
    assert_eq!(paid["errors"][0]["code"], "ORDER_NOT_FOUND", "{paid}");
    customer(&server, "joe").pay_order(&of_joe);
}

#[test]
fn events_and_parts_are_those_that_the_viewer_may_see() {
    let server = server();
    let document = "subscription { orderEvents { order { user { username } } } }";
    let cursor = &staff(&server).data("{ orders { cursor } }", &json!({}))["orders"]["cursor"];
    let document = document.replace("orderEvents", &format!("orderEvents(after: {cursor})"));
    let post = |api: &Api, accept: &str| {
        let request = api.request(Method::POST, "/graphql").json(&json!({ "query": document }));
        request.header(header::ACCEPT, accept)
    };
    let (boss, caty) = (staff(&server), customer(&server, "caty88"));
    let mut events = EventStream::open(post(&caty, "text/event-stream"));
    let mut parts = Parts::read(post(&caty, "multipart/mixed;subscriptionSpec=1.0"));
    let mut all = EventStream::open(post(&boss, "text/event-stream"));
    for username in ["joe", "caty88"] {
        boss.place_order(&json!({ "username": username }));
        assert_eq!(all.next_answer().0["data"]["orderEvents"]["order"]["user"]["username"], username);
    }
    let told = [events.next_answer().0, next_answer(&mut parts)];
    assert!(
        told.iter().all(|told| told["data"]["orderEvents"]["order"]["user"]["username"] == "caty88"),
        "{told:?}"
    );
}

#[test]
fn a_stream_of_many_operations_is_its_users_own() {
    let server = server();
    let (caty, joe) = (customer(&server, "caty88"), customer(&server, "joe"));
    let token = reserve(&caty);
    refuse(open_request(&joe, &token).send(), 403, "FORBIDDEN", "another user");
    // `EventSource` cannot send headers: the token of the stream, which only its user has, is enough to open it.
    let anonymous = server.api().request(Method::GET, "/graphql").query(&[("token", &token)]);
    let mut stream = EventStream::open(anonymous.header(header::ACCEPT, "text/event-stream"));
    refuse(start(server.api(), &token, "1"), 401, "UNAUTHENTICATED", "Authorization");
    refuse(start(&joe, &token, "1"), 403, "FORBIDDEN", "another user");
    let cancel = joe.request(Method::DELETE, "/graphql?operationId=1").header(STREAM_TOKEN, &token);
    refuse(cancel.send(), 403, "FORBIDDEN", "another user");
    assert_eq!(start(&caty, &token, "1").expect("an answer").status(), 202);
    let told = stream.next_event().expect("the stream is open").json();
    assert_eq!(told, json!({ "id": "1", "payload": { "data": { "viewer": { "username": "caty88" } } } }));
}

#[test]
fn origins_come_first_and_preflights_monitors_and_the_page_need_no_token() {
    let server = server();
    for (_, request) in requests(server.api()) {
        let answer = request.header(header::ORIGIN, "https://evil.example").send().expect("an answer");
        assert_refused(answer, 403, "FORBIDDEN", "origin");
    }
    let preflight = server.api().request(Method::OPTIONS, "/graphql");
    let preflight = preflight
        .header(header::ORIGIN, "http://localhost:3000")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type")
        .send()
        .expect("an answer");
    assert!(preflight.status().is_success(), "{}", preflight.status());
    let headers = value(&preflight, &header::ACCESS_CONTROL_ALLOW_HEADERS).expect("a list");
    assert!(headers.contains("authorization"), "{headers}");
    for path in ["/health/live", "/health/ready"] {
        let answer = server.api().request(Method::GET, path).send().expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
    let page = server.api().request(Method::GET, "/").send().expect("an answer");
    assert_ne!(page.status(), 401, "the page asks for the token");
}

#[test]
fn without_authentication_a_token_does_not_matter() {
    let server = Server::start();
    for api in [server.api().clone(), customer(&server, "caty88"), server.api().with_token("nonsense")] {
        let viewer = &api.data("{ viewer { username } }", &json!({}))["viewer"];
        assert_eq!(*viewer, json!({ "username": null }));
    }
}

pub(crate) fn reserve(api: &Api) -> String {
    let answer = api.request(Method::PUT, "/graphql").send().expect("an answer");
    assert_eq!(answer.status(), 201);
    answer.text().expect("a token")
}

pub(crate) fn open_request(api: &Api, token: &str) -> RequestBuilder {
    let request = api.request(Method::GET, "/graphql").header(STREAM_TOKEN, token);
    request.header(header::ACCEPT, "text/event-stream")
}

pub(crate) fn start_document(api: &Api, token: &str, id: &str, document: &str) -> reqwest::Result<Response> {
    let body = json!({ "query": document, "extensions": { "operationId": id } });
    api.request(Method::POST, "/graphql").json(&body).header(STREAM_TOKEN, token).send()
}

fn start(api: &Api, token: &str, id: &str) -> reqwest::Result<Response> {
    start_document(api, token, id, "{ viewer { username } }")
}

fn refuse(answer: reqwest::Result<Response>, status: u16, code: &str, naming: &str) {
    assert_refused(answer.expect("an answer"), status, code, naming);
}

/// The next part that is no sign of life.
fn next_answer(parts: &mut Parts) -> Value {
    loop {
        let mut part = parts.next();
        if part != json!({}) {
            return part["payload"].take();
        }
    }
}
