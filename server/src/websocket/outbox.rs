use std::io;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::time::Instant;

/// What is on its way to a client. Bytes go to the kernel at once; only those that it does not take are kept. It is small
/// while nothing is: what delivery touches of each socket is what it costs.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: Option<Box<Waiting>>,
    /// The connection is broken: nothing can be sent.
    broken: bool,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Since when the client has taken none of them; `None` before they are tried.
    blocked: Option<Instant>,
}

impl Outbox {
    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.as_ref().map_or(0, |waiting| waiting.bytes.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_none()
    }

    /// Since when the client has taken nothing, while there is something for it.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.waiting.as_ref()?.blocked
    }

    /// Sends bytes behind those that wait, and tells whether some of these wait now.
    pub(crate) fn send(&mut self, stream: &TcpStream, bytes: &[u8]) -> bool {
        if self.waiting.is_none() {
            let sent = self.try_write(stream, bytes);
            if sent == bytes.len() || self.broken {
                return false;
            }
            let bytes = bytes[sent..].to_vec();
            self.waiting = Some(Box::new(Waiting { bytes, blocked: Some(Instant::now()) }));
        } else {
            self.keep(bytes);
        }
        true
    }

    /// Keeps bytes to be sent with others.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.waiting.get_or_insert_default().bytes.extend_from_slice(bytes);
    }

    /// Sends what waits, as far as the kernel takes it.
    pub(crate) fn flush(&mut self, stream: &TcpStream) {
        let Some(mut waiting) = self.waiting.take() else { return };
        let sent = self.try_write(stream, &waiting.bytes);
        if sent == waiting.bytes.len() || self.broken {
            return;
        }
        if sent > 0 || waiting.blocked.is_none() {
            waiting.blocked = Some(Instant::now());
        }
        waiting.bytes.drain(..sent);
        self.waiting = Some(waiting);
    }

    /// How many bytes the kernel took.
    fn try_write(&mut self, stream: &TcpStream, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            match write(stream, &bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    // The reader finds out too, and ends the connection.
                    self.broken = true;
                    break;
                }
            }
        }
        sent
    }
}

/// Writes what the kernel takes. It is asked without a look at what the runtime knows of the socket, which is memory that
/// delivery needs for nothing else; the runtime hears of it when the kernel takes nothing, and waits until it does.
fn write(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match SockRef::from(stream).send(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.try_write(bytes),
        result => result,
    }
}
