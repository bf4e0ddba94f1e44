//! Tests on a new, migrated database each. PostgreSQL's are reported as ignored where the environment names no server.

use std::pin::Pin;

use libtest_mimic::{Arguments, Trial};
use persistence::Database;

use crate::storage::{POSTGRES_SERVER, on_postgres, on_sqlite};

/// A test's name and the test.
pub(crate) type Test = (&'static str, fn(Database) -> Pin<Box<dyn Future<Output = ()>>>);

/// Makes a file's `main` from the names of its tests.
macro_rules! trials {
    (
        on_both: [$($both:ident),* $(,)?],
        on_sqlite: [$($sqlite:ident),* $(,)?],
        on_postgres: [$($postgres:ident),* $(,)?] $(,)?
    ) => {
        fn main() {
            crate::trials::run(
                &[$((stringify!($both), |database| Box::pin($both(database)))),*],
                &[$((stringify!($sqlite), |database| Box::pin($sqlite(database)))),*],
                &[$((stringify!($postgres), |database| Box::pin($postgres(database)))),*],
            )
        }
    };
}

/// Runs them as the command line asks, and ends the program.
pub(crate) fn run(both: &[Test], sqlite: &[Test], postgres: &[Test]) -> ! {
    let server = std::env::var(POSTGRES_SERVER).ok();
    let mut trials = Vec::new();
    for &(name, test) in both.iter().chain(sqlite) {
        trials.push(Trial::test(format!("sqlite::{name}"), move || {
            block_on(on_sqlite(test));
            Ok(())
        }));
    }
    for &(name, test) in both.iter().chain(postgres) {
        let server = server.clone();
        let ignored = server.is_none();
        let trial = Trial::test(format!("postgres::{name}"), move || {
            let server = server.ok_or(format!("{POSTGRES_SERVER} is not set"))?;
            block_on(on_postgres(&server, test));
            Ok(())
        });
        trials.push(trial.with_ignored_flag(ignored));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}
