//! What the server counts and tells at `/metrics`, in the text format that `OpenMetrics` specifies and Prometheus reads. No
//! label has a value that clients choose.
//!
//! What delivery counts costs it one addition for each batch and channel. What can be asked for when somebody looks is not
//! counted at all: `sample` asks the connections, the workers and the database, and `process` the system.

mod process;
mod sample;

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::StatusCode;
use graphql_api::{Message, OperationKind};
use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};
use tokio::sync::{mpsc, oneshot};

use self::process::ProcessCollector;
pub(crate) use self::sample::{QueueSample, Sample};
use crate::limits::Refused;

/// What is counted. Clones count together.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Counted>);

struct Counted {
    registry: Registry,
    /// By class, from 1xx on.
    requests: [Counter; 5],
    operations: Family<[(&'static str, &'static str); 2], Counter>,
    sockets_opened: Counter,
    sockets_closed: Family<[(&'static str, u16); 1], Counter>,
    sockets: Stream,
    event_streams: Stream,
    multipart: Stream,
    sampled: sample::Sampled,
    /// Where each worker is asked what its sockets have not taken.
    workers: Mutex<Vec<mpsc::Sender<oneshot::Sender<QueueSample>>>>,
}

/// How operations are told as they go on, and how many and how much that is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    running: Gauge,
    messages: Counter,
}

/// An operation that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Gauge);

/// What became of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// It was answered in one piece, without errors.
    Answered,
    /// It was answered in one piece, with errors.
    Failed,
    /// It is told as it goes on.
    Started,
    /// It was not executed.
    Refused,
}

impl Outcome {
    /// What an answer in one piece tells.
    pub(crate) fn of(message: &Message) -> Self {
        match message {
            Message::Next(answer) if !answer.has_errors() => Self::Answered,
            Message::Next(_) | Message::Error(_) => Self::Failed,
        }
    }
}

impl Metrics {
    /// Nothing was counted yet but what the limits refuse.
    pub(crate) fn new(refused: &Refused) -> Self {
        let mut whole = Registry::default();
        whole.register_collector(Box::new(ProcessCollector));
        let registry = whole.sub_registry_with_prefix("ordercast");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", build);

        let statuses = Family::<[(&'static str, &'static str); 1], Counter>::default();
        let requests = ["1xx", "2xx", "3xx", "4xx", "5xx"]
            .map(|class| statuses.get_or_create_owned(&[("status", class)]));
        registry.register("requests", "Requests over HTTP, by the class of the answer's status", statuses);
        let operations = Family::default();
        let help = "Operations, by their kind and what became of them";
        registry.register("operations", help, operations.clone());
        registry.register(
            "connections_refused",
            "Connections, and requests by way of proxies, that were over a limit",
            refused.connections.clone(),
        );
        let help = "Operations, handshakes and messages that exceeded a rate";
        registry.register("rate_limited", help, refused.rates.clone());

        let sockets_opened = Counter::default();
        registry.register("sockets_opened", "WebSockets that were opened", sockets_opened.clone());
        let sockets_closed = Family::default();
        let help = "WebSockets that the server closed, by the code";
        registry.register("sockets_closed", help, sockets_closed.clone());

        let running = Family::<[(&'static str, &'static str); 1], Gauge>::default();
        let messages = Family::<[(&'static str, &'static str); 1], Counter>::default();
        let stream = |transport| Stream {
            running: running.get_or_create_owned(&[("transport", transport)]),
            messages: messages.get_or_create_owned(&[("transport", transport)]),
        };
        let [sockets, event_streams, multipart] = ["websocket", "sse", "multipart"].map(stream);
        registry.register("operations_running", "Operations that are told as they go on", running);
        registry.register("messages", "Answers of such operations that were told", messages);
        let sampled = sample::Sampled::register(registry);
        Self(Arc::new(Counted {
            registry: whole,
            requests,
            operations,
            sockets_opened,
            sockets_closed,
            sockets,
            event_streams,
            multipart,
            sampled,
            workers: Mutex::default(),
        }))
    }

    /// A request was answered.
    pub(crate) fn request(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100);
        if let Some(counter) = class.checked_sub(1).and_then(|class| self.0.requests.get(class)) {
            counter.inc();
        }
    }

    /// An operation came; `None` where its kind did not become known.
    pub(crate) fn operation(&self, kind: Option<OperationKind>, outcome: Outcome) {
        let kind = match kind {
            Some(OperationKind::Query) => "query",
            Some(OperationKind::Mutation) => "mutation",
            Some(OperationKind::Subscription) => "subscription",
            None => "unknown",
        };
        let outcome = match outcome {
            Outcome::Answered => "answered",
            Outcome::Failed => "failed",
            Outcome::Started => "started",
            Outcome::Refused => "refused",
        };
        self.0.operations.get_or_create(&[("kind", kind), ("outcome", outcome)]).inc();
    }

    pub(crate) fn socket_opened(&self) {
        self.0.sockets_opened.inc();
    }

    /// The server closed a WebSocket.
    pub(crate) fn socket_closed(&self, code: u16) {
        self.0.sockets_closed.get_or_create(&[("code", code)]).inc();
    }

    /// Operations on WebSockets.
    pub(crate) fn sockets(&self) -> &Stream {
        &self.0.sockets
    }

    /// Operations told as server-sent events.
    pub(crate) fn event_streams(&self) -> &Stream {
        &self.0.event_streams
    }

    /// Operations told in parts.
    pub(crate) fn multipart(&self) -> &Stream {
        &self.0.multipart
    }

    /// Has a worker asked for what its sockets have not taken, on what this returns.
    pub(crate) fn ask_worker(&self) -> mpsc::Receiver<oneshot::Sender<QueueSample>> {
        let (ask, questions) = mpsc::channel(4);
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner).push(ask);
        questions
    }

    /// Everything, as text.
    pub(crate) fn to_text(&self, sample: &Sample) -> Result<String, std::fmt::Error> {
        self.0.sampled.set(sample);
        let mut text = String::new();
        text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    fn workers(&self) -> Vec<mpsc::Sender<oneshot::Sender<QueueSample>>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stream {
    /// An operation is under way.
    pub(crate) fn run(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    /// The same, where that it ends is told by [`Self::ended`].
    pub(crate) fn began(&self) {
        self.running.inc();
    }

    pub(crate) fn ended(&self, count: usize) {
        self.running.dec_by(i64::try_from(count).unwrap_or_default());
    }

    /// So many answers were told.
    pub(crate) fn told(&self, count: usize) {
        self.messages.inc_by(u64::try_from(count).unwrap_or_default());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}
