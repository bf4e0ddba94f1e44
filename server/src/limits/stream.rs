use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep_until},
};

use super::{ClientNetwork, Peer, Permit, TooMany};

/// A connection that speaks HTTP. It fails when its client takes too long: to send a request, or to take an answer. The web
/// framework itself looks only at the head of the first request, and at the time between two.
pub(crate) struct LimitedStream {
    stream: TcpStream,
    permit: Permit,
    peer: Rc<Peer>,
    /// Set for no later than when the client is late. It is not set anew for each request: most are here at once.
    timer: Option<Pin<Box<Sleep>>>,
}

impl LimitedStream {
    pub(super) fn new(stream: TcpStream, permit: Permit, peer: Peer) -> Self {
        Self { stream, permit, peer: Rc::new(peer), timer: None }
    }

    /// What is known of it.
    pub(crate) fn peer(&self) -> &Rc<Peer> {
        &self.peer
    }

    /// Counts it as one of the client on whose behalf a proxy opened it.
    pub(crate) fn count_as(&mut self, client: ClientNetwork) -> Result<(), TooMany> {
        self.permit.count_as(client)
    }

    /// The connection as it is, with what counts it as one.
    pub(crate) fn into_parts(self) -> (TcpStream, Permit) {
        (self.stream, self.permit)
    }

    /// Ready when the client is too late.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let Some(deadline) = self.peer.deadline() else { return Poll::Pending };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if timer.deadline() >= deadline {
                return Poll::Ready(io::Error::new(ErrorKind::TimedOut, "the client took too long"));
            }
            // It was set for a request that came in time.
            self.timer = None;
        }
    }

    /// Tells how much of what is to be sent was taken.
    fn poll_taken(
        &mut self,
        context: &mut Context<'_>,
        taken: Poll<io::Result<usize>>,
        of: usize,
    ) -> Poll<io::Result<usize>> {
        match &taken {
            Poll::Ready(Ok(taken)) => self.peer.take(*taken, of),
            Poll::Pending => {
                self.peer.take(0, of);
                return self.poll_late(context).map(Err);
            }
            Poll::Ready(Err(_)) => {}
        }
        taken
    }
}

impl AsyncRead for LimitedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            return self.poll_late(context).map(Err);
        }
        if buffer.filled().len() > before {
            self.peer.receive();
        }
        read
    }
}

impl AsyncWrite for LimitedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_taken(context, taken, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.poll_taken(context, taken, bytes.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
