//! Operations that are generated from the committed schema, valid and almost valid ones, never make the server fail, and
//! none costs much.
//!
//! `cargo test -p tests --test generated` sends 2,000, and 100,000 with `ORDERCAST_TEST_SCALE=50` and `--release`. An
//! operation follows from its number alone: one that failed is sent alone by `ORDERCAST_TEST_EXECUTION=<its number>`.

mod generator;
mod schema;

use std::{collections::BTreeMap, env, time::Duration};

use nix::{
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Installation, Server, Suite};

use self::{generator::Operation, schema::Schema};

fn main() {
    Suite::new().everywhere(no_generated_operation_fails_or_costs_much).run();
}

const OPERATIONS: u64 = 2_000;

/// The most of the server's CPU time that a request may take. Without optimisations it may be ten times as much.
const MOST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_500 } else { 250 });

fn no_generated_operation_fails_or_costs_much() {
    let number = |variable: &str| {
        env::var(variable).ok().map(|value| value.parse::<u64>().expect("a number in the environment"))
    };
    let schema = Schema::committed();
    // They come faster than a client may send them.
    let server = Installation::new()
        .set("ORDERCAST_LIST_LIMIT", "100")
        .set("ORDERCAST_OPERATIONS_PER_CONNECTION", "1000000")
        .set("ORDERCAST_OPERATIONS_PER_ADDRESS", "1000000")
        .start();
    if let Some(number) = number("ORDERCAST_TEST_EXECUTION") {
        let operation = generator::operation(&schema, number);
        eprintln!("{operation:#?}\n{}", send(&server, number, &operation).0);
        return;
    }
    let operations = OPERATIONS * number("ORDERCAST_TEST_SCALE").unwrap_or(1);
    let (mut outcomes, mut dearest) = (BTreeMap::<_, u64>::new(), (Duration::ZERO, 0));
    for number in 0..operations {
        let operation = generator::operation(&schema, number);
        let before = cpu(&server);
        let (outcome, _) = send(&server, number, &operation);
        let cost = cpu(&server).saturating_sub(before);
        dearest = dearest.max((cost, number));
        assert!(cost < MOST, "operation {number} took {cost:?}: {operation:#?}");
        *outcomes.entry(outcome).or_default() += 1;
    }
    let log = server.log().text();
    assert!(!log.contains("panicked") && !log.contains("a request failed"), "{log}");
    eprintln!("{operations} operations, the dearest took {dearest:?} of CPU: {outcomes:#?}");
    let data = outcomes["valid: data"];
    assert!(data > operations / 5, "only {data} of {operations} were answered with data alone");
}

/// Sends an operation, and tells what became of it, and the answer.
fn send(server: &Server, number: u64, operation: &Operation) -> (String, Value) {
    let Operation { document, variables, kind, broken } = operation;
    let request = json!({ "query": document, "variables": variables });
    let request = server.api().request(Method::POST, "/graphql").json(&request);
    let response = request.header("Accept", "application/graphql-response+json").send();
    let response = response.unwrap_or_else(|error| panic!("operation {number}: {error}: {operation:#?}"));
    let status = response.status().as_u16();
    let answer: Value = response.json().unwrap_or_else(|error| panic!("operation {number}: {error}"));
    let shown = || format!("operation {number} is answered with {status} {answer:#}: {operation:#?}");
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let codes: Vec<_> = errors
        .iter()
        .map(|error| error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{}", shown())))
        .collect();
    for code in &codes {
        assert!(!["INTERNAL_SERVER_ERROR", "UNAVAILABLE"].contains(code), "{}", shown());
    }
    assert!(status < 500, "{}", shown());
    let outcome = match (broken, status) {
        (Some(how), 400) if answer.get("data").is_none() && !codes.is_empty() => format!("{how}: refused"),
        // Nothing is wrong with it but that JSON is no way to answer it.
        (None, 406) if *kind == "subscription" => "valid: a subscription".to_owned(),
        (None, 200) if codes.is_empty() => "valid: data".to_owned(),
        (None, 200) if errors.iter().all(|error| error["path"].is_array()) => {
            "valid: errors of fields".to_owned()
        }
        (None, 400) if errors.iter().all(|error| error["extensions"]["limit"] == "complexity") => {
            "valid: too complex".to_owned()
        }
        _ => panic!("{}", shown()),
    };
    (outcome, answer)
}

/// The CPU time that the server has used.
fn cpu(server: &Server) -> Duration {
    let process = Pid::from_raw(server.id().try_into().expect("a process id"));
    clock_getcpuclockid(process).and_then(ClockId::now).expect("a clock").into()
}
