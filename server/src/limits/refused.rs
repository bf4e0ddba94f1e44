use prometheus_client::metrics::{counter::Counter, family::Family};

use super::TooMany;

/// What was refused because of a limit, counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused {
    /// Connections, and requests of clients behind a proxy, by `limit`.
    pub(crate) connections: Family<[(&'static str, &'static str); 1], Counter>,
    /// Operations, handshakes and messages, by the `rate` that was exceeded.
    pub(crate) rates: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Refused {
    pub(crate) fn connection(&self, too_many: TooMany) {
        let limit = match too_many {
            TooMany::OfAll(_) => "total",
            TooMany::OfOneAddress(_) => "address",
        };
        self.connections.get_or_create(&[("limit", limit)]).inc();
    }

    pub(crate) fn rate(&self, rate: &'static str) {
        self.rates.get_or_create(&[("rate", rate)]).inc();
    }
}
