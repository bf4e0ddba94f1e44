use std::{convert::Infallible, fmt, str::FromStr, time::Duration};

use clap::Args;
use persistence::DatabaseSettings;

/// Where orders are kept.
#[derive(Args, Debug)]
pub(crate) struct DatabaseArguments {
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

impl DatabaseArguments {
    /// The database's part.
    pub(crate) fn settings(&self) -> DatabaseSettings {
        DatabaseSettings {
            url: self.database_url.0.clone(),
            max_connections: self.database_connections,
            acquire_timeout: self.database_timeout,
            statement_timeout: self.statement_timeout,
        }
    }
}
