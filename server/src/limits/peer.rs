use std::{cell::Cell, net::IpAddr, rc::Rc, task::Waker, time::Duration};

use tokio::time::Instant;

use super::ClientNetwork;

/// What is known of a connection while it speaks HTTP: whose it is, and how far it is with its request.
pub(crate) struct Peer {
    /// Tells the connection from all others.
    pub(crate) id: u64,
    /// Who is at the other end: a client or a proxy.
    pub(crate) address: IpAddr,
    /// Whether that is a proxy whose word is taken.
    pub(crate) is_proxy: bool,
    times: RequestTimes,
    phase: Cell<Phase>,
    /// How much was read since the phase began.
    read: Cell<usize>,
    /// How much was read since the last line came to its end.
    line: Cell<usize>,
    /// What reads from the client, while it waits for another phase.
    reader: Cell<Option<Waker>>,
    /// Since when a request is being received.
    receiving: Cell<Option<Instant>>,
    /// How much was to be sent when the client first took less than there was, and when that was.
    untaken: Cell<Option<(usize, Instant)>>,
    /// Whether the client has ended its side of the connection.
    has_ended: Cell<bool>,
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestTimes {
    /// To send a request, from its first byte to its last.
    pub(crate) to_send: Duration,
    /// To take what is sent to it.
    pub(crate) to_take: Duration,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request.
    Head,
    /// What serves a request, to read its body or to answer without.
    Unread,
    /// The body of a request that is being served.
    Body,
    /// The answer.
    Answer,
    /// The rest of a body that nobody reads; then the connection ends.
    Rest,
}

/// Whether more is read from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// At most so many bytes.
    Now(usize),
    /// Not before what came is done with.
    Later,
    /// It sends a head that has no end.
    TooMuch,
}

/// The most bytes of a request's head, the most that are read ahead of what is being served, and the most that are read at
/// once.
const HEAD: usize = 32 * 1024;
const AHEAD: usize = 8 * 1024;
pub(super) const TURN: usize = 16 * 1024;

/// The most bytes of a line in a head, and behind it, that were read with the requests before. With what is read at once it
/// stays below the 64 KiB at which the web framework panics over the length of a header's name.
const LINE: usize = 40 * 1024;

/// How much longer a connection is kept than its request may take, to tell the client so.
const GRACE: Duration = Duration::from_secs(1);

/// A request that is being served until this is dropped.
pub(crate) struct InService(Rc<Peer>);

impl Peer {
    pub(crate) fn new(id: u64, address: IpAddr, is_proxy: bool, times: RequestTimes) -> Self {
        Self {
            id,
            address,
            is_proxy,
            times,
            phase: Cell::new(Phase::Head),
            read: Cell::new(0),
            line: Cell::new(0),
            reader: Cell::new(None),
            receiving: Cell::new(None),
            untaken: Cell::new(None),
            has_ended: Cell::new(false),
        }
    }

    /// Who counts as the client, if this is no proxy.
    pub(crate) fn network(&self) -> ClientNetwork {
        self.address.into()
    }

    /// A request's head has come, and it is being served.
    pub(crate) fn serve(self: &Rc<Self>, has_body: bool) -> InService {
        self.enter(Phase::Unread);
        if !has_body {
            self.has_received();
        }
        InService(Rc::clone(self))
    }

    /// The body is read from now on; when the request must have come to its end.
    pub(crate) fn read_body(&self) -> Instant {
        self.enter(Phase::Body);
        self.receiving.get().unwrap_or_else(Instant::now) + self.times.to_send
    }

    /// The request has come to its end.
    pub(crate) fn has_received(&self) {
        if self.phase.get() == Phase::Body {
            // A body is no line. What was read behind it came at once with its end.
            self.line.set(self.line.get().min(TURN));
        }
        self.enter(Phase::Answer);
        self.receiving.set(None);
    }

    /// Whether the request that is being served has not come to its end.
    fn is_receiving(&self) -> bool {
        matches!(self.phase.get(), Phase::Unread | Phase::Body)
    }

    /// Whether more is read from the client. If that is for later, the reader is woken then.
    pub(super) fn reading(&self, reader: &Waker) -> Reading {
        let read = self.read.get();
        match self.phase.get() {
            Phase::Head if read >= HEAD || self.line.get() >= LINE => Reading::TooMuch,
            Phase::Head => Reading::Now(TURN.min(HEAD - read)),
            Phase::Unread | Phase::Answer if read >= AHEAD || self.line.get() >= LINE => {
                self.reader.set(Some(reader.clone()));
                Reading::Later
            }
            Phase::Unread | Phase::Answer => Reading::Now(AHEAD - read),
            Phase::Body | Phase::Rest => Reading::Now(TURN),
        }
    }

    /// The client is told that it sends too much, and has a moment to read that.
    pub(super) fn dismiss(&self) {
        self.enter(Phase::Rest);
        self.receiving.set(Instant::now().checked_sub(self.times.to_send));
    }

    /// Bytes came.
    pub(super) fn receive(&self, bytes: &[u8]) {
        self.read.set(self.read.get() + bytes.len());
        // Only the length of the last line matters, and of one that goes on.
        self.line.set(match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => bytes.len() - end - 1,
            None => self.line.get() + bytes.len(),
        });
        if self.receiving.get().is_none() {
            self.receiving.set(Some(Instant::now()));
        }
    }

    /// The client ended its side of the connection.
    pub(super) fn end(&self) {
        self.has_ended.set(true);
    }

    /// Some of the bytes that are to be sent were taken.
    pub(super) fn take(&self, taken: usize, of: usize) {
        let left = of - taken;
        self.untaken.set(match self.untaken.get() {
            _ if left == 0 => None,
            Some((before, since)) if taken < before => Some((before - taken, since)),
            // What waited then was taken. What came behind it has a time of its own.
            _ => Some((left, Instant::now())),
        });
    }

    /// When the client is too late with something, as it is now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        // One that waits for an answer may be ahead with its next request.
        let receiving = self.receiving.get().filter(|_| self.phase.get() != Phase::Answer);
        let receiving = receiving.map(|since| since + self.times.to_send + GRACE);
        let taking = self.untaken.get().map(|(_, since)| since + self.times.to_take);
        receiving.into_iter().chain(taking).min()
    }

    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.read.set(0);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl InService {
    /// Whether it has not come to its end.
    pub(crate) fn is_receiving(&self) -> bool {
        self.0.is_receiving()
    }

    /// Whether the client has ended its side of the connection. What reads from the client is polled before what answers
    /// it, in the same task: whoever asks here when polled need not be woken.
    pub(super) fn client_has_ended(&self) -> bool {
        self.0.has_ended.get()
    }
}

impl Drop for InService {
    fn drop(&mut self) {
        let peer = &self.0;
        if peer.is_receiving() {
            // What is left of a body that was not read must come in its time all the same.
            return peer.enter(Phase::Rest);
        }
        peer.enter(Phase::Head);
        if peer.receiving.get().is_some() {
            peer.receiving.set(Some(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: RequestTimes =
        RequestTimes { to_send: Duration::from_secs(15), to_take: Duration::from_mins(2) };

    fn peer() -> Rc<Peer> {
        Rc::new(Peer::new(0, IpAddr::from([127, 0, 0, 1]), false, TIMES))
    }

    fn left(peer: &Peer) -> Option<Duration> {
        peer.deadline().map(|deadline| deadline - Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_its_time_from_its_first_byte_to_its_last() {
        let peer = peer();
        assert_eq!(left(&peer), None, "nothing was sent");
        peer.receive(&[b'a'; 10]);
        tokio::time::advance(Duration::from_secs(10)).await;
        peer.receive(&[b'a'; 10]);
        assert_eq!(left(&peer), Some(Duration::from_secs(5) + GRACE));
        let service = peer.serve(true);
        assert_eq!(left(&peer), Some(Duration::from_secs(5) + GRACE), "its body is part of it");
        peer.has_received();
        assert_eq!(left(&peer), None);
        drop(service);
        assert_eq!(left(&peer), None, "idle");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_reads_has_no_more_time() {
        let peer = peer();
        peer.receive(&[b'a'; 10]);
        tokio::time::advance(Duration::from_secs(14)).await;
        drop(peer.serve(true));
        peer.receive(&[b'a'; 10]);
        assert_eq!(left(&peer), Some(Duration::from_secs(1) + GRACE));
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_before_the_answer_has_its_time_from_then_on() {
        let peer = peer();
        peer.receive(&[b'a'; 10]);
        let service = peer.serve(false);
        peer.receive(&[b'a'; 10]);
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(left(&peer), None, "the answer is late, and not the client");
        drop(service);
        assert_eq!(left(&peer), Some(TIMES.to_send + GRACE));
    }

    #[test]
    fn no_more_is_read_than_a_head_may_have_and_a_little_ahead() {
        let (peer, reader) = (peer(), Waker::noop());
        let lines = |count: usize| b"a\n".repeat(count / 2);
        assert_eq!(peer.reading(reader), Reading::Now(TURN));
        peer.receive(&lines(HEAD - 2));
        assert_eq!(peer.reading(reader), Reading::Now(2));
        let service = peer.serve(true);
        assert_eq!(peer.reading(reader), Reading::Now(AHEAD));
        peer.receive(&lines(AHEAD));
        assert_eq!(peer.reading(reader), Reading::Later, "nobody has asked for the body");
        peer.read_body();
        peer.receive(&"a".repeat(1_000_000).into_bytes());
        assert_eq!(peer.reading(reader), Reading::Now(TURN), "bodies have a limit of their own");
        peer.has_received();
        peer.receive(&lines(AHEAD));
        assert_eq!(peer.reading(reader), Reading::Later, "the answer comes first");
        drop(service);
        assert_eq!(peer.reading(reader), Reading::Now(TURN));
        peer.receive(&lines(HEAD));
        assert_eq!(peer.reading(reader), Reading::TooMuch);
    }

    #[test]
    fn a_line_behind_many_requests_is_no_longer_than_behind_one() {
        let (peer, reader) = (peer(), Waker::noop());
        let mut line = 0;
        while let Reading::Now(most) = peer.reading(reader) {
            peer.receive(&vec![b'a'; most]);
            line += most;
            drop(peer.serve(false));
        }
        assert_eq!(peer.reading(reader), Reading::TooMuch);
        assert!(line <= LINE + TURN, "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_must_be_taken() {
        let peer = peer();
        peer.take(10, 100);
        tokio::time::advance(Duration::from_mins(1)).await;
        peer.take(80, 190);
        assert_eq!(left(&peer), Some(Duration::from_mins(1)), "10 of the first 90 are left");
        peer.take(20, 110);
        assert_eq!(left(&peer), Some(Duration::from_mins(2)), "90 others wait since now");
        peer.take(90, 90);
        assert_eq!(left(&peer), None);
    }
}
