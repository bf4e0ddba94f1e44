use std::{thread, time::Duration};

use crate::{
    connection::{Connection, Received},
    frames,
};

/// What is sent, and what comes back.
#[derive(Clone)]
pub(crate) struct Case {
    /// The section and number of the Autobahn suite where it has the case, and what it is.
    pub(crate) name: String,
    /// In frames, or what is meant as such.
    sent: Vec<Vec<u8>>,
    /// How many bytes go out together; a frame each without it.
    piece: Option<usize>,
    expected: Vec<Expected>,
}

/// What must come back.
#[derive(Clone, Debug)]
enum Expected {
    Echo(String),
    Pong(Vec<u8>),
    /// A close frame with one of these codes, and the end of the connection.
    Close(Vec<Option<u16>>),
}

/// The status codes of RFC 6455, section 7.4.1, that a server fails a connection with.
pub(crate) const PROTOCOL_ERROR: u16 = 1002;
pub(crate) const INVALID_TEXT: u16 = 1007;
pub(crate) const TOO_BIG: u16 = 1009;
/// What `graphql-transport-ws` says to what is no message.
pub(crate) const NO_MESSAGE: u16 = 4400;

/// A case that sends nothing yet.
pub(crate) fn case(name: impl Into<String>) -> Case {
    Case { name: name.into(), sent: Vec::new(), piece: None, expected: Vec::new() }
}

impl Case {
    /// Sends a frame.
    pub(crate) fn sends(mut self, frame: Vec<u8>) -> Self {
        self.sent.push(frame);
        self
    }

    /// The text of a message that was sent whole comes back.
    pub(crate) fn echoes(mut self, text: impl Into<String>) -> Self {
        self.expected.push(Expected::Echo(text.into()));
        self
    }

    /// A ping is answered.
    pub(crate) fn pongs(mut self, payload: &[u8]) -> Self {
        self.expected.push(Expected::Pong(payload.to_vec()));
        self
    }

    /// The server closes the connection with this code.
    pub(crate) fn closes(self, code: u16) -> Self {
        self.closes_with_one_of(&[Some(code)])
    }

    /// The same, where the RFC leaves the server a choice.
    pub(crate) fn closes_with_one_of(mut self, codes: &[Option<u16>]) -> Self {
        self.expected.push(Expected::Close(codes.to_vec()));
        self
    }

    /// Sends that many bytes at a time.
    pub(crate) fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.piece = Some(bytes);
        self
    }

    /// The case in each way that TCP may cut it: in one piece, frame by frame, and octet by octet.
    pub(crate) fn however_cut(self) -> [Self; 3] {
        let named = |how: &str| Self { name: format!("{}, {how}", self.name), ..self.clone() };
        [
            named("in one piece").in_pieces_of(usize::MAX),
            named("frame by frame"),
            named("octet by octet").in_pieces_of(1),
        ]
    }

    /// Runs it on a connection of its own.
    pub(crate) fn run(&self, address: &str) {
        let mut connection = Connection::open(address);
        let all = self.sent.concat();
        let pieces: Vec<&[u8]> = match self.piece {
            Some(size) => all.chunks(size).collect(),
            None => self.sent.iter().map(Vec::as_slice).collect(),
        };
        for (number, piece) in pieces.into_iter().enumerate() {
            if number > 0 {
                // Nothing tells when the server has read a piece. Were two read as one, another case is tested.
                thread::sleep(Duration::from_micros(200));
            }
            connection.send(piece);
        }
        for expected in &self.expected {
            expected.check(&connection.next());
        }
        if !matches!(self.expected.last(), Some(Expected::Close(_))) {
            connection.send(&frames::close(1000, b""));
            Expected::Close(vec![Some(1000)]).check(&connection.next());
        }
        // The client's part of the closing handshake (RFC 6455, section 5.5.1), if the server was first.
        connection.send(&frames::close(1000, b""));
        assert_eq!(connection.next(), Received::End, "after the close frame");
    }
}

impl Expected {
    fn check(&self, received: &Received) {
        let met = match (self, received) {
            (Self::Echo(expected), Received::Echo(text)) => expected == text,
            (Self::Pong(expected), Received::Pong(payload)) => expected == payload,
            (Self::Close(expected), Received::Close(code)) => expected.contains(code),
            _ => false,
        };
        assert!(met, "expected {}, and received {}", short(self), short(received));
    }
}

/// Long payloads are of no help.
fn short(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().count() > 300 { text.chars().take(300).chain("...".chars()).collect() } else { text }
}
