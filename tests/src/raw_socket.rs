use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tungstenite::{
    Error, Message, WebSocket,
    error::ProtocolError,
    protocol::{Role, WebSocketConfig},
};

use crate::{Api, PATIENCE, Protocol};

/// A client's end of a WebSocket on which anything can be sent, and which is told everything.
pub struct RawSocket {
    stream: WebSocket<TcpStream>,
    protocol: Protocol,
    /// The head of the answer to the handshake, in lower case.
    head: String,
}

/// What a server sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A message of the sub-protocol.
    Message(Value),
    /// A ping of the WebSocket itself, with its payload. It is answered by the next call.
    Ping(Vec<u8>),
    /// A close frame.
    Close {
        /// Its code.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// The end of the connection.
    End,
}

impl RawSocket {
    /// Opens a socket, and initialises it, with the token of `api` if it has one.
    pub fn start(api: &Api, protocol: Protocol) -> Self {
        let mut socket = Self::open(api, protocol);
        let payload = match api.token() {
            Some(token) => json!({ "Authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        socket.initialise(&payload);
        socket
    }

    /// Opens a socket, and says nothing yet.
    pub fn open(api: &Api, protocol: Protocol) -> Self {
        let socket = Self::offer(api, Some(protocol.name()), protocol);
        let agreed = format!("\r\nsec-websocket-protocol: {}\r\n", protocol.name());
        assert!(socket.head.contains(&agreed), "{}", socket.head);
        socket
    }

    /// Opens a socket whose handshake has these headers `Authorization`, and says nothing yet.
    pub fn open_authorized(api: &Api, protocol: Protocol, authorization: &[String]) -> Self {
        let stream = api.connect().expect("the server accepts connections");
        Self::shake_hands(stream, api, Some(protocol.name()), protocol, authorization)
    }

    /// Opens a socket with this `Sec-WebSocket-Protocol`, or without one.
    pub fn offer(api: &Api, offered: Option<&str>, protocol: Protocol) -> Self {
        let stream = api.connect().expect("the server accepts connections");
        Self::shake_hands(stream, api, offered, protocol, &[])
    }

    /// Opens a socket that takes little unless it is read, and initialises it.
    pub fn start_with_receive_buffer(api: &Api, protocol: Protocol, bytes: usize) -> Self {
        let address: SocketAddr = api.address().parse().expect("an address");
        let stream = Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        stream.set_recv_buffer_size(bytes).expect("a size of a receive buffer");
        stream.connect(&address.into()).expect("the server accepts connections");
        let mut socket = Self::shake_hands(stream.into(), api, Some(protocol.name()), protocol, &[]);
        socket.initialise(&json!({}));
        socket
    }

    fn shake_hands(
        mut stream: TcpStream,
        api: &Api,
        offered: Option<&str>,
        protocol: Protocol,
        authorization: &[String],
    ) -> Self {
        stream.set_nodelay(true).expect("an open connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout above zero");
        let offered = offered.map(|names| format!("Sec-WebSocket-Protocol: {names}\r\n")).unwrap_or_default();
        let authorization = authorization
            .iter()
            .fold(String::new(), |headers, value| headers + "Authorization: " + value + "\r\n");
        let request = format!(
            "GET /graphql HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offered}{authorization}\r\n",
            api.address()
        );
        stream.write_all(request.as_bytes()).expect("the connection is open");
        let head = read_head(&mut stream);
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        let config = WebSocketConfig::default().write_buffer_size(0);
        Self { stream: WebSocket::from_raw_socket(stream, Role::Client, Some(config)), protocol, head }
    }

    /// The sub-protocol that the server named, if it did.
    pub fn agreed(&self) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "))
    }

    /// Sends a `connection_init`, and waits for its answer.
    pub fn initialise(&mut self, payload: &Value) {
        self.send(&json!({ "type": "connection_init", "payload": payload }));
        self.expect(&json!({ "type": "connection_ack" }));
        if self.protocol == Protocol::GraphqlWs {
            self.expect(&json!({ "type": "ka" }));
        }
    }

    /// Starts an operation.
    pub fn start_operation(&mut self, id: &str, request: &Value) {
        let (start, _) = self.protocol.message_types();
        self.send(&json!({ "id": id, "type": start, "payload": request }));
    }

    /// Stops an operation.
    pub fn stop_operation(&mut self, id: &str) {
        let stop = match self.protocol {
            Protocol::GraphqlTransportWs => "complete",
            Protocol::GraphqlWs => "stop",
        };
        self.send(&json!({ "id": id, "type": stop }));
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        self.send_frame(Message::text(message.to_string()));
    }

    /// Sends anything that a frame can hold.
    pub fn send_frame(&mut self, frame: Message) {
        self.stream.send(frame).expect("the connection is open");
    }

    /// Sends bytes below the WebSocket.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("the connection is open");
    }

    /// The same while what comes is read. A server that ended the connection already does not get them all.
    pub fn send_bytes_beside(&mut self, bytes: Vec<u8>) {
        let mut stream = self.stream.get_ref().try_clone().expect("a connection has two directions");
        thread::spawn(move || stream.write_all(&bytes));
    }

    /// Waits for what comes next, whatever it is.
    pub fn receive(&mut self) -> Received {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => {
                    let message = serde_json::from_str(&text);
                    return Received::Message(message.unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Ok(Message::Ping(payload)) => return Received::Ping(payload.to_vec()),
                Ok(Message::Close(Some(frame))) => {
                    return Received::Close {
                        code: frame.code.into(),
                        reason: frame.reason.as_str().to_owned(),
                    };
                }
                Ok(Message::Close(None)) => panic!("a close frame without a code"),
                Ok(Message::Pong(_)) => {}
                Ok(other) => panic!("the server sent {other:?}"),
                Err(
                    Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ) => return Received::End,
                Err(Error::Io(error)) if error.kind() != ErrorKind::WouldBlock => return Received::End,
                Err(error) => panic!("nothing was read from the connection within {PATIENCE:?}: {error}"),
            }
        }
    }

    /// Waits for the next message, which must be one; signs of life are passed over.
    pub fn next_message(&mut self) -> Value {
        loop {
            match self.receive() {
                Received::Message(message) if message["type"] == "ka" => {}
                Received::Message(message) => return message,
                Received::Ping(_) => {}
                other => panic!("a message was expected, and {other:?} came"),
            }
        }
    }

    /// Waits for the next answer of the operation, which must be one.
    pub fn next_answer(&mut self, id: &str) -> Value {
        let mut message = self.next_message();
        let (_, answer) = self.protocol.message_types();
        assert_eq!((&message["type"], &message["id"]), (&json!(answer), &json!(id)), "{message}");
        message["payload"].take()
    }

    /// Waits for exactly this message.
    #[track_caller]
    pub fn expect(&mut self, message: &Value) {
        assert_eq!(self.receive(), Received::Message(message.clone()));
    }

    /// Waits for a close frame with this code, and the end of the connection behind it; returns the reason.
    #[track_caller]
    pub fn expect_close(&mut self, expected: u16) -> String {
        match self.receive() {
            Received::Close { code, reason } if code == expected => {
                assert_eq!(self.receive(), Received::End, "behind the close frame");
                reason
            }
            other => panic!("a close frame with {expected} was expected, and {other:?} came"),
        }
    }

    /// Waits for what tells that a token is not believed, or no longer; returns the reason.
    #[track_caller]
    pub fn expect_forbidden(&mut self) -> String {
        if self.protocol == Protocol::GraphqlTransportWs {
            return self.expect_close(4403);
        }
        let error = self.next_message();
        assert_eq!(error["type"], "connection_error", "{error}");
        let reason = self.expect_close(4403);
        assert_eq!(error["payload"], json!({ "message": reason }));
        reason
    }

    /// Tells that the server has nothing more to say to what was sent so far: a question comes with its answer only.
    #[track_caller]
    pub fn expect_silence(&mut self) {
        match self.protocol {
            Protocol::GraphqlTransportWs => {
                let payload = json!({ "is": "anything there?" });
                self.send(&json!({ "type": "ping", "payload": payload }));
                self.expect(&json!({ "type": "pong", "payload": payload }));
            }
            Protocol::GraphqlWs => {
                // It has no message that is answered at once but an operation.
                self.start_operation("silence", &json!({ "query": "{ __typename }" }));
                self.expect(&json!({ "id": "silence", "type": "data", "payload": { "data": { "__typename": "Query" } } }));
                self.expect(&json!({ "id": "silence", "type": "complete" }));
            }
        }
    }

    /// The connection below, on which nothing is answered.
    pub fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }
}

/// Reads up to the empty line, and nothing behind it.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the answer to the handshake");
        head.extend(byte);
    }
    String::from_utf8(head).expect("text").to_ascii_lowercase()
}
