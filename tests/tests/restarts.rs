//! A PostgreSQL server that crashes under the writes of two nodes costs their clients a pause, and nothing else.
//!
//! `ORDERCAST_TEST_SCALE` multiplies the crashes: 10 makes it 30.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tests::{Api, Installation, OwnPostgresServer, PATIENCE, PostgresServer, Socket, Suite};

fn main() {
    Suite::new().on_postgres(clients_stay_connected_through_crashes_of_the_database_and_miss_nothing).run();
}

const CRASHES: usize = 3;
/// On each node.
const CLIENTS: usize = 5;
/// On each node.
const WRITERS: usize = 3;

/// The date of the order that ends the test.
const LAST_DAY: &str = "2030-01-01";

const FOLLOW: &str = "subscription {
    orderEvents { cursor kind order { id date state user { username email } } previousState }
}";
const PLACE: &str = "mutation($input: PlaceOrderInput!) {
    placeOrder(input: $input) { cursor order { id } errors { code } }
}";

fn clients_stay_connected_through_crashes_of_the_database_and_miss_nothing(_shared: &PostgresServer) {
    let postgres = OwnPostgresServer::start();
    let installation =
        Installation::on_postgres(postgres.server()).set("ORDERCAST_EVENTS_IN_MEMORY", "100000");
    installation.run_successfully(&["migrate"]);
    // One keeps every event in memory; followers of the other read the database, too.
    let nodes = [installation.start(), installation.clone().set("ORDERCAST_EVENTS_IN_MEMORY", "4").start()];
    nodes[0].api().create_user("caty88");
    let start = nodes[0].api().data("{ orders { cursor } }", &json!({}))["orders"]["cursor"].clone();
    let start = start.as_str().expect("a cursor");

    let told = Arc::new(AtomicUsize::new(0));
    let clients = nodes.iter().flat_map(|node| std::iter::repeat_n(node, CLIENTS)).map(|node| {
        let mut socket = Socket::try_follow(node.api(), FOLLOW, Some(start)).expect("a socket");
        let told = Arc::clone(&told);
        thread::spawn(move || follow_to_the_last_order(&mut socket, &told))
    });
    let clients: Vec<_> = clients.collect();
    let stop = Arc::new(AtomicBool::new(false));
    let writers = nodes.iter().flat_map(|node| std::iter::repeat_n(node, WRITERS)).map(|node| {
        let (api, stop) = (node.api().clone(), Arc::clone(&stop));
        thread::spawn(move || write(&api, &stop))
    });
    let writers: Vec<_> = writers.collect();

    for crash in 0..CRASHES * scale() {
        // Everyone is told something between two crashes, at another moment each time.
        wait_until_told(&told, clients.len() * (10 + crash * 7 % 30), &writers);
        postgres.crash();
    }
    wait_until_told(&told, clients.len() * 10, &writers);
    stop.store(true, Ordering::SeqCst);
    let written: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("a writer")).collect();
    nodes[0].api().place_order(&json!({ "username": "caty88", "date": LAST_DAY }));

    let records: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
    let first = &records[0];
    assert!(records.iter().all(|record| record == first), "two clients were told different events");
    assert!(replay(first) == nodes[1].api().orders(), "the events do not lead to what the table holds");
    let mut placements = BTreeMap::new();
    for event in first.iter().filter(|event| event["kind"] == "PLACED") {
        let before = placements.insert(event["order"]["id"].to_string(), &event["cursor"]);
        assert!(before.is_none(), "{event} is told twice");
    }
    let acknowledged: Vec<_> = written.iter().flat_map(|written| &written.acknowledged).collect();
    for (id, cursor) in &acknowledged {
        let told = placements.get(id).unwrap_or_else(|| panic!("{id} was acknowledged and is not told"));
        assert!(cursor.is_null() || cursor == *told, "{id} is at {told}, and its writer was told {cursor}");
    }
    let unknown: usize = written.iter().map(|written| written.unknown).sum();
    eprintln!(
        "{} crashes, {} orders acknowledged, {unknown} unknown outcomes, {} events told to each of {} clients",
        CRASHES * scale(),
        acknowledged.len(),
        first.len(),
        records.len()
    );
}

/// Waits until clients have been told so many more events.
fn wait_until_told(told: &AtomicUsize, count: usize, writers: &[JoinHandle<Written>]) {
    let (start, deadline) = (told.load(Ordering::SeqCst), Instant::now() + PATIENCE);
    while told.load(Ordering::SeqCst) < start + count {
        assert!(!writers.iter().any(JoinHandle::is_finished), "a writer failed");
        assert!(Instant::now() < deadline, "nothing is told any more");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Follows on one connection, which stays open, until the last order is told.
fn follow_to_the_last_order(socket: &mut Socket, told: &AtomicUsize) -> Vec<Value> {
    let mut record: Vec<Value> = Vec::new();
    while record.last().is_none_or(|event| event["order"]["date"] != LAST_DAY) {
        let mut answer = socket.try_next_answer().expect("the connection stays open");
        assert!(answer.get("errors").is_none(), "{answer}");
        record.push(answer["data"]["orderEvents"].take());
        told.fetch_add(1, Ordering::SeqCst);
    }
    record
}

/// What a writer was told.
#[derive(Default)]
struct Written {
    /// Ids, as JSON, and cursors.
    acknowledged: Vec<(String, Value)>,
    unknown: usize,
}

/// Places orders, and pays every other one, until it is told to stop.
fn write(api: &Api, stop: &AtomicBool) -> Written {
    let mut written = Written::default();
    while !stop.load(Ordering::SeqCst) {
        let answer = api.graphql(PLACE, &json!({ "input": { "username": "caty88", "date": "2026-05-01" } }));
        let payload = &answer["data"]["placeOrder"];
        if payload.is_null() {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
            written.unknown += 1;
            continue;
        }
        let id = &payload["order"]["id"];
        written.acknowledged.push((id.to_string(), payload["cursor"].clone()));
        if written.acknowledged.len().is_multiple_of(2) {
            let paid = api.graphql(Api::PAY_ORDER, &json!({ "input": { "id": id } }));
            written.unknown += usize::from(paid["data"]["payOrder"].is_null());
        }
    }
    written
}

/// What the events lead to, as `getOrders` shows it.
fn replay(events: &[Value]) -> Vec<Value> {
    let mut orders: BTreeMap<u64, Value> = BTreeMap::new();
    for event in events {
        let order = &event["order"];
        let id = order["id"].as_str().and_then(|id| id.strip_prefix("Order:")?.parse().ok()).expect("an id");
        let before = orders.insert(id, order.clone());
        assert_eq!(before.is_none(), event["kind"] == "PLACED", "{event} after {before:?}");
    }
    orders.into_values().collect()
}

fn scale() -> usize {
    std::env::var("ORDERCAST_TEST_SCALE").map_or(1, |scale| scale.parse().expect("a number"))
}
