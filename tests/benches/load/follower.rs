use std::{cell::RefCell, io, net::Ipv4Addr, rc::Rc};

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    sync::OwnedSemaphorePermit,
};

use crate::{
    deliveries::Deliveries,
    frames,
    messages::{self, Kind},
    subject::Endpoint,
};

/// A client that subscribes, and counts what it is told.
pub(crate) struct Follower {
    /// Its number among all.
    pub(crate) number: usize,
    pub(crate) document: String,
    pub(crate) deliveries: Rc<Deliveries>,
    /// What all clients read into; they share one thread.
    pub(crate) buffer: Rc<RefCell<Vec<u8>>>,
}

/// A source address has some 28,000 ports.
const CLIENTS_PER_SOURCE: usize = 20_000;

impl Follower {
    /// Follows until the connection ends. `turn` is given back when the server accepted it, so that not all knock at once.
    pub(crate) async fn follow(self, endpoint: Endpoint, turn: OwnedSemaphorePermit) {
        if let Err(error) = self.try_follow(&endpoint, turn).await {
            self.deliveries.end(format!("{error:#}"));
        }
    }

    async fn try_follow(&self, endpoint: &Endpoint, turn: OwnedSemaphorePermit) -> anyhow::Result<()> {
        let mut stream = self.connect(endpoint).await?;
        // What was read and is no whole frame yet.
        let mut rest = upgrade(&mut stream, endpoint).await?;
        send(&stream, frames::TEXT, messages::init())?;
        let mut turn = Some(turn);
        loop {
            let mut used = 0;
            while let Some(frame) = frames::first(&rest[used..]) {
                match frame.opcode {
                    frames::TEXT => self.take(&stream, frame.payload, &mut turn)?,
                    frames::PING => send(&stream, frames::PONG, frame.payload)?,
                    frames::CLOSE => {
                        bail!(
                            "closed: {}",
                            String::from_utf8_lossy(frame.payload.get(2..).unwrap_or_default())
                        )
                    }
                    _ => {}
                }
                used += frame.length;
            }
            rest.drain(..used);
            stream.readable().await?;
            let mut buffer = self.buffer.borrow_mut();
            match stream.try_read(&mut buffer) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(length) => rest.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(
        &self,
        stream: &TcpStream,
        message: &[u8],
        turn: &mut Option<OwnedSemaphorePermit>,
    ) -> anyhow::Result<()> {
        match messages::kind(message) {
            Kind::Next => self.deliveries.count(self.number, messages::event(message), message.len()),
            Kind::Acknowledged => {
                send(stream, frames::TEXT, &messages::subscribe(self.number, &self.document))?;
                self.deliveries.acknowledge();
                turn.take();
            }
            Kind::Ping => send(stream, frames::TEXT, messages::pong())?,
            Kind::Error => self.deliveries.fail(message),
            Kind::Other => {}
        }
        Ok(())
    }

    async fn connect(&self, endpoint: &Endpoint) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let source = u8::try_from(1 + self.number / CLIENTS_PER_SOURCE).context("too many clients")?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::new(127, 0, source, 1), 0).into())?;
        let stream = socket.connect(endpoint.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        // Ports of connections that are reset are free at once, for the next measurement.
        stream.set_zero_linger()?;
        Ok(stream)
    }
}

/// Opens the WebSocket, and returns what came after the server's answer.
async fn upgrade(stream: &mut TcpStream, endpoint: &Endpoint) -> anyhow::Result<Vec<u8>> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
        endpoint.path, endpoint.address
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut answer).await? > 0, "closed in the handshake");
        if let Some(end) = memmem::find(&answer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..end]);
            ensure!(head.starts_with("HTTP/1.1 101"), "the handshake was refused: {head}");
            return Ok(answer.split_off(end + 4));
        }
    }
}

/// Sends a frame at once: a socket on which next to nothing is sent has room for it.
fn send(stream: &TcpStream, opcode: u8, payload: &[u8]) -> anyhow::Result<()> {
    let frame = frames::from_client(opcode, payload);
    ensure!(stream.try_write(&frame)? == frame.len(), "no room for a frame of {} bytes", frame.len());
    Ok(())
}
