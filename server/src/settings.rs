use std::{
    convert::Infallible, fmt, net::SocketAddr, num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration,
};

use anyhow::bail;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use domain::Limits;
use graphql_api::ApiSettings;
use persistence::{DatabaseSettings, LogSettings};

use crate::{
    documents::{Documents, TrustedDocuments},
    http::{ChannelLimits, RequestLimits},
    origins::Origin,
    websocket::SocketSettings,
};

/// A live orders service: GraphQL over SQLite or PostgreSQL.
///
/// Every setting is a flag or an environment variable; a flag wins.
#[derive(Parser)]
#[command(name = "ordercast", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the API; the default.
    Serve,
    /// Bring the database's schema up to date, or take migrations back.
    Migrate {
        /// Take back so many migrations, with the data that only they can hold.
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        back: Option<u32>,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// The settings of the server.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "ORDERCAST_ADDR", global = true, default_value = "127.0.0.1:8000")]
    pub(crate) addr: SocketAddr,

    /// `sqlite://path`, relative to the working directory, or `postgres://user:password@host:port/name`.
    #[arg(long, env = "ORDERCAST_DATABASE_URL", global = true, default_value = DatabaseUrl::EMBEDDED)]
    #[arg(hide_env_values = true)]
    pub(crate) database_url: DatabaseUrl,

    /// Connections to the database; on SQLite those that read, and one more writes.
    #[arg(long, env = "ORDERCAST_DATABASE_CONNECTIONS", global = true, default_value = "8")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) database_connections: u32,

    /// How long a request waits for a connection or a lock of the database.
    #[arg(long, env = "ORDERCAST_DATABASE_TIMEOUT", global = true, default_value = "5s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) database_timeout: Duration,

    /// How long PostgreSQL lets a statement run, or a transaction stay idle.
    #[arg(long, env = "ORDERCAST_STATEMENT_TIMEOUT", global = true, default_value = "10s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) statement_timeout: Duration,

    /// Threads that serve connections; one per core without it.
    #[arg(long, env = "ORDERCAST_WORKERS", global = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,

    /// Origins of web pages that may use the API, separated by commas, as in `https://shop.example`. Without it, pages
    /// from this machine may while the address is a loopback address, and no others.
    #[arg(long, env = "ORDERCAST_ALLOWED_ORIGINS", global = true, value_delimiter = ',')]
    pub(crate) allowed_origins: Vec<Origin>,

    /// Whether there are a web page at `/` and GraphiQL at `/graphiql`.
    #[arg(long, env = "ORDERCAST_PAGE", global = true, default_value = "true", action = ArgAction::Set)]
    pub(crate) page: bool,

    /// The most bytes of a request's body.
    #[arg(long, env = "ORDERCAST_BODY_LIMIT", global = true, default_value = "262144")]
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

    /// Orders in a page when a client gives neither `first` nor `last`.
    #[arg(long, env = "ORDERCAST_PAGE_DEFAULT", global = true, default_value = "50")]
    pub(crate) page_default: u32,

    /// The most orders in a page.
    #[arg(long, env = "ORDERCAST_PAGE_LIMIT", global = true, default_value = "1000")]
    pub(crate) page_limit: u32,

    /// The most orders that `getOrders` returns; with more it is an error.
    #[arg(long, env = "ORDERCAST_LIST_LIMIT", global = true, default_value = "10000")]
    pub(crate) list_limit: u32,

    /// The most events of the order log in memory; followers that are further behind read the database.
    #[arg(long, env = "ORDERCAST_EVENTS_IN_MEMORY", global = true, default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) events_in_memory: u32,

    /// The most documents that are kept as they were parsed.
    #[arg(long, env = "ORDERCAST_PARSED_DOCUMENTS", global = true, default_value = "1000")]
    pub(crate) parsed_documents: NonZeroUsize,

    /// The most messages that equal subscriptions keep for those of them that are a little behind; others execute again
    /// what they missed.
    #[arg(long, env = "ORDERCAST_SHARED_MESSAGES", global = true, default_value = "128")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) shared_messages: u32,

    /// The most events that the order log keeps.
    #[arg(long, env = "ORDERCAST_EVENTS_KEPT", global = true, default_value = "1000000")]
    pub(crate) events_kept: u32,

    /// How long the order log keeps events.
    #[arg(long, env = "ORDERCAST_EVENTS_KEPT_FOR", global = true, default_value = "7days")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) events_kept_for: Duration,

    /// How often the order log is looked at for changes by other programs, which do not notify.
    #[arg(long, env = "ORDERCAST_POLL_INTERVAL", global = true, default_value = "100ms")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) poll_interval: Duration,

    /// The most bytes of a message on a WebSocket.
    #[arg(long, env = "ORDERCAST_SOCKET_MESSAGE_LIMIT", global = true, default_value = "262144")]
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

    /// How long connections may take to end after SIGTERM.
    #[arg(long, env = "ORDERCAST_SHUTDOWN_TIMEOUT", global = true, default_value = "3s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) shutdown_timeout: Duration,

    /// What is logged, as in `info,sqlx=debug`.
    #[arg(long, env = "ORDERCAST_LOG", global = true, default_value = "info")]
    pub(crate) log: String,

    /// How it is logged, to the standard error stream.
    #[arg(long, env = "ORDERCAST_LOG_FORMAT", global = true, default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// How log events are written.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line, for programs.
    Json,
}

/// A database URL. It may carry a password, so it is shown without one.
#[derive(Clone)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// A file in the working directory.
    const EMBEDDED: &str = "sqlite://ordercast.db";

    /// Whether this is the database that is there without any setting.
    pub(crate) fn is_embedded_default(&self) -> bool {
        self.0 == Self::EMBEDDED
    }

    /// Whether the server itself keeps the database, in a file.
    pub(crate) fn is_embedded(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_embedded() {
            return f.write_str(&self.0);
        }
        match url::Url::parse(&self.0) {
            // What is left out may hold a password too.
            Ok(url) => write!(f, "{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
            Err(_) => f.write_str("(not a URL)"),
        }
    }
}

impl Settings {
    /// Refuses what would be unsafe to serve.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if !self.addr.ip().is_loopback() {
            bail!(
                "ORDERCAST_ADDR is {}, which other machines reach, and nothing asks clients who they are: \
                 everyone could read and change every order. Set a loopback address such as 127.0.0.1:8000, \
                 and reach it through a proxy that authenticates",
                self.addr
            );
        }
        Ok(())
    }

    /// The database's part.
    pub(crate) fn database(&self) -> DatabaseSettings {
        DatabaseSettings {
            url: self.database_url.0.clone(),
            max_connections: self.database_connections,
            acquire_timeout: self.database_timeout,
            statement_timeout: self.statement_timeout,
        }
    }

    /// The order log's part.
    pub(crate) fn order_log(&self) -> LogSettings {
        LogSettings {
            ring_events: usize::try_from(self.events_in_memory).unwrap_or(usize::MAX),
            poll_interval: self.poll_interval,
            keep_events: self.events_kept,
            keep_age: self.events_kept_for,
        }
    }

    /// The WebSockets' part.
    pub(crate) fn sockets(&self) -> SocketSettings {
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

    /// What a request over HTTP may be.
    pub(crate) fn request_limits(&self) -> RequestLimits {
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

    /// The API's part.
    pub(crate) fn api(&self) -> ApiSettings {
        ApiSettings {
            documents: self.parsed_documents,
            shared_messages: usize::try_from(self.shared_messages).unwrap_or(usize::MAX),
        }
    }

    /// The use cases' part.
    pub(crate) fn limits(&self) -> Limits {
        Limits { page_default: self.page_default, page_limit: self.page_limit, list_limit: self.list_limit }
    }
}

/// A duration above zero.
fn parse_period(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than nothing".to_owned()),
        Ok(period) => Ok(period),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Settings {
        CommandLine::parse_from([&["ordercast"], arguments].concat()).settings
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = "postgres://shop:hunter2@db.example:5432/orders?sslpassword=hunter2";
        let shown = format!("{:?}", settings(&["--database-url", url]));
        assert!(shown.contains("postgres://db.example/orders"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn only_a_loopback_address_is_served_without_authentication() {
        for (address, served) in
            [("127.0.0.1:0", true), ("[::1]:80", true), ("0.0.0.0:80", false), ("10.0.0.1:80", false)]
        {
            assert_eq!(settings(&["--addr", address]).check().is_ok(), served, "{address}");
        }
    }

    #[test]
    fn flags_are_taken_before_and_after_the_command() {
        for arguments in [["--workers", "2", "serve"], ["serve", "--workers", "2"]] {
            assert_eq!(settings(&arguments).workers, Some(2));
        }
    }
}
