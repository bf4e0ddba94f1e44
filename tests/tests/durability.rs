//! An order that was acknowledged stays, whatever becomes of the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    sync::mpsc::{Sender, channel},
    thread,
};

use serde_json::{Value, json};
use tests::{Api, PATIENCE, Server, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(acknowledged_orders_survive_kills_of_the_server)
        .on_each_store(orders_survive_a_stop_of_the_server)
        .run();
}

const CYCLES: usize = 5;
const CLIENTS: usize = 4;

/// What became of requests, by their idempotency keys: the id of an order that was acknowledged.
type Attempts = BTreeMap<String, Option<String>>;

fn acknowledged_orders_survive_kills_of_the_server(store: &Store) {
    let installation = store.install();
    let mut server = installation.start();
    server.api().create_user("caty88");
    let mut placed = BTreeSet::new();
    for cycle in 0..CYCLES {
        let kill_after = random_below(60);
        let attempts = place_orders_until_killed(&mut server, cycle, kill_after);
        server = installation.start();

        let found = order_ids(server.api());
        let is_lost = |id: &String| !found.contains(id);
        let acknowledged: BTreeSet<_> = attempts.values().flatten().cloned().collect();
        let lost: Vec<_> = placed.union(&acknowledged).filter(|id| is_lost(id)).collect();
        assert!(lost.is_empty(), "lost when killed after {kill_after} orders in cycle {cycle}: {lost:?}");

        // A client cannot know what became of a request without an answer, and sends it again.
        for (key, acknowledged) in attempts {
            let id = server.api().place_order(&order(&key));
            assert!(acknowledged.is_none_or(|first| first == id), "`{key}` placed a second order, {id}");
            assert!(placed.insert(id.clone()), "`{key}` returned another key's order, {id}");
        }
        assert_eq!(order_ids(server.api()), placed, "one order for each key, and no other");
    }
}

fn orders_survive_a_stop_of_the_server(store: &Store) {
    let installation = store.install();
    let server = installation.start();
    server.api().create_user("caty88");
    server.api().place_order(&order("first"));
    let id = server.api().place_order(&order("second"));
    server.api().pay_order(&id);
    let before = server.api().orders();
    assert!(server.terminate().success());
    assert_eq!(installation.start().api().orders(), before);
}

/// Places orders from several clients at once, and kills the server once so many were acknowledged.
fn place_orders_until_killed(server: &mut Server, cycle: usize, kill_after: usize) -> Attempts {
    let (acknowledged, acknowledgements) = channel();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (api, acknowledged) = (server.api().clone(), acknowledged.clone());
            thread::spawn(move || place_orders(&api, &format!("{cycle}-{client}"), &acknowledged))
        })
        .collect();
    for _ in 0..=kill_after {
        acknowledgements.recv_timeout(PATIENCE).expect("an order is acknowledged in time");
    }
    server.kill();
    clients.into_iter().flat_map(|client| client.join().expect("a client that saw orders placed")).collect()
}

/// Places one order after the other until the server is gone.
fn place_orders(api: &Api, keys: &str, acknowledged: &Sender<()>) -> Attempts {
    let mut attempts = Attempts::new();
    loop {
        let key = format!("{keys}-{}", attempts.len());
        let Ok(answer) = api.try_graphql(Api::PLACE_ORDER, &json!({ "input": order(&key) })) else {
            attempts.insert(key, None);
            return attempts;
        };
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let id = answer["data"]["placeOrder"]["order"]["id"].as_str();
        let id = id.unwrap_or_else(|| panic!("an order was expected: {answer}"));
        attempts.insert(key, Some(id.to_owned()));
        // Nobody listens once the server is killed.
        let _ = acknowledged.send(());
    }
}

fn order(key: &str) -> Value {
    json!({ "username": "caty88", "date": "2026-05-01", "idempotencyKey": key })
}

fn order_ids(api: &Api) -> BTreeSet<String> {
    let id = |order: &Value| order["id"].as_str().expect("an id").to_owned();
    api.orders().iter().map(id).collect()
}

fn random_below(limit: usize) -> usize {
    let random = RandomState::new().hash_one(());
    usize::try_from(random % u64::try_from(limit).expect("a small number")).expect("a small number")
}
