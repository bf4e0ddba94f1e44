use std::process::Command;

use libtest_mimic::{Arguments, Trial};

use crate::{Installation, PostgresServer, StockClient};

/// The tests of one program, each named after its function. Those that need what the environment does not name are
/// reported as ignored.
pub struct Suite {
    trials: Vec<Trial>,
    postgres: Option<PostgresServer>,
    node: bool,
    python: bool,
}

/// A kind of database.
#[derive(Clone, Debug)]
pub enum Store {
    /// A file.
    Sqlite,
    /// A server.
    Postgres(PostgresServer),
}

impl Store {
    /// An installation on a new database of this kind, migrated, without users and orders.
    pub fn install(&self) -> Installation {
        let installation = match self {
            // Only the database that is there without any setting gets sample data.
            Self::Sqlite => Installation::new().set("ORDERCAST_DATABASE_URL", "sqlite://orders.db"),
            Self::Postgres(server) => Installation::on_postgres(server),
        };
        installation.run_successfully(&["migrate"]);
        installation
    }
}

impl Suite {
    /// No tests yet.
    pub fn new() -> Self {
        let is_set = |variable| std::env::var(variable).is_ok_and(|value| value == "1");
        let (node, python) = (is_set(StockClient::NODE), is_set(StockClient::PYTHON));
        Self { trials: Vec::new(), postgres: PostgresServer::from_environment(), node, python }
    }

    /// A test that needs nothing else.
    #[must_use]
    pub fn everywhere<F: FnOnce() + Send + 'static>(self, test: F) -> Self {
        self.add(name_of::<F>(), Some(test))
    }

    /// A test that needs the npm clients.
    #[must_use]
    pub fn with_node<F: FnOnce() + Send + 'static>(self, test: F) -> Self {
        let test = self.node.then_some(test);
        self.add(format!("node::{}", name_of::<F>()), test)
    }

    /// A test of that name that needs the npm clients.
    #[must_use]
    pub fn named_with_node(self, name: &str, test: impl FnOnce() + Send + 'static) -> Self {
        let test = self.node.then_some(test);
        self.add(format!("node::{name}"), test)
    }

    /// A test of that name that needs the Python client.
    #[must_use]
    pub fn named_with_python(self, name: &str, test: impl FnOnce() + Send + 'static) -> Self {
        let test = self.python.then_some(test);
        self.add(format!("python::{name}"), test)
    }

    /// A test that needs this program of the system.
    #[must_use]
    pub fn with_program<F: FnOnce() + Send + 'static>(self, program: &str, test: F) -> Self {
        let is_there = Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success());
        self.add(format!("{program}::{}", name_of::<F>()), is_there.then_some(test))
    }

    /// A test that needs PostgreSQL.
    #[must_use]
    pub fn on_postgres<F: FnOnce(&PostgresServer) + Send + 'static>(self, test: F) -> Self {
        let test = self.postgres.clone().map(|server| move || test(&server));
        self.add(format!("postgres::{}", name_of::<F>()), test)
    }

    /// A test that needs PostgreSQL and the npm clients.
    #[must_use]
    pub fn on_postgres_with_node<F: FnOnce(&PostgresServer) + Send + 'static>(self, test: F) -> Self {
        let test = self.postgres.clone().filter(|_| self.node).map(|server| move || test(&server));
        self.add(format!("postgres::node::{}", name_of::<F>()), test)
    }

    /// A test of every kind of database.
    #[must_use]
    pub fn on_each_store<F: FnOnce(&Store) + Copy + Send + 'static>(self, test: F) -> Self {
        let postgres = self.postgres.clone().map(|server| move || test(&Store::Postgres(server)));
        self.add(format!("sqlite::{}", name_of::<F>()), Some(move || test(&Store::Sqlite)))
            .add(format!("postgres::{}", name_of::<F>()), postgres)
    }

    /// A test of every kind of database that needs the npm clients.
    #[must_use]
    pub fn on_each_store_with_node<F: FnOnce(&Store) + Copy + Send + 'static>(self, test: F) -> Self {
        let sqlite = self.node.then_some(move || test(&Store::Sqlite));
        let postgres = self.postgres.clone().filter(|_| self.node);
        let postgres = postgres.map(|server| move || test(&Store::Postgres(server)));
        self.add(format!("sqlite::node::{}", name_of::<F>()), sqlite)
            .add(format!("postgres::node::{}", name_of::<F>()), postgres)
    }

    /// Runs them as the command line asks, and ends the program.
    pub fn run(self) -> ! {
        libtest_mimic::run(&Arguments::from_args(), self.trials).exit()
    }

    fn add(mut self, name: impl Into<String>, test: Option<impl FnOnce() + Send + 'static>) -> Self {
        let ignored = test.is_none();
        let trial = Trial::test(name, move || {
            let variables = [StockClient::NODE, StockClient::PYTHON, PostgresServer::VARIABLE];
            let needs = || format!("needs one of {}, or a program, see tests/setup", variables.join(", "));
            test.ok_or_else(needs)?();
            Ok(())
        });
        self.trials.push(trial.with_ignored_flag(ignored));
        self
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

/// A function's name, without its path.
fn name_of<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    path.rsplit("::").next().unwrap_or(path)
}
