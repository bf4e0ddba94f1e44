use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::ValueEnum;
use tokio::{
    runtime::Builder,
    task::{LocalSet, spawn_local, yield_now},
    time::{sleep, timeout},
};

use crate::{
    clients::{Clients, Documents},
    figures::{float, percentile},
    rest,
    subject::Subject,
    usage,
};

/// What happens while it is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) subscribers: usize,
    pub(crate) documents: Documents,
    /// How often something happens; the next time when everyone was told of the last.
    pub(crate) times: usize,
    /// How many events that is.
    pub(crate) at_once: usize,
    /// Between one time and the next.
    pub(crate) pause: Duration,
}

/// What was seen of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) deliveries_per_cpu_second: f64,
    pub(crate) message_bytes: usize,
    /// From a request until the last client was told, in milliseconds.
    pub(crate) median_latency: f64,
    pub(crate) p99_latency: f64,
    /// What clients lack, have twice, or were told that is not so.
    pub(crate) fault: Option<String>,
}

/// What clients do while nothing has come for them.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Waiting {
    /// They look again. Waking them costs the server nothing, and so their speed is of no account.
    Awake,
    /// They sleep. Whoever writes to a client that sleeps wakes it, at a cost of one or two deliveries here; how often that
    /// happens is a question of how fast the clients are.
    Asleep,
}

/// Work that ends after the last client was told is the delivery's too.
const AFTERMATH: Duration = Duration::from_millis(50);

/// Delivers to clients that wait like this.
pub(crate) fn deliver(subject: &Subject, load: Load, waiting: Waiting) -> anyhow::Result<Outcome> {
    run(async {
        let mut clients = Clients::new(subject, load.documents, load.subscribers).await?;
        clients.open(0..load.subscribers).await?;
        let deliveries = clients.deliveries;
        deliveries.start_counting();
        let mut latencies = Vec::new();
        let mut untrue = 0;
        if waiting == Waiting::Awake {
            spawn_local(stay_awake());
        }
        let before = usage::cpu(subject.pid)?;
        for _ in 0..load.times {
            let sent = Instant::now();
            deliveries.expect(load.at_once);
            let event = clients.trigger.cause_at_once(load.at_once).await?;
            deliveries.all_arrived().await?;
            latencies.push(deliveries.counts().last.duration_since(sent));
            untrue += usize::from(event.is_some() && event != deliveries.counts().last_event());
            sleep(load.pause).await;
        }
        sleep(AFTERMATH).await;
        let cpu = usage::cpu(subject.pid)?.saturating_sub(before);
        deliveries.silence().await;
        let counts = deliveries.counts();
        let fault = format!(
            "{} missing, {} extra, {} wrong, {} repeated, {} other than ordered, {} errors, {} connections lost",
            counts.missing(),
            counts.extra,
            counts.wrong,
            counts.repeated(),
            untrue,
            counts.errors,
            counts.ended
        );
        Ok(Outcome {
            deliveries_per_cpu_second: float(counts.delivered) / cpu.as_secs_f64(),
            message_bytes: counts.bytes / counts.delivered.max(1),
            median_latency: percentile(&latencies, 50) * 1000.0,
            p99_latency: percentile(&latencies, 99) * 1000.0,
            fault: fault.split(", ").any(|count| !count.starts_with("0 ")).then_some(fault),
        })
    })
}

/// Keeps this thread from going to sleep: the runtime looks for messages, without waiting, whenever this yields.
async fn stay_awake() {
    loop {
        yield_now().await;
    }
}

/// The memory of a subscriber that waits, in bytes: what so many use more than the first hundred, after each was told of an
/// event.
pub(crate) fn memory(subject: &Subject, documents: Documents, subscribers: usize) -> anyhow::Result<f64> {
    const FIRST: usize = 100;
    run(async {
        let mut clients = Clients::new(subject, documents, FIRST + subscribers).await?;
        clients.open(0..FIRST).await?;
        let before = usage::memory(subject.pid)?;
        clients.open(FIRST..FIRST + subscribers).await?;
        let more = usage::memory(subject.pid)?.saturating_sub(before);
        Ok(float(usize::try_from(more)?) / float(subscribers))
    })
}

/// The part of a core that subscribers cost while nothing happens.
pub(crate) fn idle(
    subject: &Subject,
    documents: Documents,
    subscribers: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    run(async {
        let mut clients = Clients::new(subject, documents, subscribers).await?;
        clients.open(0..subscribers).await?;
        clients.deliveries.start_counting();
        let (before, started) = (usage::cpu(subject.pid)?, Instant::now());
        sleep(time).await;
        let cpu = usage::cpu(subject.pid)?.saturating_sub(before);
        let part = cpu.as_secs_f64() / started.elapsed().as_secs_f64();
        let counts = clients.deliveries.counts();
        ensure!(counts.delivered == 0, "{} messages came while nothing happened", counts.delivered);
        ensure!(counts.ended == 0, "a connection ended: {:?}", counts.why);
        Ok(part)
    })
}

/// Deliveries in a second of the clock while the clients use no CPU: nobody reads until the server has come to rest, and
/// what it told waits in the sockets. The median of as many events.
pub(crate) fn throughput(
    subject: &Subject,
    documents: Documents,
    subscribers: usize,
    times: usize,
) -> anyhow::Result<f64> {
    run(async {
        let mut clients = Clients::new(subject, documents, subscribers).await?;
        clients.open(0..subscribers).await?;
        let deliveries = clients.deliveries;
        deliveries.start_counting();
        let mut times_taken = Vec::new();
        for _ in 0..times {
            deliveries.expect(1);
            // This thread, which is the only one that reads, waits.
            times_taken.push(rest::time_until_rest(subject)?);
            deliveries.all_arrived().await?;
        }
        Ok(float(subscribers) / percentile(&times_taken, 50))
    })
}

/// Runs clients on this thread. What they left open ends with it.
pub(crate) fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    const AT_MOST: Duration = Duration::from_mins(20);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let done = runtime.block_on(local.run_until(async { timeout(AT_MOST, work).await }));
    drop(local);
    done?
}
