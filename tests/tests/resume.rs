//! Clients that resume by cursor miss nothing and are told nothing twice, whatever becomes of the server.
//!
//! `ORDERCAST_TEST_SCALE` multiplies the kills and, up to 50, the clients: 20 makes it 100 kills with 50 clients.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use serde_json::{Value, json};
use tests::{Api, PATIENCE, Server, Socket, Store, Suite};

fn main() {
    Suite::new().on_each_store(resuming_clients_miss_nothing_across_kills_of_the_server).run();
}

const KILLS: usize = 5;
const CLIENTS: usize = 10;
const WRITERS: usize = 3;

const DOCUMENT: &str = "subscription {
    orderEvents { cursor kind order { id date state user { username email } } previousState }
}";

fn resuming_clients_miss_nothing_across_kills_of_the_server(store: &Store) {
    let installation = store.install();
    let mut server = installation.start();
    server.api().create_user("caty88");
    let start = server.api().data("{ orders { cursor } }", &json!({}))["orders"]["cursor"].clone();
    let start = start.as_str().expect("a cursor").to_owned();
    let current = Arc::new(Current::default());
    current.set(Some(server.api().clone()));

    let clients: Vec<_> = (0..(CLIENTS * scale()).min(50))
        .map(|_| {
            let (current, start) = (Arc::clone(&current), start.clone());
            thread::spawn(move || follow_to_the_last_order(&current, start))
        })
        .collect();
    for kill in 0..KILLS * scale() {
        write_until_killed(&mut server, 5 + kill * 7 % 40);
        current.set(None);
        server = installation.start();
        current.set(Some(server.api().clone()));
    }
    server.api().place_order(&json!({ "username": "caty88", "date": LAST_DAY }));
    let orders = server.api().orders();

    let (count, clients) = (clients.len(), clients.into_iter());
    let mut records = clients.map(|client| client.join().expect("a client that saw the last order"));
    let first = records.next().expect("a client");
    let mut cursors: Vec<_> = first.iter().map(|event| event["cursor"].to_string()).collect();
    assert!(replay(&first) == orders, "the events do not lead to what the table holds");
    for record in records {
        assert!(record == first, "two clients were told different events");
    }
    cursors.sort_unstable();
    cursors.dedup();
    assert_eq!(cursors.len(), first.len(), "an event was told twice");
    eprintln!("{} kills, {count} clients, {} events each", KILLS * scale(), first.len());
}

/// The date of the order that ends the test.
const LAST_DAY: &str = "2030-01-01";

/// Where the server is, while it runs.
#[derive(Default)]
struct Current(Mutex<Option<Api>>, Condvar);

impl Current {
    fn set(&self, api: Option<Api>) {
        *self.0.lock().expect("no panic holds the lock") = api;
        self.1.notify_all();
    }

    fn wait(&self) -> Api {
        let api = self.0.lock().expect("no panic holds the lock");
        let (api, timeout) =
            self.1.wait_timeout_while(api, PATIENCE, |api| api.is_none()).expect("no panic holds the lock");
        assert!(!timeout.timed_out(), "the server did not come back");
        api.clone().expect("the server runs")
    }
}

/// Follows, and comes back after each loss of the connection, until the last order is told.
fn follow_to_the_last_order(current: &Current, mut cursor: String) -> Vec<Value> {
    let mut record = Vec::new();
    loop {
        let Some(mut socket) = Socket::try_follow(&current.wait(), DOCUMENT, Some(&cursor)) else {
            thread::yield_now();
            continue;
        };
        while let Some(mut answer) = socket.try_next_answer() {
            let event = answer["data"]["orderEvents"].take();
            assert_eq!(event["cursor"], answer["extensions"]["cursor"], "{answer}");
            event["cursor"].as_str().expect("an event with a cursor").clone_into(&mut cursor);
            let is_last = event["order"]["date"] == LAST_DAY;
            record.push(event);
            if is_last {
                return record;
            }
        }
    }
}

/// Has writers place, pay and cancel orders, and kills the server once so many were placed.
fn write_until_killed(server: &mut Server, kill_after: usize) {
    let (placed, placings) = std::sync::mpsc::channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (api, placed) = (server.api().clone(), placed.clone());
            thread::spawn(move || {
                for number in writer.. {
                    let input = json!({ "input": { "username": "caty88", "date": "2026-05-01" } });
                    let Ok(answer) = api.try_graphql(Api::PLACE_ORDER, &input) else { return };
                    let answer: Value = serde_json::from_str(&answer).expect("JSON");
                    let change = if number % 3 == 0 { "cancelOrder" } else { "payOrder" };
                    let change = format!(
                        "mutation($id: ID!) {{ {change}(input: {{ id: $id }}) {{ errors {{ code }} }} }}"
                    );
                    let id = json!({ "id": answer["data"]["placeOrder"]["order"]["id"] });
                    if api.try_graphql(&change, &id).is_err() {
                        return;
                    }
                    // Nobody counts any more once the server is killed.
                    let _ = placed.send(());
                }
            })
        })
        .collect();
    for _ in 0..kill_after {
        placings.recv_timeout(PATIENCE).expect("an order is placed in time");
    }
    server.kill();
    for writer in writers {
        writer.join().expect("a writer that stops when the server does");
    }
}

/// What the events lead to, as `getOrders` shows it.
fn replay(events: &[Value]) -> Vec<Value> {
    let mut orders: BTreeMap<u64, Value> = BTreeMap::new();
    for event in events {
        let order = &event["order"];
        let id = order["id"].as_str().and_then(|id| id.strip_prefix("Order:")?.parse().ok()).expect("an id");
        let before = match event["kind"].as_str().expect("a kind") {
            "DELETED" => orders.remove(&id),
            _ => orders.insert(id, order.clone()),
        };
        assert_eq!(before.is_none(), event["kind"] == "PLACED", "{event} after {before:?}");
    }
    orders.into_values().collect()
}

fn scale() -> usize {
    std::env::var("ORDERCAST_TEST_SCALE").map_or(1, |scale| scale.parse().expect("a number"))
}
