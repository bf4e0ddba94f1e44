//! The adapters for SQLite and PostgreSQL keep the contract of the storage ports.
//!
//! PostgreSQL's tests run where `ORDERCAST_TEST_POSTGRES` has the URL of a server on which databases may be created,
//! and are reported as ignored elsewhere.

mod storage;

use std::sync::Arc;

use domain::testing::contract::{Adapter, Rule, rules};
use libtest_mimic::{Arguments, Trial};
use persistence::{Database, OrderLog, SqlRepository};
use storage::{POSTGRES_SERVER, log_settings, on_postgres, on_sqlite};

fn main() {
    let server = std::env::var(POSTGRES_SERVER).ok();
    let mut trials = Vec::new();
    for rule in rules() {
        trials.push(Trial::test(format!("sqlite::{}", rule.name), move || {
            run(on_sqlite(|database| keeps(rule, database)));
            Ok(())
        }));
        let server = server.clone();
        let ignored = server.is_none();
        let postgres = Trial::test(format!("postgres::{}", rule.name), move || {
            let server = server.ok_or(format!("{POSTGRES_SERVER} is not set"))?;
            run(on_postgres(&server, |database| keeps(rule, database)));
            Ok(())
        });
        trials.push(postgres.with_ignored_flag(ignored));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}

async fn keeps(rule: Rule, database: Database) {
    let log = OrderLog::start(database.clone(), log_settings()).await.expect("the log can be read");
    let repository = SqlRepository::new(database, log.clone());
    (rule.check)(Adapter {
        feed: Arc::new(log),
        orders: Arc::new(repository.clone()),
        users: Arc::new(repository),
    })
    .await;
}
