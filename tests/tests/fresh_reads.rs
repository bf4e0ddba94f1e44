//! No query is answered with what was so before it was asked, whoever changed it, though equal queries share their answers.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::{self, ScopedJoinHandle},
};

use serde_json::{Value, json};
use tests::{Api, Installation, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(readers_see_what_was_committed_before_they_asked)
        .on_each_store(a_client_reads_its_own_write_at_once)
        .on_each_store(what_another_program_commits_is_read_at_once)
        .run();
}

const READERS: usize = 6;
const ORDERS_BY_A_NODE: usize = 60;
const ORDERS_BY_SQL: usize = 30;

const LIST: &str = "{ getOrders { id user { email } } }";

/// How many times something was done: `begun` counts one before it is done, `ended` once it is known to be.
#[derive(Default)]
struct Count {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Count {
    fn once(&self, work: impl FnOnce()) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        work();
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// What a read sees must be between those that ended before it and those that had begun when it was over.
    fn assert_seen<T>(&self, what: &str, read: impl FnOnce() -> T, seen: impl FnOnce(&T) -> usize) {
        let least = self.ended.load(Ordering::SeqCst);
        let read = read();
        let most = self.begun.load(Ordering::SeqCst);
        let seen = seen(&read);
        assert!((least..=most).contains(&seen), "{what}: read {seen}, not {least} to {most}");
    }
}

/// Two nodes place orders, and another program places orders and changes an address, which is no event of the log.
fn readers_see_what_was_committed_before_they_asked(store: &Store) {
    let installation = store.install();
    let (node, other_node) = (installation.start(), installation.start());
    node.api().create_user("joe");
    installation.execute("UPDATE users SET email = '0@dev.io'");
    let (orders, addresses, is_over) = (Count::default(), Count::default(), AtomicBool::new(false));
    let place = |api: &Api| {
        for _ in 0..ORDERS_BY_A_NODE {
            orders.once(|| drop(api.place_order(&json!({ "username": "joe" }))));
        }
    };
    thread::scope(|scope| {
        let writers = [
            scope.spawn(|| place(node.api())),
            scope.spawn(|| place(other_node.api())),
            scope.spawn(|| {
                for number in 1..=ORDERS_BY_SQL {
                    orders.once(|| place_by_sql(&installation));
                    let change = format!("UPDATE users SET email = '{number}@dev.io'");
                    addresses.once(|| installation.execute(&change));
                }
            }),
        ];
        for reader in 0..READERS {
            let api = [node.api(), other_node.api()][reader % 2];
            let (orders, addresses, is_over) = (&orders, &addresses, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let read = || api.data(LIST, &json!({}));
                    orders.assert_seen("orders", read, |data| list(data).len());
                    let read = || api.data("{ user(username: \"joe\") { email } }", &json!({}));
                    addresses.assert_seen("the address", read, |data| number_in(&data["user"]["email"]));
                }
            });
        }
        let outcomes = writers.map(ScopedJoinHandle::join);
        is_over.store(true, Ordering::SeqCst);
        assert!(outcomes.iter().all(Result::is_ok), "every writer writes");
    });
    assert_eq!(node.api().orders().len(), 2 * ORDERS_BY_A_NODE + ORDERS_BY_SQL);
}

fn a_client_reads_its_own_write_at_once(store: &Store) {
    let server = store.install().start();
    let api = server.api();
    for number in 0..20 {
        let username = format!("user{number}");
        let user = |data: &Value| data["user"]["username"].as_str().map(str::to_owned);
        let find =
            || {
                user(&api.data(
                    "query($u: String!) { user(username: $u) { username } }",
                    &json!({ "u": username }),
                ))
            };
        assert_eq!(find(), None);
        api.create_user(&username);
        assert_eq!(find().as_deref(), Some(&*username));
        let id = api.place_order(&json!({ "username": username }));
        let state = || {
            let orders = api.orders();
            let order = orders.iter().find(|order| order["id"] == *id).expect("the order is listed");
            order["state"].clone()
        };
        assert_eq!(state(), "UNPAID");
        api.pay_order(&id);
        assert_eq!(state(), "PAID");
        // A list's cursor is that of what it shows: whoever follows it is not told again.
        let cursor = api.mutate(
            "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { cursor } }",
            &json!({ "username": username }),
        );
        assert_eq!(api.data("{ orders(first: 0) { cursor } }", &json!({}))["orders"], cursor);
    }
}

fn what_another_program_commits_is_read_at_once(store: &Store) {
    let installation = store.install();
    let server = installation.start();
    server.api().create_user("joe");
    for count in 1..=20 {
        place_by_sql(&installation);
        let data = server.api().data(LIST, &json!({}));
        assert_eq!(list(&data).len(), count);
        installation.execute(&format!("UPDATE users SET email = '{count}@dev.io'"));
        let data = server.api().data(LIST, &json!({}));
        assert_eq!(number_in(&list(&data)[0]["user"]["email"]), count);
    }
}

fn place_by_sql(installation: &Installation) {
    let user = "(SELECT id FROM users WHERE username = 'joe')";
    installation.execute(&format!(
        "INSERT INTO orders (date, state, user_id) VALUES ('2026-04-12', 'UNPAID', {user})"
    ));
}

fn list(data: &Value) -> &Vec<Value> {
    data["getOrders"].as_array().expect("a list")
}

/// The number that an address begins with.
fn number_in(email: &Value) -> usize {
    let (number, _) = email.as_str().and_then(|email| email.split_once('@')).expect("an address");
    number.parse().expect("a number")
}
