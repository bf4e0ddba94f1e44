use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
};

use crate::PATIENCE;

/// What someone sends who means no good, byte for byte, and what comes of it.
#[derive(Clone)]
pub struct AbuseCase {
    /// What it is.
    pub name: String,
    sent: Vec<u8>,
    expected: Vec<u16>,
    containing: Vec<&'static str>,
    without: Vec<&'static str>,
}

/// An answer as it is on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct RawAnswer {
    /// Its status.
    pub status: u16,
    /// Its status line and headers.
    pub head: String,
    /// Its body.
    pub body: String,
}

/// A case that sends these bytes on a connection of its own, and then nothing more.
pub fn abuse(name: impl Into<String>, sent: impl Into<Vec<u8>>) -> AbuseCase {
    AbuseCase {
        name: name.into(),
        sent: sent.into(),
        expected: Vec::new(),
        containing: Vec::new(),
        without: Vec::new(),
    }
}

impl AbuseCase {
    /// It is answered with these statuses, one after another, and then the connection ends.
    #[must_use]
    pub fn answers(mut self, statuses: &[u16]) -> Self {
        self.expected = statuses.to_vec();
        self
    }

    /// The connection ends without an answer.
    #[must_use]
    pub fn ends(self) -> Self {
        self.answers(&[])
    }

    /// The last answer has this text, in its head or its body.
    #[must_use]
    pub fn containing(mut self, text: &'static str) -> Self {
        self.containing.push(text);
        self
    }

    /// No answer has this text.
    #[must_use]
    pub fn without(mut self, text: &'static str) -> Self {
        self.without.push(text);
        self
    }

    /// Runs it at the server at this address.
    pub fn run(&self, address: &str) {
        let answers = exchange(address, &self.sent);
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, self.expected, "{answers:#?}");
        for text in &self.containing {
            let last = answers.last().expect("an answer");
            let found = last.head.contains(text) || last.body.contains(text);
            assert!(found, "`{text}` is not in {last:#?}");
        }
        for answer in &answers {
            for text in &self.without {
                let found = answer.head.contains(text) || answer.body.contains(text);
                assert!(!found, "`{text}` is in {answer:#?}");
            }
            assert_nothing_internal(&answer.head);
            assert_nothing_internal(&answer.body);
        }
    }
}

/// Tells that an answer has nothing that only those who run the server should see.
#[track_caller]
pub fn assert_nothing_internal(answer: &str) {
    for text in ["panicked", "actix", "sqlx", "server/src", ".rs:", "RUST_BACKTRACE"] {
        assert!(!answer.contains(text), "`{text}` is in {answer}");
    }
}

/// Sends bytes on a new connection, and reads the answers until its end.
pub fn exchange(address: &str, sent: &[u8]) -> Vec<RawAnswer> {
    let mut stream = TcpStream::connect(address).expect("the server accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
    let mut writer = stream.try_clone().expect("a connection has two directions");
    let sent = sent.to_vec();
    // The server may answer, and stop reading, before it has everything.
    let writing = std::thread::spawn(move || {
        let _ = writer.write_all(&sent);
        let _ = writer.shutdown(Shutdown::Write);
    });
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            panic!(
                "neither an end nor more within {PATIENCE:?}, after {:?}",
                String::from_utf8_lossy(&received)
            )
        }
        // A connection that is reset has ended too.
        Ok(_) | Err(_) => {}
    }
    writing.join().expect("writing does not panic");
    answers(&received)
}

/// Splits what was received into answers.
fn answers(mut bytes: &[u8]) -> Vec<RawAnswer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no head of an answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head in ASCII");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        bytes = &bytes[end + 4..];
        let length = header(&head, "content-length").map(|length| length.parse().expect("a length"));
        let (body, rest) = match length {
            Some(length) => bytes.split_at_checked(length).expect("a whole body"),
            // What is behind an upgrade are frames.
            None if status == 101 => (bytes, &[][..]),
            None if header(&head, "transfer-encoding").is_some() => (bytes, &[][..]),
            None => (&[][..], bytes),
        };
        answers.push(RawAnswer { status, head, body: String::from_utf8_lossy(body).into_owned() });
        bytes = rest;
    }
    answers
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
