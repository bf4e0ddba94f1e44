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

use crate::documents::Documents;

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
    pub(crate) fn new(stream: TcpStream, protocol: Protocol, worker: Rc<Worker>) -> Rc<Self> {
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
            session: RefCell::default(),
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
        if self.hot.phase.get() == Phase::Open {
            self.close.borrow_mut().get_or_insert(close);
            self.wake();
        }
    }

    /// Looks at what a timer was set for; when to look again.
    pub(crate) fn check(&self, check: Check, now: Instant) -> Option<Duration> {
        let settings = self.settings();
        match check {
            Check::Init => {
                if !self.session().is_introduced() {
                    self.close(Close::INIT_TIMEOUT);
                }
                None
            }
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

    /// Sends a message.
    pub(crate) fn send(&self, message: &ServerMessage<'_>) {
        self.worker.with_scratch(|frames| {
            self.hot.protocol.write(message, frames);
            self.send_frames(frames);
        });
    }

    /// Sends an operation's answers, in one write.
    pub(crate) fn tell(&self, id: &Id, answers: &[Answer]) {
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

    pub(crate) fn documents(&self) -> &Documents {
        self.worker.documents()
    }

    pub(crate) fn settings(&self) -> &SocketSettings {
        self.worker.settings()
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
