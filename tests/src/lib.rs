//! What the end-to-end tests are made of: the binary in a directory of its own, its database, and its clients.
//!
//! [`Installation`] is a directory with settings, in which a [`Server`] starts as often as a test likes. [`Api`] asks it
//! over HTTP, [`Socket`] follows over a WebSocket, [`RawSocket`] says anything over one, [`Followers`] and [`StockClient`]
//! are the clients that others made, and [`Browser`] looks at the page. Everything here blocks, waits no longer than
//! [`PATIENCE`], and panics with what it waited for.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a test fails")]

mod abuse;
mod api;
mod bad_tokens;
mod binary;
mod browser;
mod bystander;
mod event_stream;
mod followers;
pub mod frames;
mod installation;
mod lines;
mod postgres;
mod process;
mod raw_socket;
mod server;
mod socket;
mod sql;
mod stock_client;
mod suite;
mod tokens;

use std::time::Duration;

pub use abuse::{AbuseCase, RawAnswer, abuse, assert_nothing_internal, exchange};
pub use api::Api;
pub use bad_tokens::{BadToken, bad_tokens};
pub use browser::Browser;
pub use bystander::{Bystander, Latencies};
pub use event_stream::{EventStream, StreamEvent};
pub use followers::Followers;
pub use installation::{Finished, Installation};
pub use lines::Lines;
pub use postgres::{OwnPostgresServer, PostgresDatabase, PostgresServer};
pub use process::{Process, Signal};
pub use raw_socket::{RawSocket, Received};
pub use server::Server;
pub use socket::{Protocol, Socket};
pub use stock_client::StockClient;
pub use suite::{Store, Suite};
pub use tokens::{SECRET, TokenKey, claims, now};

/// How long anything may take. Far more than it does, so that a slow machine is no failure.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The talk's subscription.
pub const GET_LAST_ORDER: &str =
    "subscription getLastOrder { getOrder { state date user { username email } } }";
