use std::{num::NonZeroU32, time::Duration};

use clap::{Args, ValueEnum};

use super::parse_period;
use crate::limits::{ConnectionLimits, Limits, ProxyNetwork, RateLimits, RequestTimes, TrustedProxies};

/// What a client, and all of them together, may use of the server.
#[derive(Args, Debug)]
pub(crate) struct LimitArguments {
    /// The most connections at once, of HTTP and WebSockets alike. Where the system allows fewer open files, as many as that.
    #[arg(long, env = "ORDERCAST_CONNECTIONS", global = true, default_value = "25000")]
    pub(crate) connections: NonZeroU32,

    /// The most connections at once of one client's address; of IPv6 addresses the first 64 bits count.
    #[arg(long, env = "ORDERCAST_CONNECTIONS_PER_ADDRESS", global = true, default_value = "1000")]
    pub(crate) connections_per_address: NonZeroU32,

    /// The most operations a second that a connection starts; five times as many may come at once.
    #[arg(long, env = "ORDERCAST_OPERATIONS_PER_CONNECTION", global = true, default_value = "500")]
    pub(crate) operations_per_connection: NonZeroU32,

    /// The most operations a second, and openings of WebSockets, of one client's address; five times as many may come at
    /// once.
    #[arg(long, env = "ORDERCAST_OPERATIONS_PER_ADDRESS", global = true, default_value = "2000")]
    pub(crate) operations_per_address: NonZeroU32,

    /// The most messages a second, of any kind, that a client sends on a WebSocket; five times as many may come at once.
    #[arg(long, env = "ORDERCAST_SOCKET_MESSAGES", global = true, default_value = "1000")]
    pub(crate) socket_messages: NonZeroU32,

    /// Addresses and networks of proxies, separated by commas, as in `10.0.0.0/8,fd00::1`: their client is the last address
    /// in `X-Forwarded-For` that is none of theirs. Nobody else's word is taken for it.
    #[arg(long, env = "ORDERCAST_TRUSTED_PROXIES", global = true, value_delimiter = ',')]
    pub(crate) trusted_proxies: Vec<ProxyNetwork>,

    /// How long a client may take to send a request, from its first byte to its last.
    #[arg(long, env = "ORDERCAST_REQUEST_TIMEOUT", global = true, default_value = "15s")]
    #[arg(value_parser = parse_period)]
    pub(crate) request_timeout: Duration,

    /// How long a client may take to read what waits for it, over HTTP.
    #[arg(long, env = "ORDERCAST_ANSWER_TIMEOUT", global = true, default_value = "2min")]
    #[arg(value_parser = parse_period)]
    pub(crate) answer_timeout: Duration,

    /// How long a connection is kept for a client's next request.
    #[arg(long, env = "ORDERCAST_IDLE_TIMEOUT", global = true, default_value = "75s")]
    #[arg(value_parser = parse_period)]
    pub(crate) idle_timeout: Duration,

    /// Who is answered at `/metrics`.
    #[arg(long, env = "ORDERCAST_METRICS", global = true, default_value = "local")]
    pub(crate) metrics: MetricsAudience,
}

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricsAudience {
    /// Programs of this machine that no proxy speaks for.
    Local,
    /// Everyone.
    All,
    /// Nobody.
    Off,
}

/// Files that are needed for other things than connections of clients: the database, the log, those who are turned away.
const OTHER_FILES: u64 = 512;

impl LimitArguments {
    /// The limits, where the system lets the process have so many open files.
    pub(crate) fn limits(&self, open_files: u64, slow_timeout: Duration) -> Limits {
        let files = open_files.saturating_sub(OTHER_FILES).max(open_files / 2);
        let total = u64::from(self.connections.get());
        if total > files {
            tracing::info!(connections = files, "as many connections as the system allows open files");
        }
        let connections = ConnectionLimits {
            total: usize::try_from(total.min(files)).unwrap_or(usize::MAX),
            per_address: usize::try_from(self.connections_per_address.get()).unwrap_or(usize::MAX),
        };
        let rates = RateLimits {
            per_connection: self.operations_per_connection,
            per_address: self.operations_per_address,
            messages: self.socket_messages,
        };
        let times = RequestTimes { to_send: self.request_timeout, to_take: self.answer_timeout };
        Limits::new(connections, TrustedProxies::new(&self.trusted_proxies), rates, times, slow_timeout)
    }
}
