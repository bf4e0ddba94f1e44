use std::io;

use actix_web::rt::net::TcpStream;
use tokio::time::Instant;

/// What is on its way to a client. Bytes go to the kernel at once; only those that it does not take are kept.
#[derive(Default)]
pub(crate) struct Outbox {
    queue: Vec<u8>,
    /// Since when the client has taken nothing, while there is something for it.
    blocked: Option<Instant>,
    /// The connection is broken: nothing can be sent.
    broken: bool,
}

impl Outbox {
    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Since when the client has taken nothing, while there is something for it.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.blocked
    }

    /// Sends bytes behind those that wait, and tells whether some of these wait now.
    pub(crate) fn send(&mut self, stream: &TcpStream, bytes: &[u8]) -> bool {
        if !self.is_empty() {
            self.queue.extend_from_slice(bytes);
            return true;
        }
        let sent = self.try_write(stream, bytes);
        if sent < bytes.len() && !self.broken {
            self.queue.extend_from_slice(&bytes[sent..]);
            self.blocked = Some(Instant::now());
        }
        !self.is_empty()
    }

    /// Keeps bytes to be sent with others.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.queue.extend_from_slice(bytes);
    }

    /// Sends what waits, as far as the kernel takes it.
    pub(crate) fn flush(&mut self, stream: &TcpStream) {
        let mut queue = std::mem::take(&mut self.queue);
        let sent = self.try_write(stream, &queue);
        if sent == queue.len() || self.broken {
            // A queue is rare: its memory is given back.
            self.blocked = None;
            return;
        }
        if sent > 0 || self.blocked.is_none() {
            self.blocked = Some(Instant::now());
        }
        queue.drain(..sent);
        self.queue = queue;
    }

    /// How many bytes the kernel took.
    fn try_write(&mut self, stream: &TcpStream, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            match stream.try_write(&bytes[sent..]) {
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
