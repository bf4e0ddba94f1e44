use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use domain::RepositoryError;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use crate::{error::repository_error, sqlite::SqliteWriter, version::FileVersion};

/// Where the database is and how much of it is used.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite://path` or `postgres://user:password@host:port/name`.
    pub url: String,
    /// The most connections, for SQLite those that read: one more writes.
    pub max_connections: u32,
    /// How long a request waits for a connection, and on SQLite for another program's lock.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL lets a statement run, and a transaction stay idle.
    pub statement_timeout: Duration,
}

/// Why a database was not opened. The URL is not in the text: it may carry a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither SQLite nor PostgreSQL.
    #[error("the database URL must start with `sqlite:`, `postgres:` or `postgresql:`")]
    UnknownScheme,
    /// A SQLite database without a file, which another connection or program could not share.
    #[error("SQLite in memory is not supported: name a file, as in `sqlite://ordercast.db`")]
    InMemory,
    /// Not a URL of that kind of database.
    #[error(
        "the database URL cannot be read; it looks like `sqlite://path` or `postgres://user:password@host:port/name`"
    )]
    InvalidUrl,
    /// The database did not answer, or not as expected.
    #[error("the database could not be opened")]
    Failed(#[from] DbErr),
}

/// The connections to a database that serve requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionPool {
    /// Those that are open.
    pub open: usize,
    /// Those of them that nothing uses.
    pub idle: usize,
}

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    watcher: DatabaseConnection,
    sqlite_writer: Option<Arc<SqliteWriter>>,
    /// `None` on PostgreSQL, which cannot tell it.
    version: Option<Arc<FileVersion>>,
    node: u64,
}

impl Database {
    /// Opens the database, and for SQLite creates a file that is missing.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        Self::open_observed(settings, |_statement| {}).await
    }

    /// The same, telling the text of each statement that ran.
    pub async fn open_observed(
        settings: &DatabaseSettings,
        observe: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let observe = Arc::new(observe);
        let connect = async |options: ConnectOptions| {
            let mut connection = sea_orm::Database::connect(options).await?;
            let observe = Arc::clone(&observe);
            connection.set_metric_callback(move |info| observe(&info.statement.sql));
            Ok::<_, OpenError>(connection)
        };
        let node = RandomState::new().hash_one(std::process::id());
        let scheme = settings.url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => {
                check_sqlite_url(&settings.url)?;
                // The writer first: it creates the file and sets the journal mode, which readers cannot.
                let writer = connect(sqlite_options(settings, SqliteUse::Write)).await?;
                let reader = connect(sqlite_options(settings, SqliteUse::Read)).await?;
                let watcher = connect(sqlite_options(settings, SqliteUse::Watch)).await?;
                let file = sqlite_file(settings)?;
                let uri = sqlite_uri(&file, &settings.url);
                let sqlite_writer = SqliteWriter::new(uri, settings.acquire_timeout, move |sql| observe(sql));
                let version = FileVersion::of(file);
                Ok(Self {
                    reader,
                    writer,
                    watcher,
                    sqlite_writer: Some(Arc::new(sqlite_writer)),
                    version: Some(Arc::new(version)),
                    node,
                })
            }
            "postgres" | "postgresql" => {
                let server = settings.url.parse().map_err(|_| OpenError::InvalidUrl)?;
                let connection = connect(postgres_options(settings, &server, PostgresUse::Requests)).await?;
                let watcher = connect(postgres_options(settings, &server, PostgresUse::Log)).await?;
                Ok(Self {
                    reader: connection.clone(),
                    writer: connection,
                    watcher,
                    sqlite_writer: None,
                    version: None,
                    node,
                })
            }
            _ => Err(OpenError::UnknownScheme),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), RepositoryError> {
        self.reader.ping().await.map_err(repository_error)
    }

    /// The connections that serve requests, on SQLite those that read, as they are now.
    pub fn connections(&self) -> ConnectionPool {
        let (open, idle) = if self.backend() == DbBackend::Postgres {
            let pool = self.reader.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        } else {
            let pool = self.reader.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        };
        ConnectionPool { open: usize::try_from(open).unwrap_or(usize::MAX), idle }
    }

    /// The connection that changes the schema.
    pub fn schema_connection(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(writer) = &self.sqlite_writer {
            writer.close().await;
        }
        self.reader.close_by_ref().await?;
        self.watcher.close_by_ref().await?;
        if let Some(version) = &self.version {
            version.close().await?;
        }
        self.writer.close_by_ref().await
    }

    /// The connections to read by. What a write changed is seen once it is acknowledged.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connections to write by.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// The connection by which requests write to a SQLite database; `None` on PostgreSQL.
    pub(crate) fn sqlite_writer(&self) -> Option<&Arc<SqliteWriter>> {
        self.sqlite_writer.as_ref()
    }

    /// The connections that read the order log for all of the node, which no request keeps busy.
    pub(crate) fn watcher(&self) -> &DatabaseConnection {
        &self.watcher
    }

    /// Names this process among those that use the database.
    pub(crate) fn node(&self) -> u64 {
        self.node
    }

    /// A number that is another one after each commit by anyone; `None` where the database cannot tell it.
    pub(crate) async fn version(&self) -> Result<Option<u64>, DbErr> {
        match &self.version {
            Some(version) => version.now().await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once: one that first reads could find
    /// the lock taken when it writes, and fail with `BUSY_SNAPSHOT`.
    pub(crate) async fn begin_write(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// Runs one statement outside of a transaction.
    pub(crate) async fn execute_on_writer(&self, sql: &str) -> Result<(), DbErr> {
        let statement = Statement::from_string(self.backend(), sql);
        self.writer.execute_raw(statement).await.map(|_| ())
    }
}

fn check_sqlite_url(url: &str) -> Result<(), OpenError> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        return Err(OpenError::InMemory);
    }
    url.parse::<SqliteConnectOptions>().map(|_| ()).map_err(|_| OpenError::InvalidUrl)
}

/// How the file is opened to look at it.
fn sqlite_file(settings: &DatabaseSettings) -> Result<SqliteConnectOptions, OpenError> {
    let file: SqliteConnectOptions = settings.url.parse().map_err(|_| OpenError::InvalidUrl)?;
    Ok(file.busy_timeout(settings.acquire_timeout).pragma("query_only", "ON"))
}

/// The URI of the file (SQLite, "URI Filenames"), with the parameters of its URL, which are the same.
fn sqlite_uri(file: &SqliteConnectOptions, url: &str) -> String {
    let path = file.get_filename().to_string_lossy();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let parameters = url.split_once('?').map(|(_, parameters)| format!("?{parameters}"));
    format!("file:{path}{}", parameters.unwrap_or_default())
}

#[derive(Clone, Copy, PartialEq)]
enum SqliteUse {
    Read,
    Write,
    Watch,
}

fn sqlite_options(settings: &DatabaseSettings, usage: SqliteUse) -> ConnectOptions {
    let mut options = common_options(settings, &settings.url);
    options.max_connections(match usage {
        SqliteUse::Read => settings.max_connections,
        SqliteUse::Write | SqliteUse::Watch => 1,
    });
    // No network lies between, and a try costs as much as a short statement: two switches of threads.
    options.test_before_acquire(false);
    let busy_timeout = settings.acquire_timeout;
    options.map_sqlx_sqlite_opts(move |sqlite| own_sqlite_options(sqlite, busy_timeout, usage));
    options
}

fn own_sqlite_options(
    options: SqliteConnectOptions,
    busy_timeout: Duration,
    usage: SqliteUse,
) -> SqliteConnectOptions {
    let options = options
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(busy_timeout)
        // sqlx hands rows from the driver's thread over a channel; each wait for room costs a switch of threads.
        .row_buffer_size(128);
    match usage {
        SqliteUse::Read | SqliteUse::Watch => options.pragma("query_only", "ON"),
        SqliteUse::Write => options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum PostgresUse {
    Requests,
    Log,
}

fn postgres_options(
    settings: &DatabaseSettings,
    server: &PgConnectOptions,
    usage: PostgresUse,
) -> ConnectOptions {
    // Not the real URL, which SeaORM would show in a trace with its password.
    let mut options = common_options(settings, "postgres://");
    let (connections, timeout) = match usage {
        PostgresUse::Requests => (settings.max_connections, settings.statement_timeout),
        // One reads and one listens. What was not settled in time would only be more the next time, so there is no limit.
        PostgresUse::Log => (2, Duration::ZERO),
    };
    // A request gets a connection that was tried first. The reader of the log tries again by itself.
    options.max_connections(connections).test_before_acquire(usage == PostgresUse::Requests);
    let timeout = format!("{}ms", timeout.as_millis());
    let server = server.clone().application_name("ordercast");
    options.map_sqlx_postgres_opts(move |_| {
        server.clone().options([
            ("statement_timeout", timeout.as_str()),
            ("idle_in_transaction_session_timeout", timeout.as_str()),
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
        ])
    });
    options
}

fn common_options(settings: &DatabaseSettings, url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .acquire_timeout(settings.acquire_timeout)
        .connect_timeout(settings.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        // Statements carry usernames and addresses as values.
        .record_stmt_in_spans(false);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_that_read_a_file_cannot_write_to_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = DatabaseSettings {
            url: format!("sqlite://{}", directory.path().join("test.db").display()),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(10),
        };
        let database = Database::open(&settings).await.expect("the database opens");
        database.execute_on_writer("CREATE TABLE written (id INTEGER)").await.expect("the writer writes");
        for connection in [database.reader(), database.watcher()] {
            let error = connection.execute_unprepared("INSERT INTO written VALUES (1)").await;
            let error = error.expect_err("a reader must not write").to_string();
            assert!(error.contains("readonly"), "{error}");
        }
        database.close().await.expect("the database closes");
    }
}
