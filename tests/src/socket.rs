use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::{
    ClientRequestBuilder, Error, HandshakeError, Message, WebSocket,
    error::ProtocolError,
    http::{StatusCode, Uri},
};

use crate::{Api, PATIENCE};

/// What is spoken on a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// That of npm's `graphql-ws`.
    GraphqlTransportWs,
    /// The older one, of npm's `subscriptions-transport-ws`.
    GraphqlWs,
}

impl Protocol {
    /// Both.
    pub const ALL: [Self; 2] = [Self::GraphqlTransportWs, Self::GraphqlWs];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::GraphqlTransportWs => "graphql-transport-ws",
            Self::GraphqlWs => "graphql-ws",
        }
    }

    /// The types of the messages that start an operation, and that carry an answer.
    pub(crate) fn message_types(self) -> (&'static str, &'static str) {
        match self {
            Self::GraphqlTransportWs => ("subscribe", "next"),
            Self::GraphqlWs => ("start", "data"),
        }
    }
}

/// A client's end of a WebSocket.
pub struct Socket {
    stream: WebSocket<TcpStream>,
    protocol: Protocol,
}

impl Socket {
    /// Follows a subscription.
    pub fn follow(api: &Api, protocol: Protocol, document: &str) -> Self {
        let mut socket = Self::open(api, protocol, None).expect("the handshake succeeds");
        socket.send(&json!({ "type": "connection_init", "payload": {} }));
        socket.wait_for("connection_ack");
        let (start, _) = protocol.message_types();
        socket.send(&json!({ "id": "1", "type": start, "payload": { "query": document } }));
        socket
    }

    /// Follows a subscription after the cursor `resume`, as stock clients ask for it; `None` if the server goes away.
    pub fn try_follow(api: &Api, document: &str, resume: Option<&str>) -> Option<Self> {
        let protocol = Protocol::GraphqlTransportWs;
        let uri: Uri = api.socket_url().parse().expect("a URI");
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(protocol.name());
        let stream = TcpStream::connect(api.address()).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut socket = Self { stream: tungstenite::client(request, stream).ok()?.0, protocol };
        let init = json!({ "type": "connection_init", "payload": { "resume": resume } });
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": document } });
        for message in [init, subscribe] {
            socket.stream.send(Message::text(message.to_string())).ok()?;
        }
        (socket.read()?["type"] == "connection_ack").then_some(socket)
    }

    /// Waits for the next answer; `None` if the server goes away.
    pub fn try_next_answer(&mut self) -> Option<Value> {
        loop {
            let mut message = self.read()?;
            if message["type"] == "next" {
                return Some(message["payload"].take());
            }
            assert_ne!(message["type"], "error", "{message}");
        }
    }

    /// The payload of what the server says next, whether an answer or errors.
    pub fn next_payload(&mut self) -> Value {
        loop {
            let mut message = self.read().expect("the connection stays open");
            if !matches!(message["type"].as_str(), Some("ka" | "ping")) {
                return message["payload"].take();
            }
        }
    }

    /// Opens a socket as a page of `origin` does, or returns the status that refuses it.
    pub fn open(api: &Api, protocol: Protocol, origin: Option<&str>) -> Result<Self, StatusCode> {
        let uri: Uri = api.socket_url().parse().expect("a URI");
        let mut request = ClientRequestBuilder::new(uri).with_sub_protocol(protocol.name());
        if let Some(origin) = origin {
            request = request.with_header("Origin", origin);
        }
        let stream = TcpStream::connect(api.address()).expect("the server accepts connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
        match tungstenite::client(request, stream) {
            Ok((stream, _)) => Ok(Self { stream, protocol }),
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status()),
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// Waits for the next answer.
    pub fn next_answer(&mut self) -> Value {
        let (_, answer) = self.protocol.message_types();
        self.wait_for(answer)["payload"].take()
    }

    /// Reads until the server ends the connection.
    pub fn wait_for_end(mut self) {
        while self.read().is_some() {}
    }

    /// Waits for a message of that type. Others that tell that the connection lives are passed over.
    fn wait_for(&mut self, kind: &str) -> Value {
        loop {
            let message = self.read().unwrap_or_else(|| panic!("the connection ended without a `{kind}`"));
            match message["type"].as_str() {
                Some(found) if found == kind => return message,
                Some("ka" | "ping") => {}
                _ => panic!("a `{kind}` was expected, and {message} came"),
            }
        }
    }

    fn send(&mut self, message: &Value) {
        self.stream.send(Message::text(message.to_string())).expect("the connection is open");
    }

    /// The next message; `None` when the connection ended.
    fn read(&mut self) -> Option<Value> {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(_))
                | Err(
                    Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ) => return None,
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() != std::io::ErrorKind::WouldBlock => return None,
                Err(error) => panic!("nothing was read from the connection within {PATIENCE:?}: {error}"),
            }
        }
    }
}
