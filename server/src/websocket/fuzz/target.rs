use std::{
    collections::BTreeMap,
    io::{self, ErrorKind, Read, Write},
};

use async_graphql::ServerError;
use serde_json::Value;
use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketContext},
};

use super::bytes::{Input, MESSAGE_LIMIT};
use crate::websocket::{
    close::Close,
    protocol::{ClientMessage, Protocol, ServerMessage},
    upgrade::codec,
};

/// How often what happened.
pub(super) type Outcomes = BTreeMap<&'static str, u64>;

/// Reads the bytes as a connection does, and the answers as a client does.
pub(super) fn execute(input: &Input, outcomes: &mut Outcomes) {
    let mut frames = codec(input.bytes[..input.read_with_handshake].to_vec(), MESSAGE_LIMIT);
    let mut wire =
        Wire { unread: &input.bytes[input.read_with_handshake..], piece: input.piece, written: Vec::new() };
    let mut is_open = true;
    loop {
        match frames.read(&mut wire) {
            Ok(message) => {
                let close =
                    if is_open { take(input.protocol, message, &mut wire.written, outcomes) } else { None };
                if let Some(close) = close {
                    count(outcomes, &close);
                    // A client that closed already is not closed again.
                    let _ = frames.close(&mut wire, Some(close.to_frame()));
                    is_open = false;
                }
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
            Err(Error::ConnectionClosed) => {
                *outcomes.entry("closed by the client").or_default() += u64::from(is_open);
                break;
            }
            Err(error) => {
                if let Some(close) = Close::after(&error) {
                    count(outcomes, &close);
                    let _ = frames.close(&mut wire, Some(close.to_frame()));
                }
                break;
            }
        }
    }
    read_as_client(wire.written);
}

/// Answers a message with all that it can be answered with, or tells why the connection has to be closed.
fn take(protocol: Protocol, message: Message, told: &mut Vec<u8>, outcomes: &mut Outcomes) -> Option<Close> {
    let text = match message {
        Message::Text(text) => text,
        Message::Binary(_) => return Some(Close::bad_message("Binary messages are not spoken here")),
        _ => return None,
    };
    let mut happened = |what| *outcomes.entry(what).or_default() += 1;
    match protocol.parse(&text) {
        Err(reason) => return Some(Close::bad_message(reason)),
        Ok(ClientMessage::Init { payload }) => {
            happened("connection_init");
            assert!(payload.is_object() || payload.is_null());
            protocol.write(&ServerMessage::Ack, told);
            protocol.write(&ServerMessage::KeepAlive, told);
        }
        Ok(ClientMessage::Start { id, request }) => {
            happened("start");
            let key = Value::from(id.as_str()).to_string();
            let errors = [ServerError::new(request.query.unwrap_or_default(), None)];
            protocol.write(&ServerMessage::Next { id: &key, payload: r#"{"data":null}"# }, told);
            protocol.write(&ServerMessage::Error { id: &key, errors: &errors }, told);
            protocol.write(&ServerMessage::Complete { id: &key }, told);
            return (id.len() > 1000).then(|| Close::id_in_use(&id));
        }
        Ok(ClientMessage::Stop { id }) => {
            happened("stop");
            assert!((1..=1024).contains(&id.len()));
        }
        Ok(ClientMessage::Ping { payload }) => {
            happened("ping");
            protocol.write(&ServerMessage::Pong { payload: payload.as_ref() }, told);
        }
        Ok(ClientMessage::Pong) => happened("pong"),
        Ok(ClientMessage::Terminate) => {
            happened("connection_terminate");
            return Some(Close::TERMINATED);
        }
    }
    None
}

/// Reads what went out: whole frames, messages of a type, and nothing behind a close frame.
fn read_as_client(told: Vec<u8>) {
    let mut frames = WebSocketContext::from_partially_read(told, Role::Client, None);
    let mut silence = Wire { unread: &[], piece: 1, written: Vec::new() };
    loop {
        match frames.read(&mut silence) {
            Ok(Message::Text(text)) => {
                let message: Value = serde_json::from_str(&text).expect("a message is JSON");
                assert!(message["type"].is_string(), "{message}");
                assert!(
                    message.get("id").is_none_or(|id| id.as_str().is_some_and(|id| !id.is_empty())),
                    "{message}"
                );
            }
            Ok(Message::Pong(payload)) => assert!(payload.len() <= 125),
            Ok(Message::Close(frame)) => {
                assert!(frame.is_none_or(|frame| frame.code.is_allowed() && frame.reason.len() <= 123));
            }
            Ok(other) => panic!("the server sent {other:?}"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("what the server sent is not read: {error}"),
        }
    }
}

fn count(outcomes: &mut Outcomes, close: &Close) {
    let outcome = match close.code {
        1000 => "closed with 1000",
        1002 => "closed with 1002",
        1007 => "closed with 1007",
        1009 => "closed with 1009",
        4400 => "closed with 4400",
        4409 => "closed with 4409",
        code => panic!("closed with {code}"),
    };
    *outcomes.entry(outcome).or_default() += 1;
}

/// A connection that hands out pieces of what came, and takes all that goes out.
struct Wire<'b> {
    unread: &'b [u8],
    piece: usize,
    written: Vec<u8>,
}

impl Read for Wire<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.unread.len().min(self.piece).min(bytes.len());
        let (piece, rest) = self.unread.split_at(length);
        bytes[..length].copy_from_slice(piece);
        self.unread = rest;
        Ok(length)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
