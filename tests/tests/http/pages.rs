//! What browsers' pages and monitors get, and what becomes of bodies that are no requests.

use reqwest::{Method, blocking::Response, header};
use serde_json::json;
use tests::{Installation, Protocol, Server, Socket};

use crate::support::{assert_refused, value};

const OWN_PAGE: &str = "http://localhost:3000";
const FOREIGN_PAGE: &str = "https://evil.example";

const QUERY: &str = r#"{"query":"{ getOrders { id } }"}"#;

#[test]
fn the_path_may_end_with_a_slash() {
    let server = Server::start();
    let answers = ["/graphql", "/graphql/"].map(|path| {
        let answer = post(&server, path, "application/json", QUERY);
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().expect("a body")
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn other_paths_are_not_graphql() {
    let server = Server::start();
    for path in ["/graphql/graphql", "/graphqls", "//graphql", "/orders"] {
        assert_eq!(post(&server, path, "application/json", QUERY).status(), 404, "{path}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let server = Installation::new().set("ORDERCAST_BODY_LIMIT", "1000").start();
    let body = |length: usize| format!("{QUERY}{}", " ".repeat(length - QUERY.len()));
    assert_eq!(post(&server, "/graphql", "application/json", &body(1000)).status(), 200);
    let refused = post(&server, "/graphql", "application/json", &body(1001));
    assert_refused(refused, 413, "LIMIT_EXCEEDED", "1000");
    // Without a length in front, in chunks.
    let chunks = std::io::Cursor::new(body(1_000_000));
    let request = server.api().request(Method::POST, "/graphql");
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let refused = request.body(reqwest::blocking::Body::new(chunks)).send().expect("an answer");
    assert_refused(refused, 413, "LIMIT_EXCEEDED", "1000");
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let server = Server::start();
    // A browser sends these without asking first.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_refused(post(&server, "/graphql", kind, QUERY), 415, "BAD_USER_INPUT", "application/json");
    }
    let without_type = server.api().request(Method::POST, "/graphql").body(QUERY).send();
    assert_refused(without_type.expect("an answer"), 415, "BAD_USER_INPUT", "application/json");
    for body in ["", "{", "{\"query\":", "getOrders", "\"query\""] {
        assert_refused(post(&server, "/graphql", "application/json", body), 400, "BAD_USER_INPUT", "JSON");
    }
    let latin = post(&server, "/graphql", "application/json; charset=latin1", QUERY);
    assert_refused(latin, 415, "BAD_USER_INPUT", "utf-8");
    let compressed = server.api().request(Method::POST, "/graphql").header(header::CONTENT_ENCODING, "gzip");
    let compressed = compressed.header(header::CONTENT_TYPE, "application/json").body(QUERY).send();
    assert_refused(compressed.expect("an answer"), 415, "BAD_USER_INPUT", "compressed");
}

#[test]
fn a_method_that_does_not_fit_is_refused() {
    let refused = |server: &Server, method: &Method, allowed: &str| {
        let answer = server.api().request(method.clone(), "/graphql").send().expect("an answer");
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(value(&answer, &header::ALLOW), Some(allowed), "{method}");
    };
    let server = Server::start();
    for method in [Method::PATCH, Method::HEAD, Method::TRACE] {
        refused(&server, &method, "GET, POST, PUT, DELETE");
    }
    let server = Installation::new().set("ORDERCAST_SSE_CONNECTIONS", "0").start();
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        refused(&server, &method, "GET, POST");
    }
}

#[test]
fn monitors_are_told_that_it_lives_and_is_ready() {
    let server = Server::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = server.api().request(Method::GET, path).send().expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[test]
fn pages_of_this_machine_may_use_it_and_others_may_not() {
    let server = Server::start();
    for path in ["/graphql", "/graphql/"] {
        let answer = preflight(&server, path, OWN_PAGE);
        assert!(answer.status().is_success(), "{}", answer.status());
        assert_eq!(value(&answer, &header::ACCESS_CONTROL_ALLOW_ORIGIN), Some(OWN_PAGE));
        let headers = value(&answer, &header::ACCESS_CONTROL_ALLOW_HEADERS).expect("a list");
        assert!(headers.contains("content-type"), "{headers}");
        let methods = value(&answer, &header::ACCESS_CONTROL_ALLOW_METHODS).expect("a list");
        assert!(methods.contains("POST"), "{methods}");

        let answer = preflight(&server, path, FOREIGN_PAGE);
        assert_eq!(value(&answer, &header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
        assert_eq!(value(&answer, &header::ACCESS_CONTROL_ALLOW_HEADERS), None);
    }
    for (page, readable) in [(OWN_PAGE, Some(OWN_PAGE)), (FOREIGN_PAGE, None)] {
        let answer = post_from(&server, page);
        assert_eq!(value(&answer, &header::ACCESS_CONTROL_ALLOW_ORIGIN), readable, "{page}");
        assert!(
            value(&answer, &header::VARY).is_some_and(|vary| vary.contains("Origin")),
            "caches must know"
        );
    }
    // Those of the streams' protocol are for pages that may use it, too.
    let answer = preflight(&server, "/graphql", OWN_PAGE);
    let methods = value(&answer, &header::ACCESS_CONTROL_ALLOW_METHODS).expect("a list");
    assert!(methods.contains("PUT") && methods.contains("DELETE"), "{methods}");
}

#[test]
fn listed_pages_may_use_it_instead() {
    let shop = "https://shop.example";
    let server = Installation::new().set("ORDERCAST_ALLOWED_ORIGINS", shop).start();
    for (page, allowed) in [(shop, Some(shop)), (OWN_PAGE, None), (FOREIGN_PAGE, None)] {
        let answer = preflight(&server, "/graphql", page);
        assert_eq!(value(&answer, &header::ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{page}");
        let socket = Socket::open(server.api(), Protocol::GraphqlTransportWs, Some(page));
        assert_eq!(socket.is_ok(), allowed.is_some(), "{page}");
    }
}

#[test]
fn a_socket_is_opened_only_for_pages_that_may_use_it() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        for page in [None, Some(OWN_PAGE), Some("http://127.0.0.1:5173")] {
            assert!(Socket::open(server.api(), protocol, page).is_ok(), "{page:?}");
        }
        for page in [FOREIGN_PAGE, "null", "http://localhost.evil.example", ""] {
            let refused = Socket::open(server.api(), protocol, Some(page)).err();
            assert_eq!(refused.map(|status| status.as_u16()), Some(403), "{page:?}");
        }
    }
}

fn post(server: &Server, path: &str, content_type: &str, body: &str) -> Response {
    let request = server.api().request(Method::POST, path).header(header::CONTENT_TYPE, content_type);
    request.body(body.to_owned()).send().expect("an answer")
}

fn post_from(server: &Server, page: &str) -> Response {
    let request = server.api().request(Method::POST, "/graphql").header(header::ORIGIN, page);
    request.json(&json!({ "query": "{ getOrders { id } }" })).send().expect("an answer")
}

fn preflight(server: &Server, path: &str, page: &str) -> Response {
    let request = server.api().request(Method::OPTIONS, path).header(header::ORIGIN, page);
    let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    request.header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type").send().expect("an answer")
}
