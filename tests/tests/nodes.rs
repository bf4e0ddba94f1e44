//! Many nodes on one database tell the same events in the same order.

use std::thread;

use serde_json::{Value, json};
use tests::{Api, Installation, PostgresServer, Server, Socket, Suite};

fn main() {
    Suite::new()
        .on_postgres(two_nodes_tell_both_nodes_changes_in_the_same_order)
        .on_postgres(a_client_moves_to_another_node_and_misses_nothing)
        .on_postgres(the_newest_order_of_one_node_is_seen_on_the_other)
        .run();
}

const WRITES: usize = 200;
const DOCUMENT: &str = "subscription { orderEvents { cursor kind order { id } } }";

fn two_nodes(server: &PostgresServer) -> [Server; 2] {
    let installation = Installation::on_postgres(server);
    installation.run_successfully(&["migrate"]);
    [installation.start(), installation.start()]
}

fn two_nodes_tell_both_nodes_changes_in_the_same_order(server: &PostgresServer) {
    let nodes = two_nodes(server);
    nodes[0].api().create_user("caty88");
    let followers = nodes.each_ref().map(|node| {
        let mut socket =
            Socket::try_follow(node.api(), DOCUMENT, Some(&cursor_of(node.api()))).expect("a socket");
        thread::spawn(move || (0..WRITES * 2).map(|_| next_event(&mut socket)).collect::<Vec<_>>())
    });
    let writers = nodes.each_ref().map(|node| {
        let api = node.api().clone();
        thread::spawn(move || (0..WRITES).map(|_| place_order(&api)).collect::<Vec<_>>())
    });

    let mut written: Vec<_> =
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect();
    let [first, second] =
        followers.map(|follower| follower.join().expect("a follower that is told everything"));
    assert!(first == second, "the nodes told different events, or in different orders");
    let mut told: Vec<_> = first.iter().map(|event| event["cursor"].to_string()).collect();
    written.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, written, "each write is told once, at the position that its payload named");
}

fn a_client_moves_to_another_node_and_misses_nothing(server: &PostgresServer) {
    let nodes = two_nodes(server);
    nodes[0].api().create_user("caty88");
    let start = cursor_of(nodes[1].api());
    let written: Vec<_> = (0..20).map(|number| place_order(nodes[number % 2].api())).collect();
    let (mut cursor, mut told) = (start, Vec::new());
    for node in nodes.iter().cycle().take(4) {
        let mut socket = Socket::try_follow(node.api(), DOCUMENT, Some(&cursor)).expect("a socket");
        for _ in 0..5 {
            let event = next_event(&mut socket);
            event["cursor"].as_str().expect("a cursor").clone_into(&mut cursor);
            told.push(event["cursor"].to_string());
        }
    }
    assert_eq!(told, written);
}

fn the_newest_order_of_one_node_is_seen_on_the_other(server: &PostgresServer) {
    let nodes = two_nodes(server);
    nodes[0].api().create_user("caty88");
    let document = "subscription { getOrder { id state } }";
    let mut socket = Socket::try_follow(nodes[1].api(), document, None).expect("a socket");
    let mut next = || socket.try_next_answer().expect("an answer")["data"]["getOrder"].take();
    assert_eq!(next(), Value::Null);
    let id = nodes[0].api().place_order(&json!({ "username": "caty88" }));
    assert_eq!(next(), json!({ "id": id, "state": "UNPAID" }));
    nodes[0].api().pay_order(&id);
    assert_eq!(next(), json!({ "id": id, "state": "PAID" }));
}

fn cursor_of(api: &Api) -> String {
    let cursor = &api.data("{ orders { cursor } }", &json!({}))["orders"]["cursor"];
    cursor.as_str().expect("a cursor").to_owned()
}

/// Places an order, and returns the position that the payload names.
fn place_order(api: &Api) -> String {
    let document =
        "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { cursor errors { code } } }";
    let payload = &api.data(document, &json!({ "input": { "username": "caty88" } }))["placeOrder"];
    assert_eq!(payload["errors"], json!([]));
    payload["cursor"].to_string()
}

fn next_event(socket: &mut Socket) -> Value {
    socket.try_next_answer().expect("an event")["data"]["orderEvents"].take()
}
