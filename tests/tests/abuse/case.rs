use std::thread;

use tests::{AbuseCase, Server};

/// Something that those who mean no good send, with its expected answer.
pub(crate) struct Case {
    /// The table that it is in.
    pub(crate) table: &'static str,
    /// What it is. No two cases of a table are called the same.
    pub(crate) name: String,
    /// Where it is sent.
    pub(crate) target: Target,
    run: Box<dyn Fn(&Server) + Send + Sync>,
}

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Everyone is staff.
    Open,
    /// With tokens, without the introspection, and with what is off by default.
    Guarded,
}

impl Case {
    /// A case that fails by a panic.
    pub(crate) fn new(
        table: &'static str,
        name: impl Into<String>,
        target: Target,
        run: impl Fn(&Server) + Send + Sync + 'static,
    ) -> Self {
        Self { table, name: name.into(), target, run: Box::new(run) }
    }

    /// The bytes of such a case at the open server.
    pub(crate) fn of_bytes(table: &'static str, case: AbuseCase) -> Self {
        Self::new(table, case.name.clone(), Target::Open, move |server| case.run(server.api().address()))
    }

    /// Sends it, and holds what comes of it against what is expected.
    pub(crate) fn run(&self, server: &Server) {
        let _named = Named(&self.name);
        (self.run)(server);
    }
}

/// Says which case it was, if it fails beside others.
struct Named<'n>(&'n str);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this was `{}`", self.0);
        }
    }
}
