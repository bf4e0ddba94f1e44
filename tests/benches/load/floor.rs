//! The floor: what the kernel charges for delivery. The frame is made once for all sockets, and each gets it by a write
//! of its own; there is no GraphQL, no database and no check. One thread.

use std::{cell::RefCell, io, net::Ipv4Addr, rc::Rc};

use anyhow::{Context, ensure};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::{LocalSet, spawn_local},
};
use tungstenite::handshake::derive_accept_key;

use crate::{frames, report, requests::content_length};

type Sockets = Rc<RefCell<Vec<Rc<TcpStream>>>>;

/// Where so many messages of one size are posted, joined, that every socket is to get.
pub(crate) fn path(messages: usize) -> String {
    format!("/deliver/{messages}")
}

/// Serves until it is killed, after it told its address.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(4096)?;
        report::print(&listener.local_addr()?.to_string());
        accept(listener).await
    }))
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let sockets = Sockets::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let sockets = Rc::clone(&sockets);
        // A connection that fails is missed by the client, which tells.
        spawn_local(async move { serve_connection(stream, &sockets).await });
    }
}

async fn serve_connection(mut stream: TcpStream, sockets: &Sockets) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::with_capacity(1024);
    loop {
        ensure!(stream.read_buf(&mut request).await? > 0, "the connection ended");
        let Some(end) = memmem::find(&request, b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&request[..end])?;
        if head.starts_with("GET") {
            let key =
                head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).context("a key")?;
            let answer = upgrade(key);
            drop(request);
            stream.write_all(answer.as_bytes()).await?;
            return follow(stream, sockets).await;
        }
        let (start, length) = (end + 4, content_length(head).context("a length")?);
        if request.len() < start + length {
            continue;
        }
        let count = head.strip_prefix("POST /deliver/").and_then(|rest| rest.split(' ').next());
        let count: usize = count.context("how many messages")?.parse()?;
        ensure!(count > 0 && length >= count, "no messages in {length} bytes");
        for message in request[start..start + length].chunks(length / count) {
            deliver(&frames::from_server(frames::TEXT, message), sockets);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await?;
        request.clear();
    }
}

/// A socket without room for the frame is passed over; the client misses the message, and tells.
fn deliver(frame: &[u8], sockets: &Sockets) {
    for socket in sockets.borrow().iter() {
        let _ = socket.try_write(frame);
    }
}

/// Adds the socket to those that messages go to, until the client leaves.
async fn follow(stream: TcpStream, sockets: &Sockets) -> anyhow::Result<()> {
    let stream = Rc::new(stream);
    next_bytes(&stream).await?;
    stream.try_write(&frames::from_server(frames::TEXT, br#"{"type":"connection_ack"}"#))?;
    sockets.borrow_mut().push(Rc::clone(&stream));
    while next_bytes(&stream).await.is_ok() {}
    sockets.borrow_mut().retain(|other| !Rc::ptr_eq(other, &stream));
    Ok(())
}

/// Reads and forgets what the client sent.
async fn next_bytes(stream: &TcpStream) -> io::Result<()> {
    loop {
        stream.readable().await?;
        match stream.try_read(&mut [0; 256]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn upgrade(key: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n",
        derive_accept_key(key.trim().as_bytes())
    )
}
