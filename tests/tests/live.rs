//! Everyone who follows the newest order is told of every change, once and in order.

use serde_json::{Value, json};
use tests::{Api, Followers, GET_LAST_ORDER, Protocol, Server, Socket, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(twenty_sockets_are_told_of_an_order_that_is_placed_and_paid)
        .on_each_store_with_node(twenty_npm_clients_are_told_of_an_order_that_is_placed_and_paid)
        .on_each_store(following_starts_with_null_while_there_is_no_order)
        .on_each_store(whoever_follows_after_all_others_left_is_told_too)
        .on_each_store(a_cancelled_order_makes_the_one_before_it_the_newest)
        .on_each_store(a_change_of_an_older_order_is_not_told)
        .run();
}

const SOCKETS: usize = 20;

fn twenty_sockets_are_told_of_an_order_that_is_placed_and_paid(store: &Store) {
    let server = server_with_an_order(store);
    let api = server.api();
    let follow = |protocol| (0..SOCKETS).map(move |_| Socket::follow(api, protocol, GET_LAST_ORDER));
    let mut sockets: Vec<_> = Protocol::ALL.into_iter().flat_map(follow).collect();
    let mut all_are_told = |order: &Value| {
        for socket in &mut sockets {
            assert_eq!(socket.next_answer()["data"]["getOrder"], *order);
        }
    };

    all_are_told(&order("2026-04-12", "PAID"));
    let id = place(api, "2026-05-01");
    all_are_told(&order("2026-05-01", "UNPAID"));
    api.pay_order(&id);
    all_are_told(&order("2026-05-01", "PAID"));
    // What comes next shows that nothing came twice.
    place(api, "2026-05-02");
    all_are_told(&order("2026-05-02", "UNPAID"));
}

fn twenty_npm_clients_are_told_of_an_order_that_is_placed_and_paid(store: &Store) {
    let server = server_with_an_order(store);
    let api = server.api();
    let followers = Protocol::ALL
        .map(|protocol| Followers::start(api, protocol, SOCKETS, GET_LAST_ORDER, "getLastOrder"));
    let mut expected = Vec::new();
    let mut all_are_told = |date: &str, state: &str| {
        expected.push(format!(
            r#"{{"data":{{"getOrder":{{"state":"{state}","date":"{date}","user":{{"username":"caty88","email":"caty88@dev.io"}}}}}}}}"#
        ));
        for clients in &followers {
            for answers in clients.wait_for_answers(expected.len()) {
                assert_eq!(answers, expected);
            }
        }
    };

    all_are_told("2026-04-12", "PAID");
    let id = place(api, "2026-05-01");
    all_are_told("2026-05-01", "UNPAID");
    api.pay_order(&id);
    all_are_told("2026-05-01", "PAID");
    // What comes next shows that nothing came twice.
    place(api, "2026-05-02");
    all_are_told("2026-05-02", "UNPAID");
}

fn following_starts_with_null_while_there_is_no_order(store: &Store) {
    let server = store.install().start();
    server.api().create_user("caty88");
    let mut socket = Socket::follow(server.api(), Protocol::GraphqlTransportWs, GET_LAST_ORDER);
    assert_eq!(socket.next_answer()["data"], json!({ "getOrder": null }));
    place(server.api(), "2026-05-01");
    assert_eq!(socket.next_answer()["data"]["getOrder"], order("2026-05-01", "UNPAID"));
}

fn whoever_follows_after_all_others_left_is_told_too(store: &Store) {
    let server = server_with_an_order(store);
    for protocol in [Protocol::ALL; 5].concat() {
        let answer = Socket::follow(server.api(), protocol, GET_LAST_ORDER).next_answer();
        assert_eq!(answer["data"]["getOrder"], order("2026-04-12", "PAID"), "{answer}");
    }
}

fn a_cancelled_order_makes_the_one_before_it_the_newest(store: &Store) {
    let server = server_with_an_order(store);
    let id = place(server.api(), "2026-05-01");
    let mut socket = Socket::follow(server.api(), Protocol::GraphqlTransportWs, GET_LAST_ORDER);
    assert_eq!(socket.next_answer()["data"]["getOrder"], order("2026-05-01", "UNPAID"));
    let payload = server.api().mutate(Api::CANCEL_ORDER, &json!({ "id": id }));
    assert_eq!(payload, json!({ "order": { "id": id, "state": "UNPAID" }, "errors": [] }));
    assert_eq!(socket.next_answer()["data"]["getOrder"], order("2026-04-12", "PAID"));
}

fn a_change_of_an_older_order_is_not_told(store: &Store) {
    let server = server_with_an_order(store);
    let older = place(server.api(), "2026-05-01");
    let newest = place(server.api(), "2026-05-02");
    let mut socket = Socket::follow(server.api(), Protocol::GraphqlWs, GET_LAST_ORDER);
    assert_eq!(socket.next_answer()["data"]["getOrder"], order("2026-05-02", "UNPAID"));
    server.api().pay_order(&older);
    server.api().pay_order(&newest);
    assert_eq!(socket.next_answer()["data"]["getOrder"], order("2026-05-02", "PAID"));
}

/// A server with one user, who has one paid order.
fn server_with_an_order(store: &Store) -> Server {
    let server = store.install().start();
    server.api().create_user("caty88");
    server.api().place_order(&json!({ "username": "caty88", "date": "2026-04-12", "state": "PAID" }));
    server
}

fn place(api: &Api, date: &str) -> String {
    api.place_order(&json!({ "username": "caty88", "date": date }))
}

/// An order as the talk's subscription selects it.
fn order(date: &str, state: &str) -> Value {
    let user = json!({ "username": "caty88", "email": "caty88@dev.io" });
    json!({ "date": date, "state": state, "user": user })
}
