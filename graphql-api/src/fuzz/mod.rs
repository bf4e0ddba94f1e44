//! Whatever documents and cursors strangers send, they are taken or refused, without a fault, at a cost that is in
//! proportion to their size.
//!
//! `cargo test -p graphql-api fuzz` does some executions, and `ORDERCAST_TEST_SCALE=100 cargo test --release -p graphql-api
//! fuzz -- --nocapture` a hundred times as many. An execution follows from its number alone: one that failed is done again by
//! `ORDERCAST_TEST_EXECUTION=<its number>`.

mod cursors;
mod documents;
mod scanned;
mod worst;

use std::{
    collections::BTreeMap,
    env,
    fmt::Debug,
    ops::Range,
    thread::{self, available_parallelism},
};

/// How often what happened.
type Outcomes = BTreeMap<String, u64>;

/// Executes side by side so often, times the scale, or the one execution that the environment names. `outcomes` must all
/// have happened, or the inputs are not worth much.
fn fuzz<I: Debug>(
    executions: u64,
    outcomes: &[&str],
    input: fn(u64) -> I,
    execute: impl Fn(&I) -> String + Sync,
) {
    let number = |variable: &str| {
        env::var(variable).ok().map(|value| value.parse::<u64>().expect("a number in the environment"))
    };
    if let Some(number) = number("ORDERCAST_TEST_EXECUTION") {
        execute(&input(number));
        return;
    }
    let executions = executions * number("ORDERCAST_TEST_SCALE").unwrap_or(1);
    let happened = execute_all(0..executions, input, &execute);
    eprintln!("{executions} executions: {happened:?}");
    for outcome in outcomes {
        assert!(happened.contains_key(*outcome), "`{outcome}` never happened: {happened:?}");
    }
}

fn execute_all<I: Debug>(
    numbers: Range<u64>,
    input: fn(u64) -> I,
    execute: &(impl Fn(&I) -> String + Sync),
) -> Outcomes {
    let threads = available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = |thread| {
            let numbers = numbers.clone().skip(thread).step_by(threads);
            scope.spawn(move || {
                let mut outcomes = Outcomes::new();
                for number in numbers {
                    let input = input(number);
                    let failed = Failed(number, &input);
                    *outcomes.entry(execute(&input)).or_default() += 1;
                    std::mem::forget(failed);
                }
                outcomes
            })
        };
        let working: Vec<_> = (0..threads).map(work).collect();
        let mut all = Outcomes::new();
        for outcomes in working {
            for (outcome, count) in outcomes.join().expect("no execution fails") {
                *all.entry(outcome).or_default() += count;
            }
        }
        all
    })
}

/// Tells how to do an execution again.
struct Failed<'i, I: Debug>(u64, &'i I);

impl<I: Debug> Drop for Failed<'_, I> {
    fn drop(&mut self) {
        eprintln!("ORDERCAST_TEST_EXECUTION={} failed: {:?}", self.0, self.1);
    }
}
