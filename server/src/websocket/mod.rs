//! WebSockets: `graphql-transport-ws`, and the older protocol of `subscriptions-transport-ws`.
//!
//! `upgrade` answers the handshake and takes the socket out of the web framework. A `connection` reads what a client says
//! (`protocol`), and `session` does it: it starts `operations`, each in a task of its own. A subscription that shares its
//! execution and was told all there is leaves its task to the `hub` of the worker's thread, which hears each channel once
//! and writes what it tells to all the sockets that follow it. What a client does not take at once waits in its `outbox`.

mod close;
mod connection;
mod frames;
#[cfg(test)]
mod fuzz;
mod hub;
mod open_sockets;
mod operations;
mod outbox;
mod protocol;
mod session;
mod timer;
mod upgrade;
mod worker;

use std::time::Duration;

pub(crate) use self::{open_sockets::OpenSockets, upgrade::serve, worker::Worker};

/// What a client may use of the server's memory and patience. Each is a setting.
#[derive(Clone, Debug)]
pub(crate) struct SocketSettings {
    /// The most bytes of a message from a client.
    pub(crate) message_limit: usize,
    /// The most operations of one socket at once.
    pub(crate) operations: usize,
    /// The most bytes that wait for a client who does not read, give or take what one event tells.
    pub(crate) queue: usize,
    /// How long a client may take to introduce itself.
    pub(crate) init_timeout: Duration,
    /// How long a client may be silent before it is pinged.
    pub(crate) keep_alive: Duration,
    /// How long it may take to answer the ping.
    pub(crate) pong_timeout: Duration,
    /// How long it may read nothing while something waits for it.
    pub(crate) slow_timeout: Duration,
}
