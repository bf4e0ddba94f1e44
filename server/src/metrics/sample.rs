use std::{sync::atomic::AtomicU64, time::Duration};

use persistence::{ConnectionPool, LogProgress};
use prometheus_client::{
    metrics::gauge::Gauge,
    registry::{Registry, Unit},
};
use tokio::{sync::oneshot, time::timeout};

use crate::http::ServerState;

/// What is asked for when somebody looks.
pub(crate) struct Sample {
    connections: usize,
    accepted: u64,
    sockets: usize,
    queues: QueueSample,
    pool: ConnectionPool,
    /// `None` while the database does not tell.
    log: Option<LogProgress>,
}

/// What a worker's sockets have not taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueSample {
    /// Sockets for which something waits.
    pub(crate) behind: usize,
    /// Bytes that wait.
    pub(crate) bytes: usize,
}

/// What was sampled last.
pub(super) struct Sampled {
    http: Gauge,
    sockets: Gauge,
    accepted: Gauge<u64, AtomicU64>,
    behind: Gauge,
    queued: Gauge,
    pool_open: Gauge,
    pool_idle: Gauge,
    position: Gauge,
    lag: Gauge,
}

/// How long the database and a busy worker may take to tell.
const PATIENCE: Duration = Duration::from_secs(2);

impl Sample {
    pub(crate) async fn take(state: &ServerState) -> Self {
        let mut queues = QueueSample::default();
        for worker in state.metrics.workers() {
            let (answer, told) = oneshot::channel();
            if worker.try_send(answer).is_ok()
                && let Ok(Ok(sample)) = timeout(PATIENCE, told).await
            {
                queues.behind += sample.behind;
                queues.bytes += sample.bytes;
            }
        }
        let log = timeout(PATIENCE, state.log.progress()).await;
        Self {
            connections: state.edge.connections.open(),
            accepted: state.edge.connections.accepted(),
            sockets: state.open_sockets.count(),
            queues,
            pool: state.database.connections(),
            log: log.ok().and_then(Result::ok),
        }
    }
}

impl Sampled {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let sampled = Self {
            http: gauge("connections_http", "Open connections that speak HTTP, event streams among them"),
            sockets: gauge("connections_websocket", "Open WebSockets"),
            behind: gauge("sockets_behind", "WebSockets whose clients have not taken all that was sent"),
            pool_open: gauge("database_connections", "Open connections to the database that serve requests"),
            pool_idle: gauge("database_connections_idle", "Those of them that nothing uses"),
            position: gauge(
                "order_log_position",
                "The position in the order log that clients are told up to",
            ),
            lag: gauge("order_log_lag", "Positions of the order log that are not read yet"),
            queued: Gauge::default(),
            accepted: Gauge::default(),
        };
        let help = "Memory of what waits for WebSockets' clients";
        registry.register_with_unit("sockets_queued", help, Unit::Bytes, sampled.queued.clone());
        let help = "Connections that came since the start, with those that were refused";
        registry.register("connections_accepted", help, sampled.accepted.clone());
        sampled
    }

    pub(super) fn set(&self, sample: &Sample) {
        let set = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        set(&self.http, sample.connections.saturating_sub(sample.sockets));
        set(&self.sockets, sample.sockets);
        self.accepted.set(sample.accepted);
        set(&self.behind, sample.queues.behind);
        set(&self.queued, sample.queues.bytes);
        set(&self.pool_open, sample.pool.open);
        set(&self.pool_idle, sample.pool.idle);
        if let Some(log) = &sample.log {
            self.position.set(log.told.0);
            self.lag.set((log.newest.0 - log.told.0).max(0));
        }
    }
}
