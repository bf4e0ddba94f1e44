use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use memchr::memmem;
use tokio::task::JoinSet;

use crate::{figures::float, measure::run, requests::Requests, subject::Subject, usage};

/// The talk's query.
const GET_ORDERS: &str = "{ getOrders { date state user { username email } } }";
/// Connections on which one request follows another.
const CONNECTIONS: usize = 8;
const TIME: Duration = Duration::from_secs(3);
/// What an installation has before anything is placed.
const SAMPLE_ORDERS: usize = 2;

/// Places orders until there are as many.
pub(crate) fn prepare(subject: &Subject, orders: usize) -> anyhow::Result<()> {
    run(async {
        let mut trigger = subject.trigger().await?;
        for _ in SAMPLE_ORDERS..orders {
            trigger.cause().await?;
        }
        Ok(())
    })
}

/// Microseconds of CPU that a request for all orders costs; `None` when there are not as many.
pub(crate) fn cost(subject: &Subject, orders: usize) -> anyhow::Result<Option<f64>> {
    run(async {
        let mut requests = Requests::connect(&subject.endpoint).await?;
        let expected: Rc<[u8]> = requests.graphql(GET_ORDERS).await?.into();
        if memmem::find_iter(&expected, b"\"username\"").count() != orders {
            return Ok(None);
        }
        // What is compiled or kept at first use.
        ask(requests, Rc::clone(&expected), Instant::now() + TIME / 3).await?;

        let (before, end) = (usage::cpu(subject.pid)?, Instant::now() + TIME);
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let requests = Requests::connect(&subject.endpoint).await?;
            clients.spawn_local(ask(requests, Rc::clone(&expected), end));
        }
        let mut answered = 0;
        while let Some(count) = clients.join_next().await {
            answered += count??;
        }
        let cpu = usage::cpu(subject.pid)?.saturating_sub(before);
        Ok(Some(cpu.as_secs_f64() * 1e6 / float(answered)))
    })
}

/// Asks until then, and returns how often it was answered.
async fn ask(mut requests: Requests, expected: Rc<[u8]>, end: Instant) -> anyhow::Result<usize> {
    let mut answered = 0;
    while Instant::now() < end {
        let answer = requests.graphql(GET_ORDERS).await?;
        ensure!(answer == &*expected, "another answer: {}", String::from_utf8_lossy(answer));
        answered += 1;
    }
    Ok(answered)
}
