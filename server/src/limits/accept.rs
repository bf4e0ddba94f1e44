use std::{io, sync::atomic::Ordering, time::Duration};

use actix_http::error::DispatchError;
use actix_web::rt::net::TcpStream;
use serde_json::json;
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{LimitedStream, Limits, Peer, TooMany};

/// How much longer than a slow client may be slow. A WebSocket is closed before that, with a reason.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a client that is turned away may take to hear of it, and how many may at once.
const FAREWELL: Duration = Duration::from_secs(1);
const FAREWELLS: usize = 256;

/// Takes a connection that was accepted, or turns it away where it would be over a limit.
pub(crate) async fn accept(limits: &Limits, mut stream: TcpStream) -> Result<LimitedStream, DispatchError> {
    let address = stream.peer_addr().map_err(DispatchError::Io)?.ip().to_canonical();
    let is_proxy = limits.proxies.contain(address);
    let network = (!is_proxy).then(|| address.into());
    let permit = match limits.connections.admit(network) {
        Ok(permit) => permit,
        Err(too_many) => {
            limits.refused.connection(too_many);
            tracing::debug!(%address, ?too_many, "a connection was turned away");
            turn_away(limits, &mut stream, too_many).await;
            return Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()));
        }
    };
    stream.set_nodelay(true).map_err(DispatchError::Io)?;
    if let Err(error) = end_when_gone(&stream, limits.slow_timeout.saturating_add(MARGIN)) {
        tracing::warn!(%error, "a connection has no time limit of its own");
    }
    let peer = Peer::new(permit.id(), address, is_proxy, limits.times);
    Ok(LimitedStream::new(stream, permit, peer))
}

/// Ends a connection whose peer takes nothing that it is sent for so long: it is gone without a word, or it does not read.
/// Systems other than Linux keep to a limit of their own, which may be a quarter of an hour.
#[cfg(target_os = "linux")]
fn end_when_gone(connection: &TcpStream, after: Duration) -> io::Result<()> {
    SockRef::from(connection).set_tcp_user_timeout(Some(after))
}

#[cfg(not(target_os = "linux"))]
fn end_when_gone(_: &TcpStream, _: Duration) -> io::Result<()> {
    Ok(())
}

/// Says why, unless it is said to many already.
async fn turn_away(limits: &Limits, stream: &mut TcpStream, too_many: TooMany) {
    if limits.farewells.fetch_add(1, Ordering::Relaxed) < FAREWELLS {
        // One that does not listen is of no concern.
        let _ = timeout(FAREWELL, say_why(stream, too_many)).await;
    }
    limits.farewells.fetch_sub(1, Ordering::Relaxed);
}

async fn say_why(stream: &mut TcpStream, too_many: TooMany) -> io::Result<()> {
    let body = json!({ "errors": [
        { "message": too_many.message(), "extensions": { "code": "LIMIT_EXCEEDED" } }
    ] });
    let (body, status) = (body.to_string(), too_many.status());
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing a connection over unread bytes would take the answer from the client.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
