//! What is served by HTTP: the GraphQL endpoint with its formats of answers, and what monitors ask.

mod accept;
mod answer;
mod authorization;
mod batch;
mod body;
mod channel_stream;
mod endpoint;
mod event_channels;
mod event_stream;
mod health;
mod metrics;
mod multipart;
mod origin;
mod refusal;
mod told;

use std::sync::Arc;

use actix_web::web::{ServiceConfig, delete, get, post, put, resource, route};
use graphql_api::Api;
use persistence::{Database, OrderLog};

use crate::{
    authentication::Authenticator,
    documents::Documents,
    limits::Limits,
    metrics::Metrics,
    origins::AllowedOrigins,
    settings::MetricsAudience,
    websocket::{OpenSockets, SocketSettings},
};

pub(crate) use self::{
    event_channels::{ChannelLimits, EventChannels},
    refusal::Refusal,
    told::StreamContext,
};

/// What every worker shares.
pub(crate) struct ServerState {
    pub(crate) api: Api,
    pub(crate) database: Database,
    pub(crate) log: OrderLog,
    pub(crate) documents: Documents,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) origins: AllowedOrigins,
    pub(crate) sockets: SocketSettings,
    pub(crate) open_sockets: Arc<OpenSockets>,
    pub(crate) channels: EventChannels,
    pub(crate) streams: StreamContext,
    pub(crate) limits: RequestLimits,
    /// What clients may use of the server.
    pub(crate) edge: Arc<Limits>,
    pub(crate) metrics: Metrics,
    pub(crate) metrics_for: MetricsAudience,
}

/// What a request may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// Bytes of a body.
    pub(crate) body: usize,
    /// Bytes of a URL's query string.
    pub(crate) query_string: usize,
    /// Requests in a batch; 0 refuses batches.
    pub(crate) batch: usize,
}

/// Every path of the server.
pub(crate) fn routes(config: &mut ServiceConfig) {
    for path in ["/graphql", "/graphql/"] {
        config.service(
            resource(path)
                .route(post().to(endpoint::post))
                .route(get().to(endpoint::get))
                .route(put().to(endpoint::put))
                .route(delete().to(endpoint::delete))
                .default_service(route().to(endpoint::other)),
        );
    }
    config.route("/metrics", get().to(metrics::tell));
    config.route("/health/live", get().to(health::live)).route("/health/ready", get().to(health::ready));
}
