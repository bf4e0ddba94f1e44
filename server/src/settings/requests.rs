use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::parse_period;
use crate::{
    documents::{Documents, TrustedDocuments},
    http::{ChannelLimits, RequestLimits},
};

/// What requests over HTTP may be.
#[derive(Args, Debug)]
pub(crate) struct RequestArguments {
    /// The most bytes of a request's body.
    #[arg(long, env = "ORDERCAST_BODY_LIMIT", global = true, default_value = "65536")]
    pub(crate) body_limit: usize,

    /// The most bytes of a URL's query string, where GET requests are.
    #[arg(long, env = "ORDERCAST_QUERY_STRING_LIMIT", global = true, default_value = "16384")]
    pub(crate) query_string_limit: usize,

    /// The most requests that may come as one array; with 0 arrays are refused.
    #[arg(long, env = "ORDERCAST_BATCH_LIMIT", global = true, default_value = "0")]
    pub(crate) batch_limit: usize,

    /// Bytes of documents that clients may register by their hash (automatic persisted queries); with 0 none.
    #[arg(
        long,
        env = "ORDERCAST_PERSISTED_DOCUMENTS",
        global = true,
        default_value = "0",
        value_name = "BYTES"
    )]
    pub(crate) persisted_documents: usize,

    /// A JSON file, an object of ids and documents. No other documents are executed.
    #[arg(long, env = "ORDERCAST_TRUSTED_DOCUMENTS", global = true, value_name = "FILE")]
    #[arg(conflicts_with = "persisted_documents")]
    pub(crate) trusted_documents: Option<PathBuf>,

    /// The most event streams that carry several operations (graphql-sse's single connection mode); with 0 none.
    #[arg(long, env = "ORDERCAST_SSE_CONNECTIONS", global = true, default_value = "1000")]
    pub(crate) sse_connections: usize,

    /// The most operations under way on one of them.
    #[arg(long, env = "ORDERCAST_SSE_OPERATIONS", global = true, default_value = "100")]
    pub(crate) sse_operations: usize,

    /// How long one of them is reserved for a client that does not open it.
    #[arg(long, env = "ORDERCAST_SSE_RESERVATION", global = true, default_value = "10s")]
    #[arg(value_parser = parse_period)]
    pub(crate) sse_reservation: Duration,
}

impl RequestArguments {
    /// What a request over HTTP may be.
    pub(crate) fn limits(&self) -> RequestLimits {
        RequestLimits {
            body: self.body_limit,
            query_string: self.query_string_limit,
            batch: self.batch_limit,
        }
    }

    /// The limits of event streams that carry several operations.
    pub(crate) fn event_channels(&self) -> ChannelLimits {
        ChannelLimits {
            channels: self.sse_connections,
            operations: self.sse_operations,
            reservation: self.sse_reservation,
        }
    }

    /// The documents that may be executed.
    pub(crate) fn documents(&self) -> anyhow::Result<Documents> {
        match &self.trusted_documents {
            Some(manifest) => Ok(Documents::Trusted(TrustedDocuments::read(manifest)?)),
            None => Ok(Documents::registered_in(self.persisted_documents)),
        }
    }
}
