//! Operations that cannot be started.

use serde_json::{Value, json};
use tests::{Protocol, RawSocket, Server};

/// What is wrong with a request, and the code of the error that tells it.
fn refused() -> [(&'static str, Value, &'static str); 7] {
    let events = |after: &str| {
        let query = "subscription($after: Cursor) { orderEvents(after: $after) { cursor } }";
        json!({ "query": query, "variables": { "after": after } })
    };
    let named =
        json!({ "query": "subscription a { getOrder { id } } query b { __typename }", "operationName": "c" });
    [
        ("a parse error", json!({ "query": "subscription { getOrder {" }), "GRAPHQL_PARSE_FAILED"),
        ("no document", json!({ "query": "" }), "BAD_USER_INPUT"),
        (
            "a validation error",
            json!({ "query": "subscription { getOrders { id } }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("an unknown operation", named, "GRAPHQL_VALIDATION_FAILED"),
        (
            "a variable of a query that is not given",
            json!({ "query": "query($id: ID!) { order(id: $id) { id } }" }),
            "BAD_USER_INPUT",
        ),
        ("an argument that is no cursor", events("yesterday"), "CURSOR_INVALID"),
        (
            "two root fields of a subscription",
            json!({ "query": "subscription { a: getOrder { id } b: getOrder { id } }" }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ]
}

#[test]
fn a_parse_validation_or_argument_error_gets_error_with_the_list_and_no_complete_after_it() {
    let server = Server::start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    for (what, request, code) in refused() {
        // The id can be used again at once, so it always is the same one.
        socket.start_operation("1", &request);
        let error = socket.next_message();
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")), "{what}: {error}");
        let errors = error["payload"].as_array().unwrap_or_else(|| panic!("{what}: no list: {error}"));
        assert!(errors.iter().all(|error| error["message"].is_string()), "{what}: {error}");
        assert_eq!(errors[0]["extensions"]["code"], code, "{what}: {error}");
        socket.expect_silence();
    }
}

#[test]
fn on_the_older_protocol_it_gets_error_with_one_object_and_no_complete_after_it() {
    let server = Server::start();
    let mut socket = RawSocket::start(server.api(), Protocol::GraphqlWs);
    for (what, request, code) in refused() {
        socket.start_operation("1", &request);
        let error = socket.next_message();
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")), "{what}: {error}");
        let payload = &error["payload"];
        assert!(payload["message"].is_string(), "{what}: {error}");
        assert_eq!(payload["message"], payload["errors"][0]["message"], "{what}: {error}");
        assert_eq!(payload["errors"][0]["extensions"]["code"], code, "{what}: {error}");
        socket.expect_silence();
    }
}

#[test]
fn a_cursor_to_resume_after_that_is_none_is_an_error_of_each_subscription() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::open(server.api(), protocol);
        socket.initialise(&json!({ "resume": "yesterday" }));
        for id in ["1", "2"] {
            socket.start_operation(id, &json!({ "query": "subscription { orderEvents { cursor } }" }));
            let error = socket.next_message();
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!(id)), "{error}");
        }
        // What needs no cursor goes on.
        socket.start_operation("1", &json!({ "query": "{ __typename }" }));
        assert_eq!(socket.next_answer("1"), json!({ "data": { "__typename": "Query" } }));
    }
}
