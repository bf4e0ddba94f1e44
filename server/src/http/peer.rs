use std::{io, time::Duration};

use actix_web::{dev::Extensions, rt::net::TcpStream};

/// How much longer than a slow client may be slow. A WebSocket is closed before that, with a reason.
const MARGIN: Duration = Duration::from_secs(5);

/// Ends a connection whose peer takes nothing that it is sent for longer than `timeout`: it is gone without a word, or it
/// does not read. Systems other than Linux keep to a limit of their own, which may be a quarter of an hour. To be called
/// as a connection is accepted.
pub(crate) fn end_when_slow(timeout: Duration) -> impl Fn(&TcpStream, &mut Extensions) + 'static {
    move |connection, _| {
        if let Err(error) = set_timeout(connection, timeout.saturating_add(MARGIN)) {
            tracing::warn!(%error, "a connection has no time limit of its own");
        }
    }
}

#[cfg(target_os = "linux")]
fn set_timeout(connection: &TcpStream, timeout: Duration) -> io::Result<()> {
    socket2::SockRef::from(connection).set_tcp_user_timeout(Some(timeout))
}

#[cfg(not(target_os = "linux"))]
fn set_timeout(_: &TcpStream, _: Duration) -> io::Result<()> {
    Ok(())
}
