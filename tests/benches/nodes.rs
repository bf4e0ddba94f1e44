//! How long it takes from a write on one of two nodes to the clients of each. Prints percentiles:
//!
//!     tests/setup/postgres.sh cargo bench -p tests --bench nodes

use std::{
    collections::HashMap,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tests::{Api, Installation, PostgresServer, Socket};

/// On each node, one after another.
const WRITES: usize = 200;
const FOLLOW: &str = "subscription { orderEvents { order { id } } }";

/// When the writer sent an order, and when it was acknowledged.
type Written = HashMap<String, (Instant, Instant)>;

fn main() {
    let Some(postgres) = PostgresServer::from_environment() else {
        print(&format!("nothing is measured: {} is not set", PostgresServer::VARIABLE));
        return;
    };
    let installation = Installation::on_postgres(&postgres);
    installation.run_successfully(&["migrate"]);
    let nodes = [installation.start(), installation.start()];
    nodes[0].api().create_user("caty88");
    let followers = nodes.each_ref().map(|node| {
        let cursor = node.api().data("{ orders { cursor } }", &json!({}))["orders"]["cursor"].clone();
        let mut socket = Socket::try_follow(node.api(), FOLLOW, cursor.as_str()).expect("a socket");
        thread::spawn(move || (0..2 * WRITES).map(|_| next(&mut socket)).collect::<Vec<_>>())
    });
    let writers = nodes.each_ref().map(|node| {
        let api = node.api().clone();
        thread::spawn(move || (0..WRITES).map(|_| write(&api)).collect::<Written>())
    });
    let written = writers.map(|writer| writer.join().expect("a writer"));
    let told = followers.map(|follower| follower.join().expect("a follower"));

    print(&format!("two nodes, {WRITES} orders each, placed on both at once"));
    // A commit lies between what was sent and what was acknowledged.
    for (name, other) in [("the same node's", 0), ("the other node's", 1)] {
        let waits = |since: fn(&(Instant, Instant)) -> Instant| {
            let waits = written.iter().enumerate().flat_map(|(node, written)| {
                let told = told[(node + other) % 2].iter();
                told.filter_map(move |(id, at)| Some(at.saturating_duration_since(since(written.get(id)?))))
            });
            waits.collect::<Vec<_>>()
        };
        print(&format!("from the request to {name} client: {}", percentiles(waits(|written| written.0))));
        print(&format!("from the answer to {name} client: {}", percentiles(waits(|written| written.1))));
    }
}

fn write(api: &Api) -> (String, (Instant, Instant)) {
    let sent = Instant::now();
    let id = api.place_order(&json!({ "username": "caty88" }));
    (id, (sent, Instant::now()))
}

fn next(socket: &mut Socket) -> (String, Instant) {
    let answer: Value = socket.try_next_answer().expect("an event");
    let id = answer["data"]["orderEvents"]["order"]["id"].as_str().expect("an id");
    (id.to_owned(), Instant::now())
}

fn percentiles(mut waits: Vec<Duration>) -> String {
    waits.sort_unstable();
    let at =
        |percent: usize| 1000.0 * waits[(waits.len() * percent / 100).min(waits.len() - 1)].as_secs_f64();
    format!("p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms", at(50), at(99), at(100))
}

#[expect(clippy::print_stdout, reason = "what this program is for")]
fn print(line: &str) {
    println!("{line}");
}
