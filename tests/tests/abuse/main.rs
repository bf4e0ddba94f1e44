//! What is sent by those who mean no good, each a case with its expected answer, at the started server. Beside all of them a
//! client is served as usual, the server needs little more memory, and it logs nothing that needs anyone's attention.
//!
//! `ORDERCAST_TEST_SCALE=1 cargo test --release -p tests --test abuse beside` sends all cases so many times in each round, with
//! a pause after each, and then p99 of that client must be within twice its quiet value without a floor. It is for a machine
//! that does nothing else.

mod access;
mod beside;
mod case;
mod documents;
mod frames;
mod graphql;
mod heads;
mod lengths;
mod messages;
mod requests;
mod servers;
mod sockets;
mod targets;
mod texts;
mod tokens;
mod values;

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use libtest_mimic::{Arguments, Trial};
use tests::Server;

use crate::case::{Case, Target};

fn main() {
    let cases: Arc<[Case]> = cases().into();
    let subjects: Arc<Subjects> = Arc::default();
    let mut trials: Vec<Trial> = (0..cases.len())
        .map(|number| {
            let (cases, subjects) = (Arc::clone(&cases), Arc::clone(&subjects));
            let Case { name, table, .. } = &cases[number];
            Trial::test(name.clone(), {
                let cases = Arc::clone(&cases);
                move || {
                    // Any number of cases together, and none while a bystander is measured.
                    let _together = subjects.turn.read().unwrap_or_else(PoisonError::into_inner);
                    cases[number].run(&subjects.get(cases[number].target).server);
                    Ok(())
                }
            })
            .with_kind(*table)
        })
        .collect();
    trials.push(Trial::test("there are 250 cases, each of them once", {
        let cases = Arc::clone(&cases);
        move || {
            let names: HashSet<_> = cases.iter().map(|case| (case.table, &case.name)).collect();
            assert_eq!(names.len(), cases.len(), "two cases are called the same");
            assert!(names.len() >= 250, "there are {} cases", names.len());
            Ok(())
        }
    }));
    for (name, target) in [
        ("a client beside all cases at the open server", Target::Open),
        ("a client beside all cases at the guarded server", Target::Guarded),
    ] {
        let (cases, subjects) = (Arc::clone(&cases), Arc::clone(&subjects));
        trials.push(Trial::test(name, move || {
            let _alone = subjects.turn.write().unwrap_or_else(PoisonError::into_inner);
            let cases: Vec<&Case> = cases.iter().filter(|case| case.target == target).collect();
            let Subject { server, memory } = subjects.get(target);
            let api = match target {
                Target::Open => server.api().clone(),
                Target::Guarded => servers::customer(server),
            };
            beside::assert_bystander_is_served(server, &api, *memory, &cases);
            Ok(())
        }));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    for server in [&subjects.open, &subjects.guarded].into_iter().filter_map(OnceLock::get) {
        assert_is_well(&server.server);
    }
    // `exit` drops nothing, and this ends the servers.
    drop(subjects);
    conclusion.exit();
}

/// What the cases are sent to, started when the first comes.
#[derive(Default)]
struct Subjects {
    open: OnceLock<Subject>,
    guarded: OnceLock<Subject>,
    turn: RwLock<()>,
}

struct Subject {
    server: Server,
    /// The memory that it had before anything was sent, in bytes.
    memory: u64,
}

impl Subjects {
    fn get(&self, target: Target) -> &Subject {
        let (subject, start): (_, fn() -> Server) = match target {
            Target::Open => (&self.open, servers::open),
            Target::Guarded => (&self.guarded, servers::guarded),
        };
        subject.get_or_init(|| {
            let server = start();
            Subject { memory: server.memory(), server }
        })
    }
}

fn cases() -> Vec<Case> {
    let bytes = [
        ("lengths", lengths::cases()),
        ("heads", heads::cases()),
        ("targets", targets::cases()),
        ("requests", requests::cases()),
        ("handshakes", sockets::cases()),
    ];
    let bytes = bytes
        .into_iter()
        .flat_map(|(table, cases)| cases.into_iter().map(move |case| Case::of_bytes(table, case)));
    let others = [
        documents::cases(),
        texts::cases(),
        values::cases(),
        access::cases(),
        messages::cases(),
        frames::cases(),
        tokens::cases(),
    ];
    bytes.chain(others.into_iter().flatten()).collect()
}

fn assert_is_well(server: &Server) {
    let live = server.api().request(reqwest::Method::GET, "/health/ready").send().expect("an answer");
    assert_eq!(live.status(), 200);
    let log = server.log().text();
    for word in ["\"ERROR\"", "\"WARN\"", "panicked"] {
        assert!(!log.contains(word), "strangers fill the log with {word}:\n{log}");
    }
}

/// A body that asks for nothing much.
const BODY: &str = r#"{"query":"{__typename}"}"#;

/// The first lines of a request, up to the headers.
const POST: &str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\n";

/// What a query needs as its headers, but for the length.
const JSON: &str = "Content-Type: application/json\r\n";

/// A request with these headers besides, and a body as it is.
fn post(headers: &str, body: &str) -> String {
    format!("{POST}{JSON}{headers}\r\n{body}")
}

/// A query, with these headers besides.
fn query(headers: &str) -> String {
    post(&format!("Content-Length: {}\r\n{headers}", BODY.len()), BODY)
}

/// A request for what needs nothing, with these headers besides.
fn get(headers: &str) -> String {
    format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}
