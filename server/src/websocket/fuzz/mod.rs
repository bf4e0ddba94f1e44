//! Whatever bytes come behind the handshake, they are read, answered or turned down, without a fault, in bounded memory,
//! and what goes out is what a client can read.
//!
//! `cargo test -p server fuzz` does some executions, and 10 million with
//! `ORDERCAST_TEST_SCALE=500 cargo test --release -p server fuzz -- --nocapture`. An execution follows from its number
//! alone: one that failed is done again by `ORDERCAST_TEST_EXECUTION=<its number>`.

mod bytes;
mod target;

use std::{
    collections::BTreeMap,
    env, fs,
    thread::{self, available_parallelism},
};

use self::target::Outcomes;

const EXECUTIONS: u64 = 20_000;

/// What must have happened, or the bytes are not worth much.
const OUTCOMES: [&str; 11] = [
    "connection_init",
    "start",
    "stop",
    "ping",
    "pong",
    "connection_terminate",
    "closed by the client",
    "closed with 1002",
    "closed with 1007",
    "closed with 1009",
    "closed with 4400",
];

/// How much the process may grow once every thread is under way, in KiB: what an allocator keeps, and no more.
const GROWTH: u64 = 16 * 1024;

#[test]
fn any_bytes_are_read_and_answered_in_bounded_memory() {
    let number = |variable: &str| {
        env::var(variable).ok().map(|value| value.parse::<u64>().expect("a number in the environment"))
    };
    if let Some(execution) = number("ORDERCAST_TEST_EXECUTION") {
        execute(execution, &mut Outcomes::new());
        return;
    }
    let executions = EXECUTIONS * number("ORDERCAST_TEST_SCALE").unwrap_or(1);
    let first = executions / 10;
    let mut outcomes = execute_all(0..first);
    let memory = resident_memory();
    for (outcome, count) in execute_all(first..executions) {
        *outcomes.entry(outcome).or_default() += count;
    }
    let grown = resident_memory().saturating_sub(memory);
    eprintln!(
        "{executions} executions: {outcomes:?}; {memory} KiB after a tenth of them, and then {grown} KiB more"
    );
    for outcome in OUTCOMES {
        assert!(outcomes.contains_key(outcome), "`{outcome}` never happened: {outcomes:?}");
    }
    assert!(grown < GROWTH, "grown by {grown} KiB");
}

/// Executes side by side, and counts what came of it.
fn execute_all(numbers: std::ops::Range<u64>) -> Outcomes {
    let threads = available_parallelism().map_or(1, usize::from);
    let working: Vec<_> = (0..threads)
        .map(|thread| {
            let numbers = numbers.clone().skip(thread).step_by(threads);
            thread::spawn(move || {
                let mut outcomes = BTreeMap::new();
                for number in numbers {
                    execute(number, &mut outcomes);
                }
                outcomes
            })
        })
        .collect();
    let mut all = Outcomes::new();
    for outcomes in working {
        for (outcome, count) in outcomes.join().expect("no execution fails") {
            *all.entry(outcome).or_default() += count;
        }
    }
    all
}

fn execute(number: u64, outcomes: &mut Outcomes) {
    let input = bytes::input(number);
    let failed = Failed(number, &input.bytes);
    target::execute(&input, outcomes);
    std::mem::forget(failed);
}

/// Tells how to do an execution again.
struct Failed<'b>(u64, &'b [u8]);

impl Drop for Failed<'_> {
    fn drop(&mut self) {
        eprintln!("ORDERCAST_TEST_EXECUTION={} failed: {}", self.0, self.1.escape_ascii());
    }
}

/// What the process has in memory, in KiB.
fn resident_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = size.and_then(|size| size.trim().strip_suffix(" kB"));
    size.expect("the size of this process").parse().expect("a number")
}
