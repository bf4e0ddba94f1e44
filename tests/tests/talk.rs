//! The talk's documents are answered word for word, over HTTP and to the clients of its time and of today.

use serde_json::{Value, json};
use tests::{Api, Followers, GET_LAST_ORDER, Installation, PostgresServer, Protocol, Server, Socket, Suite};

fn main() {
    Suite::new()
        .everywhere(the_first_start_lists_the_orders_of_the_talk)
        .everywhere(the_first_start_tells_the_newest_order_of_the_talk)
        .with_node(the_npm_clients_get_the_answer_of_the_talk)
        .on_postgres(the_same_orders_on_postgres_are_listed_in_the_same_words)
        .on_postgres_with_node(the_npm_clients_get_the_same_answer_from_postgres)
        .run();
}

const GET_ORDERS: &str = "{ getOrders { date state user { username email } } }";

/// With its fields in the order of the talk's subscription.
const NEWEST: &str =
    r#"{"getOrder":{"state":"PAID","date":"2026-04-12","user":{"username":"caty88","email":"caty@dev.io"}}}"#;

/// With its fields in the order of [`GET_ORDERS`].
const LISTED: &str =
    r#"{"date":"2026-04-12","state":"PAID","user":{"username":"caty88","email":"caty@dev.io"}}"#;

fn the_first_start_lists_the_orders_of_the_talk() {
    let server = Server::start();
    let answer = server.api().try_graphql(GET_ORDERS, &json!({})).expect("an answer");
    assert!(answer.starts_with(r#"{"data":{"getOrders":[{"#), "{answer}");
    assert!(answer.ends_with(&format!("{LISTED}]}}}}")), "the newest is last: {answer}");
}

fn the_first_start_tells_the_newest_order_of_the_talk() {
    let server = Server::start();
    for protocol in Protocol::ALL {
        let told = Socket::follow(server.api(), protocol, GET_LAST_ORDER).next_answer();
        let expected: Value = serde_json::from_str(NEWEST).expect("JSON");
        assert_eq!(told["data"], expected, "over {}: {told}", protocol.name());
        assert_eq!(told.get("errors"), None, "over {}", protocol.name());
    }
}

fn the_npm_clients_get_the_answer_of_the_talk() {
    tell_the_newest_order_of_the_talk(Server::start().api());
}

fn the_same_orders_on_postgres_are_listed_in_the_same_words(postgres: &PostgresServer) {
    let server = server_with_the_order_of_the_talk(postgres);
    let answer = server.api().try_graphql(GET_ORDERS, &json!({})).expect("an answer");
    assert_eq!(answer, format!(r#"{{"data":{{"getOrders":[{LISTED}]}}}}"#));
}

fn the_npm_clients_get_the_same_answer_from_postgres(postgres: &PostgresServer) {
    tell_the_newest_order_of_the_talk(server_with_the_order_of_the_talk(postgres).api());
}

fn tell_the_newest_order_of_the_talk(api: &Api) {
    for protocol in Protocol::ALL {
        let answers = Followers::start(api, protocol, 1, GET_LAST_ORDER, "getLastOrder").wait_for_answers(1);
        assert_eq!(answers, [[format!(r#"{{"data":{NEWEST}}}"#)]], "over {}", protocol.name());
    }
}

fn server_with_the_order_of_the_talk(postgres: &PostgresServer) -> Server {
    let installation = Installation::on_postgres(postgres);
    installation.run_successfully(&["migrate"]);
    let server = installation.start();
    assert_eq!(server.api().orders(), Vec::<Value>::new(), "no sample data here");
    let user = json!({ "username": "caty88", "email": "caty@dev.io" });
    assert_eq!(server.api().mutate(Api::CREATE_USER, &user)["errors"], json!([]));
    server.api().place_order(&json!({ "username": "caty88", "date": "2026-04-12", "state": "PAID" }));
    server
}
