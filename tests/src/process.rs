use std::{
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use crate::{Lines, PATIENCE};

/// A program that was started. It is killed when this is dropped, and what it wrote is shown if the test failed.
pub struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// What asks a program to end.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// SIGTERM, as service managers send it.
    Terminate,
    /// SIGINT, as Ctrl-C sends it.
    Interrupt,
}

impl Process {
    /// Starts the program.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let stdout = Lines::read(child.stdout.take().expect("a pipe"));
        let stderr = Lines::read(child.stderr.take().expect("a pipe"));
        Self { child, stdout, stderr }
    }

    /// The number that the system knows it by.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it writes to the standard output stream.
    pub fn stdout(&self) -> &Lines {
        &self.stdout
    }

    /// What it writes to the standard error stream.
    pub fn stderr(&self) -> &Lines {
        &self.stderr
    }

    /// Asks it to end.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Terminate => "TERM",
            Signal::Interrupt => "INT",
        };
        // The shell's own `kill`: the standard library sends SIGKILL only.
        let script = format!("kill -s {name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &script]).status().expect("a shell");
        assert!(sent.success(), "`{script}` failed");
    }

    /// Ends it at once, with SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program can be killed");
        self.child.wait().expect("the program was started here");
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        // A program that ends closes its streams.
        let ended = self.stdout.wait_for_end() && self.stderr.wait_for_end();
        assert!(ended, "the program did not end within {PATIENCE:?}");
        self.child.wait().expect("the program was started here")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails for a program that ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("process {} wrote:\n{}\n{}", self.child.id(), self.stdout.text(), self.stderr.text());
        }
    }
}
