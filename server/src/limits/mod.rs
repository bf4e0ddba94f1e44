//! What a client, and all of them together, may use of the server: connections, time to send a request and to take its
//! answer, operations and messages a second.
//!
//! `accept` turns a connection away that would be over a limit (`connections`), before anything is kept for it. The others
//! speak HTTP on a `stream` that fails when its client takes too long, as its `peer` tells. `edge` is what every request
//! passes first. Who the client is behind a proxy is told by `proxies`, and `rates` are of clients and of connections.

mod accept;
mod address;
mod connections;
mod edge;
mod peer;
mod proxies;
mod rates;
mod refused;
mod stream;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use actix_web::http::StatusCode;

pub(crate) use self::{
    accept::accept,
    address::{Client, ClientNetwork},
    connections::{ClientPermit, ConnectionLimits, Connections, Permit, TooMany},
    edge::{EndsWithClient, admit_operations, at_the_edge, has_received, read_body},
    peer::{Peer, RequestTimes},
    proxies::{ProxyNetwork, TrustedProxies, was_forwarded},
    rates::{RateLimits, Rates, TooFast},
    refused::Refused,
    stream::LimitedStream,
};

/// The limits, and what is used of them.
pub(crate) struct Limits {
    pub(crate) connections: Arc<Connections>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) rates: Rates,
    pub(crate) refused: Refused,
    times: RequestTimes,
    /// How long a client may take nothing that is sent to it.
    slow_timeout: Duration,
    /// Clients that are told why they are turned away.
    farewells: AtomicUsize,
}

/// How often clients that are not active any more are forgotten.
const FORGETTING: Duration = Duration::from_secs(5);

impl Limits {
    pub(crate) fn new(
        connections: ConnectionLimits,
        proxies: TrustedProxies,
        rates: RateLimits,
        times: RequestTimes,
        slow_timeout: Duration,
    ) -> Self {
        Self {
            connections: Arc::new(Connections::new(connections)),
            proxies,
            rates: Rates::new(rates),
            refused: Refused::default(),
            times,
            slow_timeout,
            farewells: AtomicUsize::new(0),
        }
    }

    /// Keeps nothing for clients that are not active any more.
    pub(crate) async fn forget_idle(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(FORGETTING);
        loop {
            ticks.tick().await;
            self.rates.forget_idle();
        }
    }
}

impl TooMany {
    /// What is told to the client.
    pub(crate) fn message(self) -> String {
        match self {
            Self::OfAll(limit) => {
                format!("the server takes {limit} connections at once (ORDERCAST_CONNECTIONS)")
            }
            Self::OfOneAddress(limit) => format!(
                "a client's address may have {limit} connections at once (ORDERCAST_CONNECTIONS_PER_ADDRESS)"
            ),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::OfAll(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::OfOneAddress(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}
