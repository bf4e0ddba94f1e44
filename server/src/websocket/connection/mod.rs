mod task;

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::{Rc, Weak},
    task::Waker,
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use graphql_api::{Answer, Api};
use tokio::{sync::Notify, time::Instant};

use crate::{
    authentication::{Authenticator, KeySet, TokenError, Validity},
    documents::Documents,
    limits::{Client, Limits, Permit},
    metrics::Metrics,
};

use super::{
    SocketSettings,
    close::Close,
    hub::Hub,
    operations::{Id, Operations},
    outbox::Outbox,
    protocol::{Protocol, ServerMessage},
    session::Session,
    timer::Check,
    worker::Worker,
};

/// A WebSocket: its one task reads what the client says, and writes what the client did not take at once.
pub(crate) struct Connection {
    hot: Hot,
    this: Weak<Self>,
    worker: Rc<Worker>,
    /// Counts it as a connection of its client.
    permit: Permit,
    session: RefCell<Session>,
    operations: RefCell<Operations>,
    /// Tells that the outbox is empty.
    drained: Notify,
    /// Whether a timer looks at the outbox.
    is_watched: Cell<bool>,
    /// Why the connection is to be closed.
    close: RefCell<Option<Close>>,
    /// When the client was last heard of.
    heard: Cell<Instant>,
    /// Whether it was pinged since.
    pinged: Cell<bool>,
    /// The task, while it waits.
    waker: RefCell<Option<Waker>>,
}

/// What delivery touches, on a cache line of its own: with many sockets that is what it costs.
#[repr(align(64))]
struct Hot {
    stream: TcpStream,
    outbox: RefCell<Outbox>,
    protocol: Protocol,
    phase: Cell<Phase>,
    has_several_operations: Cell<bool>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// One side has sent its close frame, and waits for the other's (RFC 6455, section 7.1.2).
    Closing,
    /// Both have, or the client broke the rules: what it sends is no longer read as frames (section 7.1.7).
    Failed,
    /// Nobody waits for the client any more.
    Abandoned,
}

/// A ping without payload (RFC 6455, section 5.5.2).
const PING: [u8; 2] = [0x89, 0];

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        permit: Permit,
        protocol: Protocol,
        session: Session,
        worker: Rc<Worker>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            hot: Hot {
                stream,
                outbox: RefCell::default(),
                protocol,
                phase: Cell::new(Phase::Open),
                has_several_operations: Cell::new(false),
            },
            this: this.clone(),
            worker,
            permit,
            session: session.into(),
            operations: RefCell::default(),
            drained: Notify::new(),
            is_watched: Cell::new(false),
            close: RefCell::default(),
            heard: Cell::new(Instant::now()),
            pinged: Cell::new(false),
            waker: RefCell::default(),
        })
    }

    /// Has the connection closed, for the first reason that is given.
    pub(crate) fn close(&self, close: Close) {
        if self.hot.phase.get() == Phase::Open && self.close.borrow().is_none() {
            if close.is_forbidden() {
                self.send(&ServerMessage::ConnectionError { message: &close.reason });
            }
            self.close.replace(Some(close));
            self.wake();
        }
    }

    /// Closes the connection if the key of the client's token is not one of these.
    pub(crate) fn check_key(&self, keys: &KeySet) {
        let validity = self.session().validity();
        if validity.is_some_and(|validity| !keys.contains(validity.key)) {
            self.close(Close::forbidden(TokenError::Revoked));
        }
    }

    /// Looks at what a timer was set for; when to look again.
    pub(crate) fn check(&self, check: Check, now: Instant) -> Option<Duration> {
        let settings = self.settings();
        match check {
            Check::Init => {
                if !self.session().has_introduced_itself() {
                    self.close(Close::INIT_TIMEOUT);
                }
                None
            }
            Check::Token => self.check_token(),
            Check::KeepAlive if self.hot.phase.get() != Phase::Open => None,
            Check::KeepAlive => {
                let silent = now.saturating_duration_since(self.heard.get());
                if silent < settings.keep_alive {
                    return Some(settings.keep_alive.saturating_sub(silent));
                }
                if self.pinged.replace(true) {
                    self.abandon();
                    return None;
                }
                self.send_frames(&PING);
                self.send(&ServerMessage::KeepAlive);
                Some(settings.pong_timeout)
            }
            Check::Progress => {
                let since = self.hot.outbox.borrow().blocked_since();
                self.is_watched.set(since.is_some());
                let blocked = now.saturating_duration_since(since?);
                if blocked < settings.slow_timeout {
                    return Some(settings.slow_timeout.saturating_sub(blocked));
                }
                self.close(Close::SLOW_CONSUMER);
                None
            }
            Check::Closing => {
                self.abandon();
                None
            }
        }
    }

    /// Tells the client once that its token ends soon, and closes the connection when it has; when to look again.
    fn check_token(&self) -> Option<Duration> {
        let left = self.session().validity()?.time_left();
        if left.is_zero() {
            self.close(Close::forbidden(TokenError::Expired));
            return None;
        }
        let early = left.saturating_sub(self.authenticator().warning());
        if !early.is_zero() {
            return Some(early);
        }
        let ends = self.session().end_to_warn_of();
        if let Some(ends) = ends {
            self.send(&ServerMessage::Expiry { ends: &ends });
        }
        Some(left)
    }

    /// Looks at the client's token when it is about to end.
    pub(crate) fn watch_token(&self) {
        let left = self.session().validity().map(Validity::time_left);
        if let Some(left) = left {
            self.set_timer(Check::Token, left.saturating_sub(self.authenticator().warning()));
        }
    }

    /// Sends a message.
    pub(crate) fn send(&self, message: &ServerMessage<'_>) {
        self.worker.with_scratch(|frames| {
            self.hot.protocol.write(message, frames);
            self.send_frames(frames);
        });
    }

    /// Sends an operation's answers, in one write.
    pub(crate) fn tell(&self, id: &Id, answers: &[Answer]) {
        self.metrics().sockets().told(answers.len());
        self.worker.with_scratch(|frames| {
            self.write_answers(id, answers, frames);
            self.send_frames(frames);
        });
    }

    /// Keeps frames to be sent with others by [`Self::flush`], and tells whether they are the first.
    pub(crate) fn keep(&self, frames: &[u8]) -> bool {
        let mut outbox = self.hot.outbox.borrow_mut();
        let is_first = outbox.is_empty();
        if self.hot.phase.get() == Phase::Open {
            outbox.keep(frames);
        }
        is_first
    }

    /// Sends what waits, as far as the client takes it.
    pub(crate) fn flush(&self) {
        self.hot.outbox.borrow_mut().flush(&self.hot.stream);
        if self.hot.outbox.borrow().is_empty() {
            self.drained.notify_waiters();
        } else {
            self.watch_progress();
        }
    }

    /// Waits until the client has taken all that was sent.
    pub(crate) async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            if self.hot.outbox.borrow().is_empty() {
                return;
            }
            drained.await;
        }
    }

    /// Whether there is nothing that waits for the client.
    pub(crate) fn is_free(&self) -> bool {
        self.hot.outbox.borrow().is_empty()
    }

    /// Whether the client has not taken all that was sent.
    pub(crate) fn is_blocked(&self) -> bool {
        self.hot.outbox.borrow().blocked_since().is_some()
    }

    /// How many bytes wait for the client.
    pub(crate) fn waiting(&self) -> usize {
        self.hot.outbox.borrow().len()
    }

    /// Whether more may wait for the client.
    pub(crate) fn has_room(&self) -> bool {
        self.hot.outbox.borrow().len() <= self.settings().queue
    }

    pub(crate) fn has_several_operations(&self) -> bool {
        self.hot.has_several_operations.get()
    }

    pub(crate) fn set_has_several_operations(&self, has: bool) {
        self.hot.has_several_operations.set(has);
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.hot.protocol
    }

    pub(crate) fn session(&self) -> RefMut<'_, Session> {
        self.session.borrow_mut()
    }

    pub(crate) fn operations(&self) -> RefMut<'_, Operations> {
        self.operations.borrow_mut()
    }

    pub(crate) fn hub(&self) -> &Rc<Hub> {
        self.worker.hub()
    }

    pub(crate) fn api(&self) -> &Api {
        self.worker.api()
    }

    pub(crate) fn authenticator(&self) -> &Authenticator {
        self.worker.authenticator()
    }

    pub(crate) fn documents(&self) -> &Documents {
        self.worker.documents()
    }

    pub(crate) fn settings(&self) -> &SocketSettings {
        self.worker.settings()
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.worker.limits()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        self.worker.metrics()
    }

    /// Who is at the other end, as limits count them.
    pub(crate) fn client(&self) -> Option<Client> {
        self.permit.client()
    }

    fn write_answers(&self, id: &Id, answers: &[Answer], frames: &mut Vec<u8>) {
        for answer in answers {
            self.hot.protocol.write(&ServerMessage::Next { id, payload: &answer.json }, frames);
        }
    }

    /// Sends frames.
    pub(crate) fn send_frames(&self, frames: &[u8]) {
        if self.hot.phase.get() == Phase::Open && self.hot.outbox.borrow_mut().send(&self.hot.stream, frames)
        {
            self.watch_progress();
        }
    }

    /// Has the task send what waits when the client takes more, and a timer see that it does.
    fn watch_progress(&self) {
        self.wake();
        if !self.is_watched.replace(true) {
            self.set_timer(Check::Progress, self.settings().slow_timeout);
        }
    }

    fn set_timer(&self, check: Check, delay: Duration) {
        self.worker.set_timer(&self.this, check, delay);
    }

    fn abandon(&self) {
        self.hot.phase.set(Phase::Abandoned);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
