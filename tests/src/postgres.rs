use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use url::Url;

use crate::sql;

/// A PostgreSQL server on which databases may be created.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    url: Url,
}

/// A database of its own for one test. It is dropped with this.
pub struct PostgresDatabase {
    server: PostgresServer,
    name: String,
}

/// A PostgreSQL server of its own, for a test that does to it what others would not stand. It ends with this.
pub struct OwnPostgresServer {
    script: Child,
    server: PostgresServer,
    restart: String,
}

impl OwnPostgresServer {
    /// Starts one where PostgreSQL is installed.
    pub fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/setup/postgres.sh");
        let wait = "echo $ORDERCAST_TEST_POSTGRES; echo $ORDERCAST_TEST_POSTGRES_RESTART; exec cat";
        let mut command = Command::new(script);
        command.args(["sh", "-c", wait]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut lines = BufReader::new(script.stdout.take().expect("a pipe")).lines();
        let mut line = || lines.next().expect("a line of the script").expect("UTF-8");
        let server = PostgresServer { url: Url::parse(&line()).expect("a URL") };
        Self { script, server, restart: line() }
    }

    /// Where it is.
    pub fn server(&self) -> &PostgresServer {
        &self.server
    }

    /// Restarts it as a crash would, and waits until it lets connections in.
    pub fn crash(&self) {
        let restarted =
            Command::new(&self.restart).stdin(Stdio::null()).status().expect("the script's program");
        assert!(restarted.success(), "the server did not come back");
    }
}

impl Drop for OwnPostgresServer {
    fn drop(&mut self) {
        // The script stops the server at the end of its input.
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

impl PostgresServer {
    /// Names the environment variable with the server's URL.
    pub const VARIABLE: &str = "ORDERCAST_TEST_POSTGRES";

    /// The server that the environment names.
    pub fn from_environment() -> Option<Self> {
        let url = std::env::var(Self::VARIABLE).ok()?;
        Some(Self { url: Url::parse(&url).unwrap_or_else(|error| panic!("{}: {error}", Self::VARIABLE)) })
    }

    /// A new database.
    pub fn create_database(&self) -> PostgresDatabase {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("ordercast_tests_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.administer(&format!("CREATE DATABASE {name}"));
        PostgresDatabase { server: self.clone(), name }
    }

    fn administer(&self, statements: &str) {
        sql::execute(&self.url_of("postgres"), statements);
    }

    fn url_of(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }
}

impl PostgresDatabase {
    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    /// Its URL, with a password that the server does not ask for.
    pub fn url_with_password(&self, password: &str) -> String {
        let mut url = Url::parse(&self.url()).expect("a URL");
        url.set_password(Some(password)).expect("a URL with a host");
        url.into()
    }

    /// Ends every connection to it, and lets no new one in.
    pub fn shut(&self) {
        let Self { server, name } = self;
        server.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        server.administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ));
    }

    /// Lets connections in again.
    pub fn open(&self) {
        self.server.administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name));
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A failing test has told what it found: a second panic would hide it.
        if !std::thread::panicking() {
            self.server.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}
