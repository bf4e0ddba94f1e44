//! The two protocols as messages: what a client may say, and what it is told.

use std::{borrow::Cow, io::Write};

use async_graphql::ServerError;
use serde::Deserialize;
use serde_json::{Value, json};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use crate::{documents::DocumentError, request::Parameters};

/// What is spoken on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// That of npm's `graphql-ws` (its PROTOCOL.md).
    TransportWs,
    /// The older one, of npm's `subscriptions-transport-ws` (its PROTOCOL.md).
    SubscriptionsTransportWs,
}

/// What a client says.
#[derive(Debug)]
pub(crate) enum ClientMessage {
    Init { payload: Value },
    Start { id: String, request: Box<Parameters> },
    Stop { id: String },
    Ping { payload: Option<Value> },
    Pong,
    Terminate,
}

/// What a client is told. Ids are JSON already.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerMessage<'m> {
    Ack,
    /// `payload` is a response in JSON.
    Next {
        id: &'m str,
        payload: &'m str,
    },
    Error {
        id: &'m str,
        errors: &'m [ServerError],
    },
    Complete {
        id: &'m str,
    },
    Pong {
        payload: Option<&'m Value>,
    },
    /// Tells when the client's token ends, in RFC 3339. Only the newer protocol has such a message.
    Expiry {
        ends: &'m str,
    },
    /// Tells why a connection is closed. Only the older protocol has such a message.
    ConnectionError {
        message: &'m str,
    },
    /// Tells that the connection lives. Only the older protocol has such a message.
    KeepAlive,
}

/// The most bytes of an operation's id, which comes with each of its messages.
const ID_LIMIT: usize = 1024;

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<Value>,
    payload: Option<Value>,
}

impl Protocol {
    /// Where the id begins in a message that carries an answer.
    pub(crate) const ID_OFFSET: usize = r#"{"id":"#.len();

    /// Its name on the wire, where the older protocol bears the name of the newer one's package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TransportWs => "graphql-transport-ws",
            Self::SubscriptionsTransportWs => "graphql-ws",
        }
    }

    /// The first that is spoken here of those that a client offers, in its order (RFC 6455, section 4.2.2).
    pub(crate) fn negotiate<'o>(offered: impl Iterator<Item = &'o str>) -> Option<Self> {
        offered.flat_map(|header| header.split(',')).find_map(|name| match name.trim() {
            "graphql-transport-ws" => Some(Self::TransportWs),
            "graphql-ws" => Some(Self::SubscriptionsTransportWs),
            _ => None,
        })
    }

    /// Reads a message; what is wrong with it otherwise.
    pub(crate) fn parse(self, text: &str) -> Result<ClientMessage, String> {
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|error| format!("Not a message: {error}"))?;
        let Envelope { kind, id, payload } = envelope;
        let id = || match id {
            Some(Value::String(id)) if (1..=ID_LIMIT).contains(&id.len()) => Ok(id),
            Some(Value::String(id)) if id.is_empty() => Err(format!("The `id` of `{kind}` is empty")),
            Some(Value::String(_)) => Err(format!("The `id` has more than {ID_LIMIT} bytes")),
            _ => Err(format!("`{kind}` needs an `id`, a string")),
        };
        match (self, kind.as_str()) {
            (_, "connection_init") => match payload.unwrap_or_default() {
                payload @ (Value::Null | Value::Object(_)) => Ok(ClientMessage::Init { payload }),
                _ => Err("The payload of `connection_init` is no object".to_owned()),
            },
            (Self::TransportWs, "subscribe") | (Self::SubscriptionsTransportWs, "start") => {
                let request = Parameters::from_json(payload.unwrap_or_default()).map_err(Cow::into_owned)?;
                if request.has_no_document() {
                    return Err(DocumentError::Missing.message().to_owned());
                }
                Ok(ClientMessage::Start { id: id()?, request: Box::new(request) })
            }
            (Self::TransportWs, "complete") | (Self::SubscriptionsTransportWs, "stop") => {
                Ok(ClientMessage::Stop { id: id()? })
            }
            (Self::TransportWs, "ping" | "pong") => match (kind.as_str(), payload) {
                (_, Some(payload)) if !(payload.is_object() || payload.is_null()) => {
                    Err(format!("The payload of `{kind}` is no object"))
                }
                ("ping", payload) => Ok(ClientMessage::Ping { payload }),
                _ => Ok(ClientMessage::Pong),
            },
            (Self::SubscriptionsTransportWs, "connection_terminate") => Ok(ClientMessage::Terminate),
            _ => Err(format!("`{kind}` is no type of message that a client may send")),
        }
    }

    /// Appends a message, in a frame.
    pub(crate) fn write(self, message: &ServerMessage<'_>, frames: &mut Vec<u8>) {
        use ServerMessage::{Ack, Complete, ConnectionError, Error, Expiry, KeepAlive, Next, Pong};
        let is_newer = self == Self::TransportWs;
        match message {
            Next { id, payload } => {
                let kind = if is_newer { "next" } else { "data" };
                write_frame(
                    &[r#"{"id":"#, id, r#","type":""#, kind, r#"","payload":"#, payload, "}"],
                    frames,
                );
            }
            Ack => write_frame(&[r#"{"type":"connection_ack"}"#], frames),
            Error { id, errors } if is_newer => {
                let errors = json!(errors).to_string();
                write_frame(&[r#"{"id":"#, id, r#","type":"error","payload":"#, &errors, "}"], frames);
            }
            Error { id, errors } => {
                // One object, from which the package's client takes the list.
                let message = errors.first().map(|error| &error.message);
                let error = json!({ "message": message, "errors": errors }).to_string();
                write_frame(&[r#"{"id":"#, id, r#","type":"error","payload":"#, &error, "}"], frames);
            }
            Complete { id } => write_frame(&[r#"{"id":"#, id, r#","type":"complete"}"#], frames),
            Pong { payload: Some(payload) } => {
                write_frame(&[r#"{"type":"pong","payload":"#, &payload.to_string(), "}"], frames);
            }
            Pong { payload: None } => write_frame(&[r#"{"type":"pong"}"#], frames),
            Expiry { ends } if is_newer => {
                let payload = json!({ "expires": ends }).to_string();
                write_frame(&[r#"{"type":"ping","payload":"#, &payload, "}"], frames);
            }
            ConnectionError { message } if !is_newer => {
                let payload = json!({ "message": message }).to_string();
                write_frame(&[r#"{"type":"connection_error","payload":"#, &payload, "}"], frames);
            }
            Expiry { .. } | ConnectionError { .. } => {}
            KeepAlive if is_newer => {}
            KeepAlive => write_frame(&[r#"{"type":"ka"}"#], frames),
        }
    }
}

/// Appends a text frame. A server's frames are not masked (RFC 6455, section 5.1).
fn write_frame(parts: &[&str], frames: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    frames.reserve(header.len(length as u64) + length);
    header.format(length as u64, frames).expect("a vector takes every byte");
    for part in parts {
        frames.write_all(part.as_bytes()).expect("a vector takes every byte");
    }
}
