use std::time::Duration;

use clap::Args;

use super::parse_period;
use crate::websocket::SocketSettings;

/// What connections may use of the server's memory and patience.
#[derive(Args, Debug)]
pub(crate) struct SocketArguments {
    /// The most bytes of a message on a WebSocket.
    #[arg(long, env = "ORDERCAST_SOCKET_MESSAGE_LIMIT", global = true, default_value = "65536")]
    #[arg(value_parser = clap::value_parser!(u32).range(128..))]
    pub(crate) socket_message_limit: u32,

    /// The most operations of one WebSocket at once.
    #[arg(long, env = "ORDERCAST_SOCKET_OPERATIONS", global = true, default_value = "100")]
    pub(crate) socket_operations: u32,

    /// The most bytes that wait for a WebSocket's client who does not read; then it is told later, from the order log.
    #[arg(long, env = "ORDERCAST_SOCKET_QUEUE", global = true, default_value = "65536")]
    pub(crate) socket_queue: u32,

    /// How long a WebSocket's client may take for `connection_init`.
    #[arg(long, env = "ORDERCAST_INIT_TIMEOUT", global = true, default_value = "3s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) init_timeout: Duration,

    /// How long a client may be silent before a sign of life is asked for, or given.
    #[arg(long, env = "ORDERCAST_KEEP_ALIVE", global = true, default_value = "30s")]
    #[arg(value_parser = parse_period)]
    pub(crate) keep_alive: Duration,

    /// How long a WebSocket's client may take to answer a ping.
    #[arg(long, env = "ORDERCAST_PONG_TIMEOUT", global = true, default_value = "10s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) pong_timeout: Duration,

    /// How long a client may read nothing while something waits for it.
    #[arg(long, env = "ORDERCAST_SLOW_TIMEOUT", global = true, default_value = "30s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) slow_timeout: Duration,
}

impl SocketArguments {
    /// The WebSockets' part.
    pub(crate) fn settings(&self) -> SocketSettings {
        let count = |setting| usize::try_from(setting).unwrap_or(usize::MAX);
        SocketSettings {
            message_limit: count(self.socket_message_limit),
            operations: count(self.socket_operations),
            queue: count(self.socket_queue),
            init_timeout: self.init_timeout,
            keep_alive: self.keep_alive,
            pong_timeout: self.pong_timeout,
            slow_timeout: self.slow_timeout,
        }
    }
}
