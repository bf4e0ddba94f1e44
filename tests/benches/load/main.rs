//! What delivery costs: against the floor, which is what the kernel charges for writing to sockets, and against any other
//! server of this machine. Prints a Markdown table of medians, and fails when a client missed an event, or was told one
//! twice:
//!
//!     cargo bench -p tests --bench load
//!     cargo bench -p tests --bench load -- --all --rounds 5 --peer 'Mercurius=http://127.0.0.1:8011/graphql,PID,mutation { tick }'
//!
//! The row `queries` compares with a peer whose `getOrders` has as many orders, 2 or 100; a peer of each may be given.
//!
//! Servers run on one core and the clients on another, and CPU time is what is compared. The clients do not sleep while
//! messages are on their way: waking one that does is charged to the server, and how often it must be is a question of how
//! fast the clients are. In each round every server is started anew and measured, one after another; a ratio is the median of the
//! rounds' ratios. This server runs on SQLite in a directory of its own, and an event is an order that was really placed.

mod clients;
mod deliveries;
mod figures;
mod floor;
mod follower;
mod frames;
mod measure;
mod messages;
mod queries;
mod report;
mod requests;
mod rest;
mod rows;
mod session;
mod stock;
mod subject;
mod usage;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use tests::Installation;

use crate::{measure::Waiting, rows::Row, session::Session, subject::Peer};

/// What delivery costs, as a Markdown table.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,

    /// What to measure, separated by commas; a quick choice without it.
    #[arg(long, value_enum, value_delimiter = ',', conflicts_with = "all")]
    rows: Vec<Row>,

    /// Measure everything.
    #[arg(long)]
    all: bool,

    /// How often to measure each; the middle figure is told.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,

    /// Subscribers of the rows `get-order` and `order-events`.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 8_000])]
    subscribers: Vec<usize>,

    /// How long the row `idle` watches.
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    idle_for: Duration,

    /// Another server that runs on this machine, with its process, and what makes it tell its subscribers something:
    /// NAME=URL,PID or NAME=URL,PID,MUTATION. May be repeated.
    #[arg(long = "peer")]
    peers: Vec<Peer>,

    /// Measure the libraries as they come, too: async-graphql-actix-web without this project, and without a database.
    #[arg(long)]
    stock: bool,

    /// What clients do while messages are on their way and nothing has come for them.
    #[arg(long, value_enum, default_value = "awake")]
    clients: Waiting,

    /// A setting of this server, as in `ORDERCAST_POLL_INTERVAL=1s`. May be repeated.
    #[arg(long = "set", value_parser = setting)]
    settings: Vec<(String, String)>,

    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Part {
    /// Serve as the floor.
    #[command(hide = true)]
    Floor,
    /// Serve as the libraries do.
    #[command(hide = true)]
    Stock,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let limit = usage::raise_file_limit().context("raising the limit of open files")?;
    match arguments.part {
        Some(Part::Floor) => floor::serve()?,
        Some(Part::Stock) => stock::serve()?,
        None => {}
    }
    let rows = match arguments.rows.as_slice() {
        _ if arguments.all => Row::value_variants(),
        [] => &Row::QUICK,
        rows => rows,
    };
    let most = arguments.subscribers.iter().copied().max().unwrap_or_default();
    ensure!(most > 0 && !arguments.subscribers.contains(&0), "--subscribers must be above zero");
    ensure!(
        limit > most as u64 + 100,
        "{most} subscribers need more than the {limit} files that may be open"
    );

    // Builds the server, while all cores may do so.
    Installation::new().run_successfully(&["schema"]);
    let cores = usage::cores()?;
    let client_core = *cores.last().context("no core to run on")?;
    usage::stay_on(client_core)?;
    let mut peers = arguments.peers;
    let stock = arguments.stock.then(Peer::start_stock).transpose()?;
    peers.extend(stock.as_ref().map(|(peer, _)| peer.clone()));
    let mut session = Session::new(arguments.rounds.into(), arguments.idle_for, peers, cores);
    session.waiting = arguments.clients;
    session.settings = arguments.settings;
    for row in rows {
        row.measure(&mut session, &arguments.subscribers)?;
    }
    let faults = session.finish();
    for fault in &faults {
        report::tell(&format!("NOT DELIVERED AS PROMISED: {fault}"));
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn setting(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text.split_once('=').context("a setting is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
