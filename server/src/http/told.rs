use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::BoxFuture};
use graphql_api::{Message, Operation};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use crate::{
    authentication::{Authenticator, Identity, TokenError},
    metrics::{Metrics, Running, Stream},
};

/// What a stream of answers needs to know of the server.
#[derive(Clone)]
pub(crate) struct StreamContext {
    /// Tells how long a client is who it said it is.
    pub(crate) authenticator: Arc<Authenticator>,
    /// How long a stream is silent before it shows a sign of life.
    pub(crate) keep_alive: Duration,
    /// Some once the server is about to stop: how long connections may take to end.
    pub(crate) stopping: watch::Receiver<Option<Duration>>,
    pub(crate) metrics: Metrics,
}

/// What a stream of answers tells next.
#[derive(Debug)]
pub(super) enum Event {
    /// A subscription to events follows them from after this cursor.
    Started(Arc<str>),
    /// A message of the operation.
    Message(Message),
    /// Nothing happened for a while.
    Silence,
    /// The operation ended.
    Complete,
    /// What the client said of itself holds no longer; the operation would go on.
    Unauthenticated(TokenError),
    /// The server stops; the operation would go on.
    Stopping,
}

/// An operation as a stream tells it. It is asked for more only when what it told was taken, so that a slow reader holds
/// back its own operation and nothing piles up.
pub(super) struct Told {
    operation: Operation,
    has_told_start: bool,
    silence: Silence,
    identity_ends: BoxFuture<'static, TokenError>,
    stopping: watch::Receiver<Option<Duration>>,
    stream: Stream,
    _running: Running,
}

/// Tells when a stream was silent for too long.
pub(super) struct Silence(Interval);

impl Told {
    /// Tells it on a stream of that kind, as long as the identity holds.
    pub(super) fn new(
        operation: Operation,
        identity: &Identity,
        context: &StreamContext,
        stream: &Stream,
    ) -> Self {
        Self {
            operation,
            has_told_start: true,
            silence: Silence::longer_than(context.keep_alive),
            identity_ends: context.authenticator.end_of(identity),
            stopping: context.stopping.clone(),
            stream: stream.clone(),
            _running: stream.run(),
        }
    }

    /// Tells first where it starts.
    pub(super) fn telling_its_start(self) -> Self {
        Self { has_told_start: false, ..self }
    }

    /// Waits for what comes next.
    pub(super) async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            error = &mut self.identity_ends => Event::Unauthenticated(error),
            event = tell(&mut self.operation, &mut self.has_told_start) => {
                self.silence.is_broken();
                if matches!(event, Event::Message(Message::Next(_))) {
                    self.stream.told(1);
                }
                event
            }
            () = stopped(&mut self.stopping) => Event::Stopping,
            () = self.silence.lasts() => Event::Silence,
        }
    }
}

/// Waits for what the operation tells. What is not told yet is not lost when the wait is given up.
async fn tell(operation: &mut Operation, has_told_start: &mut bool) -> Event {
    if !*has_told_start {
        let start = operation.started().await;
        *has_told_start = true;
        if let Some(cursor) = start {
            return Event::Started(cursor);
        }
    }
    operation.next().await.map_or(Event::Complete, Event::Message)
}

impl Silence {
    pub(super) fn longer_than(period: Duration) -> Self {
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(ticks)
    }

    /// Something was told.
    pub(super) fn is_broken(&mut self) {
        self.0.reset();
    }

    /// Waits until nothing was told for a whole period.
    pub(super) async fn lasts(&mut self) {
        self.0.tick().await;
    }
}

/// Waits until the server is about to stop.
pub(super) async fn stopped(stopping: &mut watch::Receiver<Option<Duration>>) {
    // Whoever would tell is gone only when the server is.
    let _ = stopping.wait_for(Option::is_some).await;
}
