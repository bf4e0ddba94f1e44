use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use actix_web::rt;
use graphql_api::Api;
use slab::Slab;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use super::{
    SocketSettings,
    close::Close,
    connection::Connection,
    hub::Hub,
    timer::{Check, Timer},
};
use crate::{
    authentication::{Authenticator, KeySet},
    documents::Documents,
    http::ServerState,
    limits::Limits,
    metrics::{Metrics, QueueSample},
};

/// What the sockets of one thread share.
pub(crate) struct Worker {
    state: Arc<ServerState>,
    hub: Rc<Hub>,
    timer: Rc<Timer>,
    connections: RefCell<Slab<Weak<Connection>>>,
    /// Whether no socket is opened any more.
    is_stopping: Cell<bool>,
    /// Where frames are made.
    scratch: RefCell<Vec<u8>>,
}

/// A socket that is being served.
pub(crate) struct OpenSocket {
    worker: Rc<Worker>,
    key: usize,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.worker.connections.borrow_mut().remove(self.key);
        self.worker.state.open_sockets.remove();
    }
}

/// In how many steps connections are closed when the server stops.
const STEPS: u32 = 32;

/// The most memory that is kept for making frames.
const SCRATCH: usize = 64 * 1024;

impl Worker {
    /// Starts what serves the sockets of this thread. They are closed when `stopping` tells how long that may take.
    pub(crate) fn start(state: Arc<ServerState>, stopping: watch::Receiver<Option<Duration>>) -> Rc<Self> {
        let worker = Rc::new(Self {
            state,
            hub: Hub::new(),
            timer: Timer::start(),
            connections: RefCell::default(),
            is_stopping: Cell::new(false),
            scratch: RefCell::default(),
        });
        rt::spawn(close_all(Rc::downgrade(&worker), stopping));
        if let Some(keys) = worker.state.authenticator.keys() {
            rt::spawn(close_revoked(Rc::downgrade(&worker), keys));
        }
        rt::spawn(tell_queues(Rc::downgrade(&worker), worker.state.metrics.ask_worker()));
        worker
    }

    /// Keeps the connection in mind until what this returns is dropped.
    pub(crate) fn open_socket(self: &Rc<Self>, connection: &Rc<Connection>) -> OpenSocket {
        self.state.open_sockets.add();
        self.state.metrics.socket_opened();
        if self.is_stopping.get() {
            connection.close(Close::RESTART);
        }
        let key = self.connections.borrow_mut().insert(Rc::downgrade(connection));
        OpenSocket { worker: Rc::clone(self), key }
    }

    /// Makes frames in memory that is used for nothing else meanwhile.
    pub(crate) fn with_scratch<T>(&self, make: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut scratch = self.scratch.take();
        let result = make(&mut scratch);
        scratch.clear();
        scratch.shrink_to(SCRATCH);
        self.scratch.replace(scratch);
        result
    }

    pub(crate) fn set_timer(&self, connection: &Weak<Connection>, check: Check, delay: Duration) {
        self.timer.set(connection, check, delay);
    }

    pub(crate) fn hub(&self) -> &Rc<Hub> {
        &self.hub
    }

    pub(crate) fn api(&self) -> &Api {
        &self.state.api
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.state.documents
    }

    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.state.authenticator
    }

    /// Whether pages of this origin may open sockets.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        self.state.origins.allows(origin)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.state.edge
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.state.metrics
    }

    pub(crate) fn settings(&self) -> &SocketSettings {
        &self.state.sockets
    }
}

/// Tells what this thread's sockets have not taken, whenever it is asked.
async fn tell_queues(worker: Weak<Worker>, mut questions: mpsc::Receiver<oneshot::Sender<QueueSample>>) {
    while let Some(question) = questions.recv().await {
        let Some(worker) = worker.upgrade() else { return };
        let mut sample = QueueSample::default();
        for connection in
            worker.connections.borrow().iter().filter_map(|(_, connection)| connection.upgrade())
        {
            if !connection.is_free() {
                sample.behind += 1;
                sample.bytes += connection.waiting();
            }
        }
        // Whoever asked may be gone.
        let _ = question.send(sample);
    }
}

/// Closes all connections when the server stops, spread over the time that it may take, so that the clients come back
/// one after another.
async fn close_all(worker: Weak<Worker>, mut stopping: watch::Receiver<Option<Duration>>) {
    let Ok(time) = stopping.wait_for(Option::is_some).await.map(|time| time.unwrap_or_default()) else {
        return;
    };
    let connections: Vec<_> = match worker.upgrade() {
        Some(worker) => {
            worker.is_stopping.set(true);
            worker.connections.borrow().iter().map(|(_, connection)| connection.clone()).collect()
        }
        None => return,
    };
    // Clients take a moment to answer.
    let pause = time.mul_f64(0.7) / STEPS;
    for some in connections.chunks(connections.len().div_ceil(STEPS as usize).max(1)) {
        for connection in some.iter().filter_map(Weak::upgrade) {
            connection.close(Close::RESTART);
        }
        sleep(pause).await;
    }
}

/// Closes connections whose tokens' keys are in use no longer, each time that the keys change.
async fn close_revoked(worker: Weak<Worker>, mut keys: watch::Receiver<Arc<KeySet>>) {
    while keys.changed().await.is_ok() {
        let Some(worker) = worker.upgrade() else { return };
        let keys = Arc::clone(&keys.borrow_and_update());
        let connections: Vec<_> =
            worker.connections.borrow().iter().filter_map(|(_, connection)| connection.upgrade()).collect();
        for connection in connections {
            connection.check_key(&keys);
        }
    }
}
