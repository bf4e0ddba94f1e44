//! The sample data is for the very first look: it is never mixed with anybody's own.

use serde_json::{Value, json};
use tests::{Installation, PostgresServer, Server, Suite};

fn main() {
    Suite::new()
        .everywhere(an_empty_directory_gets_the_sample_data_once)
        .everywhere(a_database_with_a_user_stays_as_it_is)
        .everywhere(a_database_with_other_orders_stays_as_it_is)
        .everywhere(a_database_with_a_name_of_its_own_stays_empty)
        .on_postgres(postgres_stays_empty)
        .run();
}

const USERS: &str = "SELECT username FROM users ORDER BY id";

fn an_empty_directory_gets_the_sample_data_once() {
    let installation = Installation::new();
    let server = installation.start();
    let sample = server.api().orders();
    assert!(!sample.is_empty(), "there is something to look at");
    assert!(server.terminate().success());
    assert_eq!(installation.start().api().orders(), sample);
}

fn a_database_with_a_user_stays_as_it_is() {
    let installation = installation_with_sample_data();
    installation.execute("DELETE FROM orders; DELETE FROM users WHERE username <> 'caty88'");
    let server = installation.start();
    assert_eq!(server.api().orders(), Vec::<Value>::new());
    assert_eq!(installation.select(USERS), ["caty88"]);
}

fn a_database_with_other_orders_stays_as_it_is() {
    let installation = installation_with_sample_data();
    installation.execute("DELETE FROM orders; DELETE FROM users");
    installation.execute("INSERT INTO users (id, username, email) VALUES (1, 'bea', 'bea@dev.io')");
    installation.execute("INSERT INTO orders (date, state, user_id) VALUES ('2026-01-02', 'UNPAID', 1)");
    let server = installation.start();
    let dates: Vec<_> = server.api().orders().iter().map(|order| order["date"].clone()).collect();
    assert_eq!(dates, [json!("2026-01-02")]);
    assert_eq!(installation.select(USERS), ["bea"]);
}

fn a_database_with_a_name_of_its_own_stays_empty() {
    let installation = Installation::new().set("ORDERCAST_DATABASE_URL", "sqlite://other.db");
    let server = installation.start();
    assert_eq!(server.api().orders(), Vec::<Value>::new());
    assert_eq!(installation.select(USERS), Vec::<String>::new());
    let is_there = |file: &str| installation.directory().join(file).exists();
    assert!(is_there("other.db") && !is_there("ordercast.db"), "the database that was named is used");
}

fn postgres_stays_empty(postgres: &PostgresServer) {
    let installation = Installation::on_postgres(postgres);
    installation.run_successfully(&["migrate"]);
    let server = installation.start();
    assert_eq!(server.api().orders(), Vec::<Value>::new());
    assert_eq!(installation.select(USERS), Vec::<String>::new());
}

fn installation_with_sample_data() -> Installation {
    let server = Server::start();
    let installation = server.installation().clone();
    assert!(server.terminate().success());
    installation
}
