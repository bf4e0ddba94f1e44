use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::runtime::Builder;

use crate::{subject::Subject, usage};

/// How often the server's CPU time is looked at.
const SAMPLE: Duration = Duration::from_micros(500);
/// How long a server does next to nothing that has come to rest. Far longer than it waits for a disk.
const REST: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// Causes an event, and waits until the server has done all that it has to do about it. Blocks this thread: the request is
/// made by another.
pub(crate) fn time_until_rest(subject: &Subject) -> anyhow::Result<Duration> {
    thread::scope(|scope| {
        let (started, starts) = std::sync::mpsc::channel();
        let request = scope.spawn(move || -> anyhow::Result<()> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut trigger = subject.trigger().await?;
                started.send(Instant::now())?;
                trigger.cause().await?;
                Ok(())
            })
        });
        let Ok(start) = starts.recv() else {
            return request.join().expect("the request does not panic").map(|()| Duration::ZERO);
        };
        let mut rests_since = start;
        let (mut at, mut cpu) = (Instant::now(), usage::cpu(subject.pid)?);
        loop {
            thread::sleep(SAMPLE);
            let (now, used) = (Instant::now(), usage::cpu(subject.pid)?);
            let busy = used.saturating_sub(cpu) * 4 > now - at;
            if busy || !request.is_finished() {
                rests_since = now;
            } else if now - rests_since > REST {
                break;
            }
            ensure!(now - start < PATIENCE, "the server did not come to rest within {PATIENCE:?}");
            (at, cpu) = (now, used);
        }
        request.join().expect("the request does not panic")?;
        Ok(rests_since - start)
    })
}
