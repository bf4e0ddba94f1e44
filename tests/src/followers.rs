use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{Api, Process, Protocol};

/// Stock npm clients that follow the same subscription, each on a socket of its own.
pub struct Followers {
    process: Process,
    protocol: Protocol,
    sockets: usize,
}

/// What one socket told.
#[derive(Clone, Default)]
struct Told {
    protocol: Option<String>,
    answers: Vec<String>,
}

impl Followers {
    /// Starts them. `operation` is the name of the document's operation.
    pub fn start(api: &Api, protocol: Protocol, sockets: usize, document: &str, operation: &str) -> Self {
        let mut command = Command::new("node");
        command.args(["follow.mjs", protocol.name(), &sockets.to_string(), document, operation]);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("node"));
        let process = Process::start(command.env("ORDERCAST_URL", api.socket_url()));
        Self { process, protocol, sockets }
    }

    /// Waits until every socket has had so many answers, and returns each socket's answers so far, as text.
    pub fn wait_for_answers(&self, count: usize) -> Vec<Vec<String>> {
        let what = format!("{count} answers on each of {} sockets", self.sockets);
        let told = self.process.stdout().wait_for(&what, |lines| {
            let told = self.read(lines);
            told.iter().all(|socket| socket.answers.len() >= count).then_some(told)
        });
        for socket in &told {
            assert_eq!(
                socket.protocol.as_deref(),
                Some(self.protocol.name()),
                "the protocol that was agreed on"
            );
        }
        told.into_iter().map(|socket| socket.answers).collect()
    }

    fn read(&self, lines: &[String]) -> Vec<Told> {
        let mut told = vec![Told::default(); self.sockets];
        for line in lines {
            let event: Value = serde_json::from_str(line).expect("an object");
            let socket = event["socket"].as_u64().and_then(|socket| usize::try_from(socket).ok());
            let socket = &mut told[socket.expect("a socket")];
            if let Some(protocol) = event["protocol"].as_str() {
                socket.protocol = Some(protocol.to_owned());
            } else if let Some(answer) = event["answer"].as_str() {
                socket.answers.push(answer.to_owned());
            } else {
                panic!("a subscription ended: {line}");
            }
        }
        told
    }
}
