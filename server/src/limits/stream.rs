use std::{
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep_until},
};

use super::{
    ClientNetwork, Peer, Permit, TooMany,
    peer::{Reading, TURN},
};

/// A connection that speaks HTTP. It fails when its client takes too long: to send a request, or to take an answer. The web
/// framework itself looks only at the head of the first request, and at the time between two.
pub(crate) struct LimitedStream {
    stream: TcpStream,
    permit: Permit,
    peer: Rc<Peer>,
    /// Set for no later than when the client is late. It is not set anew for each request: most are here at once.
    timer: Option<Pin<Box<Sleep>>>,
    /// How much was read at once.
    turn: usize,
    /// Whether it was told why it is not served.
    is_dismissed: bool,
}

/// The answer to a head that is too large.
const HEAD_TOO_LARGE: &[u8] =
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl LimitedStream {
    pub(super) fn new(stream: TcpStream, permit: Permit, peer: Peer) -> Self {
        Self { stream, permit, peer: Rc::new(peer), timer: None, turn: 0, is_dismissed: false }
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

    /// Reads what a client still sends that was told why it is not served. Closing the connection over unread bytes would
    /// take that from it.
    fn poll_dismissed(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        for _ in 0..16 {
            let mut rest = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut rest) {
                Poll::Ready(Ok(())) if !rest.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(Err(ErrorKind::ConnectionAborted.into())),
                Poll::Pending => return self.poll_late(context).map(Err),
            }
        }
        context.waker().wake_by_ref();
        self.poll_late(context).map(Err)
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
        if self.is_dismissed {
            return self.poll_dismissed(context);
        }
        let most = match self.peer.reading(context.waker()) {
            Reading::Now(most) => most,
            Reading::Later => return self.poll_late(context).map(Err),
            Reading::TooMuch => {
                self.is_dismissed = true;
                self.peer.dismiss();
                // A client that takes not even this is not waited for.
                let _ = self.stream.try_write(HEAD_TOO_LARGE);
                let _ = SockRef::from(&self.stream).shutdown(Shutdown::Write);
                return self.poll_dismissed(context);
            }
        };
        if self.turn >= TURN {
            // What was read is looked at before more is.
            self.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = most.min(TURN - self.turn).min(buffer.remaining());
        let before = buffer.filled().len();
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        let read = Pin::new(&mut self.stream).poll_read(context, &mut part);
        if read.is_pending() {
            self.turn = 0;
            return self.poll_late(context).map(Err);
        }
        let count = part.filled().len();
        buffer.advance(count);
        if count > 0 {
            self.turn += count;
            self.peer.receive(&buffer.filled()[before..]);
        } else if most > 0 {
            self.peer.end();
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
