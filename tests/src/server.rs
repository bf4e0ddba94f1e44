use std::{fs, process::ExitStatus};

use serde_json::Value;

use crate::{Api, Installation, Lines, Process, Signal};

/// A server that serves. It is killed when this is dropped.
pub struct Server {
    process: Process,
    api: Api,
    /// Its directory and database stay as long as it runs.
    installation: Installation,
}

impl Server {
    /// The server as it starts in an empty directory, without settings.
    pub fn start() -> Self {
        Installation::new().start()
    }

    pub(crate) fn start_in(installation: &Installation) -> Self {
        let process = installation.spawn(&[]);
        let address = process.stderr().wait_for("event with the server's address", |lines| {
            lines.iter().find_map(|line| {
                let event: Value = serde_json::from_str(line).ok()?;
                Some(event["address"].as_str()?.to_owned())
            })
        });
        Self { process, api: Api::at(&address), installation: installation.clone() }
    }

    /// Where it runs.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The memory that its process has now, in bytes.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory that its process had so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// A line of what Linux tells of its process.
    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()));
        let status = status.expect("Linux tells of processes");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of that name");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    }

    /// Its API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Its log.
    pub fn log(&self) -> &Lines {
        self.process.stderr()
    }

    /// Ends it at once, with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to end.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until it ends.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// Asks it to end with SIGTERM, and waits until it does.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::Terminate);
        self.wait()
    }
}
