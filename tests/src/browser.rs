use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{Api, Process};

/// A scenario of the page in a real browser (`tests/node/page.mjs`).
pub struct Browser {
    process: Process,
}

impl Browser {
    /// Starts the scenario of that name on a server.
    pub fn start(api: &Api, scenario: &str) -> Self {
        Self::start_with(api, scenario, &[])
    }

    /// Starts the scenario of that name on a server, with these environment variables.
    pub fn start_with(api: &Api, scenario: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new("node");
        command.args(["page.mjs", scenario]);
        command
            .envs(variables.iter().copied())
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("node"));
        Self { process: Process::start(command.env("ORDERCAST_URL", format!("http://{}", api.address()))) }
    }

    /// Runs the scenario of that name, which needs nobody else, to its end.
    pub fn run(api: &Api, scenario: &str) {
        Self::start(api, scenario).finish();
    }

    /// Waits until the scenario tells that step.
    pub fn wait_for(&self, step: &str) {
        self.process.stdout().wait_for(&format!("step `{step}`"), |lines| {
            let mut told = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            told.any(|told| told["step"] == step).then_some(())
        });
    }

    /// Waits until it ends, which it must do well.
    pub fn finish(mut self) {
        let status = self.process.wait();
        let [stdout, stderr] = [self.process.stdout().text(), self.process.stderr().text()];
        assert!(status.success(), "the scenario failed:\n{stdout}\n{stderr}");
        self.wait_for("done");
    }
}
