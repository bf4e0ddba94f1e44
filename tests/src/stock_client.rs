use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{Api, Process};

/// A client of npm or of Python that reads, changes and then follows, as its own documentation shows it.
pub struct StockClient {
    process: Process,
}

impl StockClient {
    /// Names the environment variable that is 1 where the npm packages are installed.
    pub const NODE: &str = "ORDERCAST_TEST_NODE";
    /// Names the environment variable that is 1 where the Python packages are installed.
    pub const PYTHON: &str = "ORDERCAST_TEST_PYTHON";

    /// Starts one of `node/clients.mjs`. A query or a mutation that is empty is left out.
    pub fn of_node(api: &Api, client: &str, [query, mutation, subscription]: [&str; 3]) -> Self {
        let mut command = Command::new("node");
        command.args(["clients.mjs", client, query, mutation, subscription]).current_dir(directory("node"));
        Self::start(api, &mut command)
    }

    /// Starts one of `python/clients.py`.
    pub fn of_python(api: &Api, client: &str, [query, mutation, subscription]: [&str; 3]) -> Self {
        let directory = directory("python");
        let mut command = Command::new(directory.join(".venv/bin/python"));
        command.args(["clients.py", client, query, mutation, subscription]).current_dir(directory);
        Self::start(api, &mut command)
    }

    fn start(api: &Api, command: &mut Command) -> Self {
        command.env("ORDERCAST_URL", api.url());
        command.envs(api.token().map(|token| ("ORDERCAST_TOKEN", token)));
        Self { process: Process::start(command) }
    }

    /// Waits for what the query or the mutation was answered with.
    pub fn wait_for_result(&self, kind: &str) -> Value {
        self.process.stdout().wait_for(&format!("result of the {kind}"), |lines| {
            told(lines).find_map(|line| line.get(kind).cloned())
        })
    }

    /// Waits until the subscription was answered so often, and returns its answers so far.
    pub fn wait_for_answers(&self, count: usize) -> Vec<Value> {
        self.process.stdout().wait_for(&format!("{count} answers"), |lines| {
            let answers: Vec<_> = told(lines).filter_map(|line| line.get("answer").cloned()).collect();
            (answers.len() >= count).then_some(answers)
        })
    }

    /// Whether the subscription failed or ended.
    pub fn has_ended(&self) -> bool {
        let text = self.process.stdout().text();
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        told(&lines).any(|line| line.get("error").is_some() || line.get("complete").is_some())
    }
}

fn told(lines: &[String]) -> impl Iterator<Item = Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("an object"))
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
