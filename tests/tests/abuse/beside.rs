//! A client that works as usual beside all cases, and what they cost it and the server.

use std::{
    env,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use tests::{Api, Bystander, Latencies, Server};

use crate::case::Case;

/// How often a quiet time and one with all cases follow each other.
const ROUNDS: usize = 4;

/// What the bystander does at least in each of them.
const TURNS: usize = 150;

/// How often it does so, however long it takes.
const PERIOD: Duration = Duration::from_millis(10);

/// Those who send the cases, each one after another.
const ABUSERS: usize = 2;

/// How long each of them waits after a case in the long form. In the short one they do not wait, and the dearest cases, floods of
/// 20,000 messages that cost the server some 40 ms until it ends the connection, come so often that they are in the 99th
/// percentile.
const PAUSE: Duration = Duration::from_millis(40);

/// How many times its quiet value the 99th percentile of what it waits may be.
const RATIO: u32 = 2;

/// What counts as quiet in the short form at least: there, other programs have the processors as much as the server does, the
/// senders of the cases among them. Without optimisations it may be ten times as much. The long form has no such floor.
const FLOOR: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 25 });

/// The most memory that the server may need for all of it, in bytes; about three times what it needs.
const MEMORY: u64 = 64 * 1024 * 1024;

/// The cases at a server beside its bystander. Without a scale once in each round, and otherwise so many times.
pub(crate) fn assert_bystander_is_served(server: &Server, api: &Api, before: u64, cases: &[&Case]) {
    let scale = env::var("ORDERCAST_TEST_SCALE").ok();
    let times = scale.as_deref().map_or(1, |scale| scale.parse().expect("a number in the environment"));
    let (floor, pause) = if scale.is_some() { (Duration::ZERO, PAUSE) } else { (FLOOR, Duration::ZERO) };
    let mut bystander = Bystander::start(api);
    let (mut quiet, mut beside) = (Vec::new(), Vec::new());
    let started = Instant::now();
    for _ in 0..ROUNDS {
        quiet.extend(works_until(&mut bystander, |turns| turns >= TURNS * times));
        beside.extend(works_beside(&mut bystander, server, cases, times, pause));
    }
    bystander.has_heard_everything();
    let grown = server.peak_memory().saturating_sub(before);
    eprintln!(
        "{} cases, {} times beside {} turns of a bystander, in {:.0?}; {} MiB more memory at most",
        cases.len(),
        ROUNDS * times,
        beside.len(),
        started.elapsed(),
        grown / 1024 / 1024,
    );
    for (what, latency) in
        [("change", (|turn| turn.change) as fn(&Latencies) -> Duration), ("query", |turn| turn.query)]
    {
        let [quiet, beside] = [&quiet, &beside].map(|turns| percentiles(turns, latency));
        eprintln!("a {what}: quiet {quiet:.2?}, beside {beside:.2?} (p50, p99)");
        let most = quiet[1].max(floor) * RATIO;
        assert!(beside[1] <= most, "p99 of a {what} is {:.2?} beside, and {:.2?} quiet", beside[1], quiet[1]);
    }
    assert!(grown < MEMORY, "the cases cost {grown} bytes");
}

/// Lets the bystander work until it has done enough, at a steady pace.
fn works_until(bystander: &mut Bystander, enough: impl Fn(usize) -> bool) -> Vec<Latencies> {
    let mut turns = Vec::new();
    let mut next = Instant::now();
    while !enough(turns.len()) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now().max(next + PERIOD);
        turns.push(bystander.works());
    }
    turns
}

/// The same while every case is sent so many times, and others as long as the bystander has not done as much as when it was
/// quiet.
fn works_beside(
    bystander: &mut Bystander,
    server: &Server,
    cases: &[&Case],
    times: usize,
    pause: Duration,
) -> Vec<Latencies> {
    let (next, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let all = cases.len() * times;
    thread::scope(|scope| {
        let abusers: Vec<_> = (0..ABUSERS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= all && ended.load(Ordering::Relaxed) {
                            break;
                        }
                        cases[number % cases.len()].run(server);
                        thread::sleep(pause);
                    }
                })
            })
            .collect();
        let turns = works_until(bystander, |turns| {
            turns >= TURNS * times && next.load(Ordering::Relaxed) >= all
                || abusers.iter().any(thread::ScopedJoinHandle::is_finished)
        });
        ended.store(true, Ordering::Relaxed);
        turns
    })
}

/// The median and the 99th percentile.
fn percentiles(turns: &[Latencies], latency: impl Fn(&Latencies) -> Duration) -> [Duration; 2] {
    let mut all: Vec<Duration> = turns.iter().map(latency).collect();
    all.sort_unstable();
    [50, 99].map(|percent| all[all.len() * percent / 100])
}
