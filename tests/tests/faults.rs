//! A fault is told to the client without its cause, is logged with it, and passes when its cause does.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;
use tests::{GET_LAST_ORDER, PATIENCE, PostgresServer, Protocol, Server, Signal, Socket, Store, Suite};

fn main() {
    Suite::new()
        .on_postgres(a_database_that_goes_away_is_told_and_comes_back)
        .on_each_store(a_fault_is_logged_once_with_its_cause_and_told_without_it)
        .on_each_store(a_row_that_makes_no_sense_is_a_fault_that_names_it_in_the_log)
        .run();
}

fn a_database_that_goes_away_is_told_and_comes_back(postgres: &PostgresServer) {
    let installation = Store::Postgres(postgres.clone()).install().set("ORDERCAST_DATABASE_TIMEOUT", "1s");
    let server = installation.start();
    server.api().create_user("caty88");
    let mut socket = Socket::follow(server.api(), Protocol::GraphqlTransportWs, GET_LAST_ORDER);
    assert_eq!(socket.next_answer()["data"], json!({ "getOrder": null }));
    assert_eq!(status(&server, "/health/ready"), 200);

    installation.postgres().shut();
    assert_eq!(status(&server, "/health/ready"), 503, "not ready without its database");
    assert_eq!(status(&server, "/health/live"), 200, "a restart would not help");
    let answer = server.api().graphql("{ getOrders { id } }", &json!({}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");

    installation.postgres().open();
    wait_until_ready(&server);
    server.api().place_order(&json!({ "username": "caty88", "date": "2026-05-01" }));
    assert_eq!(socket.next_answer()["data"]["getOrder"]["date"], "2026-05-01", "the socket follows on");
}

fn a_fault_is_logged_once_with_its_cause_and_told_without_it(store: &Store) {
    let mut server = store.install().start();
    server.installation().execute("ALTER TABLE users RENAME TO hidden_by_a_test");
    let answer = server.api().graphql("{ user(username: \"caty88\") { id } }", &json!({}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(!message.contains("users"), "the cause is not for the client: {message}");

    server.signal(Signal::Terminate);
    assert!(server.wait().success());
    let log = server.log().text();
    let errors: Vec<_> = log.lines().filter(|line| line.contains("\"ERROR\"")).collect();
    assert_eq!(errors.len(), 1, "the fault is logged once: {log}");
    assert!(errors[0].contains("users"), "the log tells what the database said: {}", errors[0]);
}

fn a_row_that_makes_no_sense_is_a_fault_that_names_it_in_the_log(store: &Store) {
    let server = store.install().start();
    server.api().create_user("caty88");
    server.installation().execute("UPDATE users SET email = 'no address'");
    let answer = server.api().graphql("{ user(username: \"caty88\") { email } }", &json!({}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
    server.log().wait_for("event that names table and column", |lines| {
        let names =
            |line: &String| line.contains("ERROR") && line.contains("users") && line.contains("email");
        lines.iter().any(names).then_some(())
    });
    assert!(!server.log().text().contains("no address"), "the value is a person's");
}

fn status(server: &Server, path: &str) -> u16 {
    server.api().request(Method::GET, path).send().expect("an answer").status().as_u16()
}

fn wait_until_ready(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    while status(server, "/health/ready") != 200 {
        assert!(Instant::now() < deadline, "not ready within {PATIENCE:?}");
    }
}
