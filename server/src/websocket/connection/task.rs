//! The connection's task: what it wakes up for, reads and closes.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use socket2::SockRef;
use tokio::{task::yield_now, time::Instant};
use tungstenite::{Error, Message, protocol::WebSocketContext};

use super::{Connection, Phase};
use crate::websocket::{close::Close, session, timer::Check};

/// What the task wakes up for.
enum Wake {
    Close(Close),
    Writable,
    Readable,
    Abandoned,
}

/// What comes after reading.
enum Next {
    Wait,
    /// There may be more to read already.
    Read,
    /// A message waits until keys are read once more.
    Learn,
    End,
}

/// How many messages are read before other sockets have their turn.
const TURN: usize = 32;

/// The same in bytes.
const TURN_BYTES: usize = 64 * 1024;

/// How long a client may take to answer a close frame, or to notice that its connection failed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

impl Connection {
    /// Serves the connection until it is gone.
    pub(crate) async fn run(self: &Rc<Self>, mut frames: Box<WebSocketContext>) {
        let settings = self.settings();
        self.set_timer(Check::Init, settings.init_timeout);
        self.set_timer(Check::KeepAlive, settings.keep_alive);
        let mut next = Next::Read;
        loop {
            next = match next {
                Next::End => break,
                Next::Read => {
                    yield_now().await;
                    self.read(&mut frames)
                }
                Next::Learn => {
                    self.authenticator().learn_keys().await;
                    if let Err(close) = session::go_on(self) {
                        self.close(close);
                    }
                    if self.close.borrow().is_some() { Next::Wait } else { Next::Read }
                }
                Next::Wait => match self.wait().await {
                    Wake::Readable => self.read(&mut frames),
                    Wake::Writable => {
                        self.flush();
                        Next::Read
                    }
                    Wake::Close(close) => self.start_closing(&mut frames, &close, Phase::Closing),
                    Wake::Abandoned => Next::End,
                },
            };
        }
        self.operations().stop_all(self);
    }

    async fn wait(&self) -> Wake {
        poll_fn(|context| self.poll_wake(context)).await
    }

    fn poll_wake(&self, context: &mut Context<'_>) -> Poll<Wake> {
        if self.hot.phase.get() == Phase::Abandoned {
            return Poll::Ready(Wake::Abandoned);
        }
        if let Some(close) = self.close.take() {
            return Poll::Ready(Wake::Close(close));
        }
        let outbox = self.hot.outbox.borrow();
        if !outbox.is_empty() && self.hot.stream.poll_write_ready(context).is_ready() {
            return Poll::Ready(Wake::Writable);
        }
        // A client that asks and does not take the answers is not asked for more.
        if outbox.len() <= self.settings().queue && self.hot.stream.poll_read_ready(context).is_ready() {
            return Poll::Ready(Wake::Readable);
        }
        self.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn read(self: &Rc<Self>, frames: &mut WebSocketContext) -> Next {
        let mut wire = Wire::new(self);
        for _ in 0..TURN {
            if self.hot.phase.get() == Phase::Failed {
                return self.discard();
            }
            match frames.read(&mut wire) {
                Ok(message) => self.take(message),
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return if wire.may_read == 0 { Next::Read } else { Next::Wait };
                }
                Err(Error::ConnectionClosed) => {
                    self.hot.phase.set(Phase::Failed);
                    self.set_timer(Check::Closing, CLOSE_TIMEOUT);
                }
                Err(error) => match Close::after(&error) {
                    Some(close) => return self.start_closing(frames, &close, Phase::Failed),
                    None => return Next::End,
                },
            }
            if self.close.borrow().is_some() {
                return Next::Wait;
            }
            if self.session().waits_for_keys() {
                return Next::Learn;
            }
        }
        Next::Read
    }

    fn take(self: &Rc<Self>, message: Message) {
        self.heard.set(Instant::now());
        self.pinged.set(false);
        if self.hot.phase.get() != Phase::Open {
            return;
        }
        if let Some(client) = self.client()
            && !self.limits().rates.message(client)
        {
            self.limits().refused.rate("messages");
            return self.close(Close::TOO_MANY_MESSAGES);
        }
        match message {
            Message::Text(text) => {
                if let Err(close) = session::take(self, &text) {
                    self.close(close);
                }
            }
            Message::Binary(_) => self.close(Close::bad_message("Binary messages are not spoken here")),
            Message::Close(_) => {
                self.hot.phase.set(Phase::Closing);
                self.operations().stop_all(self);
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    /// Sends a close frame behind what waits.
    fn start_closing(&self, frames: &mut WebSocketContext, close: &Close, phase: Phase) -> Next {
        // The reason may quote what the client sent.
        tracing::debug!(code = close.code, "closing a socket");
        self.metrics().socket_closed(close.code);
        self.operations().stop_all(self);
        // What cannot be written now waits in the outbox, so this does not fail but where the connection is gone.
        let closed = frames.close(&mut Wire::new(self), Some(close.to_frame()));
        self.hot.phase.set(phase);
        self.set_timer(Check::Closing, CLOSE_TIMEOUT);
        match closed {
            Ok(()) => Next::Read,
            Err(_) => Next::End,
        }
    }

    /// Drops what a client still sends, so that it gets to read the close frame: closing the connection
    /// over unread bytes would take that from it.
    fn discard(&self) -> Next {
        if !self.hot.outbox.borrow().is_empty() {
            return Next::Wait;
        }
        // The client sees the end behind the close frame. One that is gone needs to see nothing.
        let _ = SockRef::from(&self.hot.stream).shutdown(Shutdown::Write);
        let mut bytes = [0; 4096];
        match self.hot.stream.try_read(&mut bytes) {
            Ok(0) => Next::End,
            Ok(_) => Next::Read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Next::Wait,
            Err(_) => Next::End,
        }
    }
}

/// The connection's bytes, as the frames' codec reads them, and writes its pongs and close frames.
struct Wire<'c> {
    connection: &'c Connection,
    /// How many bytes are read before other sockets have their turn: a message may be in any number of empty frames.
    may_read: usize,
}

impl<'c> Wire<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self { connection, may_read: TURN_BYTES }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.may_read == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = bytes.len().min(self.may_read);
        let count = self.connection.hot.stream.try_read(&mut bytes[..most])?;
        self.may_read -= count;
        Ok(count)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.connection.hot.outbox.borrow_mut().send(&self.connection.hot.stream, bytes) {
            self.connection.watch_progress();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
