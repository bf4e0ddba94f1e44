//! Operations of one socket: told, ended, stopped, and limited.

use serde_json::{Value, json};
use tests::{Protocol, RawSocket, Server};

use crate::support::{EVENTS, event, place, request, server_with, without_extensions};

#[test]
fn an_id_that_is_in_use_closes_with_4409() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("mine", &request(EVENTS));
        socket.start_operation("mine", &request("{ __typename }"));
        assert_eq!(socket.expect_close(4409), "Subscriber for mine already exists");
    }
}

#[test]
fn the_same_id_on_another_socket_is_not_in_use() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut sockets = [0; 2].map(|_| RawSocket::start(server.api(), protocol));
        for socket in &mut sockets {
            socket.start_operation("1", &request("subscription { getOrder { date } }"));
            socket.next_answer("1");
        }
    }
}

#[test]
fn more_operations_than_the_limit_get_an_error_with_limit_exceeded_for_that_id() {
    let server = server_with("ORDERCAST_SOCKET_OPERATIONS", "2");
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("1", &request(EVENTS));
        socket.start_operation("2", &request(EVENTS));
        socket.start_operation("3", &request(EVENTS));
        let error = socket.next_message();
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("3")), "{error}");
        let errors =
            if protocol == Protocol::GraphqlWs { &error["payload"]["errors"] } else { &error["payload"] };
        assert_eq!(errors[0]["extensions"]["code"], "LIMIT_EXCEEDED", "{error}");
        let message = errors[0]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("2 operations") && message.contains("ORDERCAST_SOCKET_OPERATIONS"),
            "{message}"
        );

        // The others go on, the id is free, and one that ends makes room.
        socket.stop_operation("2");
        socket.start_operation("3", &request("{ __typename }"));
        assert_eq!(socket.next_answer("3"), json!({ "data": { "__typename": "Query" } }));
        socket.expect(&json!({ "id": "3", "type": "complete" }));
        let date = if protocol == Protocol::GraphqlWs { "2026-05-01" } else { "2026-05-02" };
        place(&server, date);
        assert_eq!(without_extensions(socket.next_answer("1")), event(date));
    }
}

#[test]
fn a_query_gets_one_answer_then_complete() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        // Its id can be used again at once.
        for _ in 0..3 {
            socket.start_operation("1", &request("{ getOrders { date } }"));
            let answer = socket.next_answer("1");
            assert_eq!(answer["data"]["getOrders"].as_array().map(Vec::len), Some(2), "{answer}");
            socket.expect(&json!({ "id": "1", "type": "complete" }));
        }
        socket.expect_silence();
    }
}

#[test]
fn a_mutation_gets_one_answer_then_complete_and_is_done_once() {
    let server = Server::start();
    let before = server.api().orders().len();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        let input = json!({ "username": "caty88", "date": "2026-05-01" });
        let query =
            "mutation place($input: PlaceOrderInput!) { placeOrder(input: $input) { order { date state } } }";
        socket.start_operation(
            "1",
            &json!({ "query": query, "variables": { "input": input }, "operationName": "place" }),
        );
        let order = json!({ "date": "2026-05-01", "state": "UNPAID" });
        assert_eq!(socket.next_answer("1"), json!({ "data": { "placeOrder": { "order": order } } }));
        socket.expect(&json!({ "id": "1", "type": "complete" }));
        socket.expect_silence();
    }
    assert_eq!(server.api().orders().len(), before + Protocol::ALL.len());
}

#[test]
fn an_answer_with_errors_in_its_fields_is_an_answer() {
    let server = server_with("ORDERCAST_LIST_LIMIT", "0");
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("1", &request("{ getOrders { date } }"));
        let answer = socket.next_answer("1");
        assert_eq!(answer["data"], Value::Null, "{answer}");
        assert_eq!(answer["errors"][0]["path"], json!(["getOrders"]), "{answer}");
        socket.expect(&json!({ "id": "1", "type": "complete" }));
    }
}

#[test]
fn complete_from_the_client_stops_that_operation_at_once_without_an_echo() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        for id in ["stopped", "kept"] {
            socket.start_operation(id, &request("subscription { getOrder { date } }"));
            socket.next_answer(id);
        }
        socket.stop_operation("stopped");
        socket.expect_silence();
        let date = if protocol == Protocol::GraphqlWs { "2026-05-01" } else { "2026-05-02" };
        place(&server, date);
        assert_eq!(socket.next_answer("kept")["data"], json!({ "getOrder": { "date": date } }));
        socket.expect_silence();
    }
}

#[test]
fn the_id_of_an_operation_that_was_stopped_can_be_used_again_at_once() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        for _ in 0..20 {
            // Nothing is read in between, so that the first is stopped wherever it is.
            socket.start_operation("1", &request("subscription { orderEvents { kind } }"));
            socket.stop_operation("1");
        }
        socket.start_operation("1", &request(EVENTS));
        socket.expect_silence();
        let date = if protocol == Protocol::GraphqlWs { "2026-05-01" } else { "2026-05-02" };
        place(&server, date);
        assert_eq!(without_extensions(socket.next_answer("1")), event(date));
        socket.expect_silence();
    }
}

#[test]
fn complete_of_what_is_not_there_is_passed_over() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.stop_operation("never");
        // Before the acknowledgement too, as a client that changed its mind sends it.
        let mut early = RawSocket::open(server.api(), protocol);
        early.stop_operation("never");
        early.initialise(&json!({}));
        socket.expect_silence();
        early.expect_silence();
    }
}

#[test]
fn any_text_is_an_id_and_comes_back_as_it_was() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        let long = "ä".repeat(512);
        for id in [" ", "\"}", "\\", "\u{0}\u{7}\n", "日本", "🦀", "null", long.as_str()] {
            socket.start_operation(id, &request("{ __typename }"));
            assert_eq!(socket.next_answer(id), json!({ "data": { "__typename": "Query" } }));
            socket.expect(&json!({ "id": id, "type": "complete" }));
        }
    }
}

#[test]
fn operations_of_one_socket_are_told_side_by_side() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        let ids: Vec<String> = (0..100).map(|number| format!("operation {number}")).collect();
        for id in &ids {
            socket.start_operation(id, &request(EVENTS));
        }
        // Each was started when the server answers what was asked behind it.
        socket.start_operation("none left", &request("{ __typename }"));
        assert_eq!(socket.next_message()["type"], "error", "the limit is 100 by default");
        let date = if protocol == Protocol::GraphqlWs { "2026-05-01" } else { "2026-05-02" };
        place(&server, date);
        let mut told: Vec<String> = ids
            .iter()
            .map(|_| {
                let mut message = socket.next_message();
                assert_eq!(without_extensions(message["payload"].take()), event(date), "{message}");
                message["id"].as_str().expect("an id").to_owned()
            })
            .collect();
        told.sort_unstable();
        let mut expected = ids.clone();
        expected.sort_unstable();
        assert_eq!(told, expected);
    }
}
