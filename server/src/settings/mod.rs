//! The settings of the server: the one place that names them.

mod authentication;
mod database;
mod limits;
mod logging;
mod order_log;
mod queries;
mod requests;
mod sockets;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::bail;
use clap::{ArgAction, Args, Parser, Subcommand};

use self::{
    authentication::AuthenticationArguments, database::DatabaseArguments, limits::LimitArguments,
    logging::LoggingArguments, order_log::OrderLogArguments, queries::QueryArguments,
    requests::RequestArguments, sockets::SocketArguments,
};
pub(crate) use self::{authentication::TokenArguments, limits::MetricsAudience, logging::LogFormat};
use crate::origins::Origin;

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
    /// Print a token that says who a client is, signed by `ORDERCAST_JWT_SECRET`.
    Token(TokenArguments),
}

/// The settings of the server.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "ORDERCAST_ADDR", global = true, default_value = "127.0.0.1:8000")]
    pub(crate) addr: SocketAddr,

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

    /// How long connections may take to end after SIGTERM.
    #[arg(long, env = "ORDERCAST_SHUTDOWN_TIMEOUT", global = true, default_value = "3s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) shutdown_timeout: Duration,

    #[command(flatten)]
    pub(crate) authentication: AuthenticationArguments,

    #[command(flatten)]
    pub(crate) database: DatabaseArguments,

    #[command(flatten)]
    pub(crate) order_log: OrderLogArguments,

    #[command(flatten)]
    pub(crate) requests: RequestArguments,

    #[command(flatten)]
    pub(crate) queries: QueryArguments,

    #[command(flatten)]
    pub(crate) sockets: SocketArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,

    #[command(flatten)]
    pub(crate) logging: LoggingArguments,
}

impl Settings {
    /// Refuses what would be unsafe to serve.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if !self.authentication.is_on() && !is_loopback(self.addr.ip()) {
            bail!(
                "ORDERCAST_ADDR is {}, which other machines reach, and nothing asks clients who they are: everyone \
                 could read and change every order. Set ORDERCAST_JWT_SECRET or ORDERCAST_JWKS, by which clients' \
                 tokens are verified, or a loopback address such as 127.0.0.1:8000",
                self.addr
            );
        }
        Ok(())
    }
}

/// Whether only this machine reaches the address. An IPv4 address may come as one of IPv6 (RFC 4291, section 2.5.5.2).
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
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
        for (address, served) in [
            ("127.0.0.1:0", true),
            ("127.9.9.9:0", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("10.0.0.1:80", false),
            ("[::ffff:10.0.0.1]:80", false),
            ("[::ffff:0.0.0.0]:80", false),
        ] {
            assert_eq!(settings(&["--addr", address]).check().is_ok(), served, "{address}");
            for source in [["--jwt-secret", "a"], ["--jwks", "keys.json"]] {
                let settings = settings(&[&["--addr", address], &source[..]].concat());
                assert!(settings.check().is_ok(), "{address} with authentication");
            }
        }
    }

    #[test]
    fn flags_are_taken_before_and_after_the_command() {
        for arguments in [["--workers", "2", "serve"], ["serve", "--workers", "2"]] {
            assert_eq!(settings(&arguments).workers, Some(2));
        }
    }
}
