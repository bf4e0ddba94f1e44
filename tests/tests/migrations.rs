//! The server runs on the schema that it knows, and on no other.

use serde_json::Value;
use tests::{Finished, Installation, PostgresServer, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(a_database_of_a_newer_binary_is_refused_and_left_alone)
        .on_each_store(migrations_are_taken_back_and_applied_again)
        .on_each_store(migrations_that_start_together_wait_for_each_other)
        .everywhere(an_embedded_database_is_migrated_by_the_server_itself)
        .on_postgres(a_postgres_database_is_migrated_by_its_operator)
        .run();
}

const APPLIED: &str = "SELECT version FROM seaql_migrations ORDER BY version";

fn a_database_of_a_newer_binary_is_refused_and_left_alone(store: &Store) {
    let installation = store.install();
    let newer = "m29991231_000001_from_the_future";
    installation
        .execute(&format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{newer}', 0)"));
    installation.execute("INSERT INTO users (username, email) VALUES ('caty88', 'caty@dev.io')");
    let applied = installation.select(APPLIED);
    for arguments in [&[] as &[_], &["serve"], &["migrate"], &["migrate", "--back", "1"]] {
        assert_refused(&installation.run(arguments), &[newer, "newer than this binary"]);
    }
    assert_eq!(installation.select(APPLIED), applied);
    assert_eq!(installation.select("SELECT username FROM users"), ["caty88"]);
}

fn migrations_are_taken_back_and_applied_again(store: &Store) {
    let installation = store.install();
    let applied = installation.select(APPLIED);
    assert!(!applied.is_empty(), "`migrate` applies migrations");
    installation.run_successfully(&["migrate", "--back", "1"]);
    assert_eq!(installation.select(APPLIED), applied[..applied.len() - 1], "the last one is taken back");
    installation.run_successfully(&["migrate"]);
    assert_eq!(installation.select(APPLIED), applied);
    installation.run_successfully(&["migrate"]);
    assert_eq!(installation.select(APPLIED), applied, "with nothing to apply");

    let all = applied.len().to_string();
    installation.run_successfully(&["migrate", "--back", &all]);
    assert_eq!(installation.select(APPLIED), Vec::<String>::new());
    installation.run_successfully(&["migrate"]);
    let server = installation.start();
    server.api().create_user("caty88");
    assert_eq!(server.api().orders(), Vec::<Value>::new());
}

fn migrations_that_start_together_wait_for_each_other(store: &Store) {
    let installation = store.install();
    let applied = installation.select(APPLIED);
    installation.run_successfully(&["migrate", "--back", &applied.len().to_string()]);
    let mut processes: Vec<_> = (0..4).map(|_| installation.spawn(&["migrate"])).collect();
    for process in &mut processes {
        assert!(process.wait().success(), "{}", process.stderr().text());
    }
    assert_eq!(installation.select(APPLIED), applied);
}

fn an_embedded_database_is_migrated_by_the_server_itself() {
    let installation = Store::Sqlite.install();
    installation.run_successfully(&["migrate", "--back", "1"]);
    let server = installation.start();
    server.api().create_user("caty88");
}

fn a_postgres_database_is_migrated_by_its_operator(postgres: &PostgresServer) {
    let installation = Installation::on_postgres(postgres);
    assert_refused(&installation.run(&[]), &["`ordercast migrate`"]);
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(installation.select(tables), Vec::<String>::new(), "a refused start changes nothing");
    installation.run_successfully(&["migrate"]);
    installation.start();
    installation.run_successfully(&["migrate", "--back", "1"]);
    assert_refused(&installation.run(&[]), &["`ordercast migrate`", "1"]);
}

/// It ended with a failure, and told why in these words.
fn assert_refused(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    for word in words {
        assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
    }
}
