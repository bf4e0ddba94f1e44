use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use serde_json::Value;
use tests::PATIENCE;

use crate::frames;

/// A client's end of a socket, on which any bytes can be sent.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read and is no whole frame yet.
    rest: Vec<u8>,
}

/// What the server sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    /// The answer to [`frames::ask`].
    Echo(String),
    /// Another message.
    Text(String),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The end of the connection below the WebSocket.
    End,
}

impl Connection {
    /// Opens a socket that speaks `graphql-transport-ws`, and initialises it.
    pub(crate) fn open(address: &str) -> Self {
        Self::open_and_send(address, &[])
    }

    /// The same with bytes that go out together with the handshake and the initialisation.
    pub(crate) fn open_and_send(address: &str, bytes: &[u8]) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream.set_nodelay(true).expect("an open connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
        let mut connection = Self { stream, rest: Vec::new() };
        let request = format!(
            "GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        let init = frames::text(br#"{"type":"connection_init"}"#);
        connection.send(&[request.as_bytes(), &init, bytes].concat());
        let head = connection.head();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        // The example of RFC 6455, section 1.3.
        assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
        assert!(head.contains("\r\nsec-websocket-protocol: graphql-transport-ws\r\n"), "{head}");
        assert_eq!(connection.next(), Received::Text(r#"{"type":"connection_ack"}"#.to_owned()));
        connection
    }

    /// Sends bytes. A server that ended the connection already does not get them.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match self.stream.write_all(bytes) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                panic!("{} bytes were not taken: {error}", bytes.len())
            }
            _ => {}
        }
    }

    /// Waits for what comes next. Frames must be as a server's are to be: whole, unmasked, without reserved bits.
    pub(crate) fn next(&mut self) -> Received {
        loop {
            if let Some((first, payload)) = self.take_frame() {
                return match first ^ frames::FINAL {
                    frames::TEXT => received_text(payload),
                    frames::PONG => Received::Pong(payload),
                    // Whether the client is there is a question that has nothing to do with what is tested.
                    frames::PING => continue,
                    frames::CLOSE => received_close(&payload),
                    _ => panic!("a frame that starts with {first:#04x}: {payload:?}"),
                };
            }
            if !self.read() {
                assert!(self.rest.is_empty(), "the connection ended within a frame: {:?}", self.rest);
                return Received::End;
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.rest.first()?, *self.rest.get(1)?);
        assert!(second < 128, "a server must not mask its frames");
        let (start, length) = match second {
            126 => (4, u64::from(u16::from_be_bytes(self.rest.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(self.rest.get(2..10)?.try_into().ok()?)),
            length => (2, u64::from(length)),
        };
        let end = start + usize::try_from(length).expect("a length in memory");
        let payload = self.rest.get(start..end)?.to_vec();
        self.rest.drain(..end);
        Some((first, payload))
    }

    /// The head of the answer to the handshake, in lower case.
    fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head: Vec<u8> = self.rest.drain(..end + 4).collect();
                return String::from_utf8(head).expect("text").to_ascii_lowercase();
            }
            assert!(self.read(), "the connection ended within the handshake");
        }
    }

    /// Reads more; `false` at the end. A server that has bytes left to read ends a connection by resetting it.
    fn read(&mut self) -> bool {
        let mut buffer = vec![0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Ok(length) => {
                self.rest.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) => panic!("nothing came within {PATIENCE:?}: {error}"),
        }
    }
}

fn received_text(payload: Vec<u8>) -> Received {
    let text = String::from_utf8(payload).expect("text is UTF-8");
    let message: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    match (message["type"].as_str(), message["payload"]["echo"].as_str()) {
        (Some("pong"), Some(echo)) => Received::Echo(echo.to_owned()),
        _ => Received::Text(text),
    }
}

fn received_close(payload: &[u8]) -> Received {
    assert!(payload.len() <= 125 && payload.len() != 1, "{payload:?}");
    let Some((code, reason)) = payload.split_first_chunk() else { return Received::Close(None) };
    assert!(std::str::from_utf8(reason).is_ok(), "{reason:?}");
    Received::Close(Some(u16::from_be_bytes(*code)))
}
