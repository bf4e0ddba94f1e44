use std::{net::SocketAddr, process::Command, str::FromStr};

use anyhow::{Context, ensure};
use tests::{Installation, Process, Server};
use tokio::task::spawn_blocking;
use url::Url;

use crate::{floor, messages, requests::Requests, stock, usage};

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The least that delivery costs, with messages of so many bytes.
    Floor { message_bytes: usize },
    /// This server, with so many workers and these settings.
    Ordercast { workers: usize, settings: Vec<(String, String)> },
    /// Another server, which runs already.
    Peer(Peer),
}

/// A server that was started by others: `NAME=URL,PID` or `NAME=URL,PID,MUTATION`.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) name: String,
    endpoint: Endpoint,
    pid: u32,
    /// What makes it tell its subscribers something.
    mutation: String,
}

/// Where a server takes requests, over HTTP and WebSockets.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

/// A server that runs. Those that were started here end with it.
pub(crate) struct Subject {
    pub(crate) endpoint: Endpoint,
    pub(crate) pid: u32,
    events: Events,
}

/// How events come about.
enum Events {
    Posted { message_bytes: usize, _floor: Process },
    Ordered { server: Server },
    Triggered { mutation: String },
}

/// What causes events, over a connection of its own.
pub(crate) struct Trigger<'a> {
    subject: &'a Subject,
    requests: Requests,
    caused: usize,
}

/// What would count all of them as one client.
const UNLIMITED: [&str; 5] = [
    "ORDERCAST_CONNECTIONS",
    "ORDERCAST_CONNECTIONS_PER_ADDRESS",
    "ORDERCAST_OPERATIONS_PER_ADDRESS",
    "ORDERCAST_OPERATIONS_PER_CONNECTION",
    "ORDERCAST_SOCKET_MESSAGES",
];

const PLACE_ORDER: &str =
    r#"mutation { placeOrder(input: { username: "caty88" }) { cursor errors { code } } }"#;

impl Peer {
    /// Starts the libraries as they come. The process ends when it is dropped.
    pub(crate) fn start_stock() -> anyhow::Result<(Self, Process)> {
        let process = Process::start(Command::new(std::env::current_exe()?).arg("stock"));
        let address = process.stdout().wait_for("address", |lines| lines.first()?.parse().ok());
        let endpoint = Endpoint { address, path: "/graphql".to_owned() };
        let name = "async-graphql-actix-web".to_owned();
        Ok((Self { name, endpoint, pid: process.id(), mutation: stock::MUTATION.to_owned() }, process))
    }
}

impl Subject {
    /// Starts it on those cores.
    pub(crate) fn start(kind: &Kind, cores: &[usize]) -> anyhow::Result<Self> {
        let own = usage::cores()?;
        // Children run where their parent does.
        usage::move_to(cores)?;
        let subject = Self::start_here(kind, cores);
        usage::move_to(&own)?;
        subject
    }

    fn start_here(kind: &Kind, cores: &[usize]) -> anyhow::Result<Self> {
        match kind {
            Kind::Floor { message_bytes } => {
                let floor = Process::start(Command::new(std::env::current_exe()?).arg("floor"));
                let address = floor.stdout().wait_for("address", |lines| lines.first()?.parse().ok());
                let path = floor::path(1);
                let (pid, message_bytes) = (floor.id(), *message_bytes);
                let events = Events::Posted { message_bytes, _floor: floor };
                Ok(Self { endpoint: Endpoint { address, path }, pid, events })
            }
            Kind::Ordercast { workers, settings } => {
                let mut installation = Installation::new().set("ORDERCAST_WORKERS", &workers.to_string());
                // All clients are of one address, and one of them asks as often as it can.
                for limit in UNLIMITED {
                    installation = installation.set(limit, "1000000000");
                }
                for (name, value) in settings {
                    installation = installation.set(name, value);
                }
                let server = installation.start();
                let endpoint =
                    Endpoint { address: server.api().address().parse()?, path: "/graphql".to_owned() };
                Ok(Self { endpoint, pid: server.id(), events: Events::Ordered { server } })
            }
            Kind::Peer(Peer { endpoint, pid, mutation, .. }) => {
                if let [core] = cores {
                    usage::keep_on(*core, *pid)?;
                }
                let events = Events::Triggered { mutation: mutation.clone() };
                Ok(Self { endpoint: endpoint.clone(), pid: *pid, events })
            }
        }
    }

    pub(crate) async fn trigger(&self) -> anyhow::Result<Trigger<'_>> {
        Ok(Trigger { subject: self, requests: Requests::connect(&self.endpoint).await?, caused: 0 })
    }
}

impl Trigger<'_> {
    /// Causes an event, and returns which one where the server tells.
    pub(crate) async fn cause(&mut self) -> anyhow::Result<Option<u64>> {
        match &self.subject.events {
            Events::Posted { message_bytes, .. } => self.post(*message_bytes, 1).await,
            Events::Ordered { .. } => {
                let answer = self.requests.graphql(PLACE_ORDER).await?;
                Ok(Some(messages::event(answer).context("a placed order has a cursor")?))
            }
            Events::Triggered { mutation } => {
                self.requests.graphql(mutation).await?;
                Ok(None)
            }
        }
    }

    /// Causes that many events at once: orders that another program places in one transaction.
    pub(crate) async fn cause_at_once(&mut self, events: usize) -> anyhow::Result<Option<u64>> {
        match &self.subject.events {
            _ if events == 1 => return self.cause().await,
            Events::Posted { message_bytes, .. } => return self.post(*message_bytes, events).await,
            Events::Ordered { server } => {
                let user = "(SELECT id FROM users WHERE username = 'caty88')";
                let orders = vec![format!("('2026-04-12', 'UNPAID', {user})"); events].join(", ");
                let statement = format!("INSERT INTO orders (date, state, user_id) VALUES {orders}");
                let installation = server.installation().clone();
                spawn_blocking(move || installation.execute(&statement)).await?;
            }
            Events::Triggered { .. } => {
                for _ in 0..events {
                    self.cause().await?;
                }
            }
        }
        Ok(None)
    }

    async fn post(&mut self, message_bytes: usize, times: usize) -> anyhow::Result<Option<u64>> {
        let events = self.caused..self.caused + times;
        self.caused = events.end;
        let messages: Vec<u8> =
            events.flat_map(|event| messages::next_of_size(message_bytes, event)).collect();
        self.requests.post(&floor::path(times), &messages).await?;
        Ok(None)
    }
}

impl FromStr for Peer {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (name, rest) = text.split_once('=').context("a peer is NAME=URL,PID or NAME=URL,PID,MUTATION")?;
        let mut parts = rest.splitn(3, ',');
        let url = Url::parse(parts.next().unwrap_or_default())?;
        let address = *url.socket_addrs(|| None)?.first().context("the URL has no address")?;
        ensure!(address.ip().is_loopback(), "{address} is not of this machine, whose CPU time is measured");
        let pid = parts.next().context("the peer's process id is missing")?.parse()?;
        let mutation = parts.next().unwrap_or(PLACE_ORDER).to_owned();
        let endpoint = Endpoint { address, path: url.path().to_owned() };
        Ok(Self { name: name.to_owned(), endpoint, pid, mutation })
    }
}
