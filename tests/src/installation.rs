use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, ExitStatus},
    sync::Arc,
};

use tempfile::TempDir;

use crate::{PostgresDatabase, PostgresServer, Process, Server, binary, sql};

/// A working directory, settings, and the database that they name. Clones are the same one, settings apart.
#[derive(Clone)]
pub struct Installation {
    directory: Arc<TempDir>,
    settings: BTreeMap<String, String>,
    postgres: Option<Arc<PostgresDatabase>>,
}

/// A program that ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// What it wrote to the standard output stream.
    pub stdout: String,
    /// What it wrote to the standard error stream.
    pub stderr: String,
}

const DATABASE_URL: &str = "ORDERCAST_DATABASE_URL";

impl Installation {
    /// An empty directory, and no settings but a free port and a log that programs can read.
    pub fn new() -> Self {
        let installation = Self {
            directory: Arc::new(tempfile::tempdir().expect("a directory")),
            settings: BTreeMap::new(),
            postgres: None,
        };
        installation.set("ORDERCAST_ADDR", "127.0.0.1:0").set("ORDERCAST_LOG_FORMAT", "json")
    }

    /// The same on a new PostgreSQL database, which nothing was done to.
    pub fn on_postgres(server: &PostgresServer) -> Self {
        let database = server.create_database();
        let installation = Self::new().set(DATABASE_URL, &database.url());
        Self { postgres: Some(Arc::new(database)), ..installation }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The PostgreSQL database, on one.
    pub fn postgres(&self) -> &PostgresDatabase {
        self.postgres.as_ref().expect("an installation on PostgreSQL")
    }

    /// Where the server's own files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Builds the binary, where that is not done yet.
    pub fn build() {
        binary::ordercast();
    }

    /// Starts the server.
    pub fn start(&self) -> Server {
        Server::start_in(self)
    }

    /// Starts the binary with these arguments.
    pub fn spawn(&self, arguments: &[&str]) -> Process {
        let mut command = Command::new(binary::ordercast());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("ORDERCAST_")) {
                command.env_remove(name);
            }
        }
        Process::start(command.args(arguments).envs(&self.settings).current_dir(self.directory()))
    }

    /// Runs the binary with these arguments until it ends by itself.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let mut process = self.spawn(arguments);
        let status = process.wait();
        Finished { status, stdout: process.stdout().text(), stderr: process.stderr().text() }
    }

    /// Runs the binary with these arguments, which must succeed.
    pub fn run_successfully(&self, arguments: &[&str]) {
        let finished = self.run(arguments);
        assert!(finished.status.success(), "{arguments:?} failed: {finished:?}");
    }

    /// Runs statements on the database as another program would.
    pub fn execute(&self, statements: &str) {
        sql::execute(&self.database_url(), statements);
    }

    /// The first column, text, of the rows that a statement selects.
    pub fn select(&self, statement: &str) -> Vec<String> {
        sql::select(&self.database_url(), statement)
    }

    /// As seen from the tests' own directory.
    fn database_url(&self) -> String {
        let url = self.settings.get(DATABASE_URL).map_or("sqlite://ordercast.db", String::as_str);
        match url.strip_prefix("sqlite://") {
            Some(file) => format!("sqlite://{}", self.directory().join(file).display()),
            None => url.to_owned(),
        }
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}
