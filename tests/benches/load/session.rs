use std::time::Duration;

use crate::{
    figures::{median, show},
    measure::{self, Load, Outcome, Waiting},
    report::{self, Table},
    subject::{Kind, Peer, Subject},
};

/// Everything that is measured in one run of this program.
pub(crate) struct Session {
    pub(crate) rounds: usize,
    pub(crate) idle_for: Duration,
    pub(crate) peers: Vec<Peer>,
    pub(crate) waiting: Waiting,
    /// Settings of this server.
    pub(crate) settings: Vec<(String, String)>,
    /// Where servers run; that of the clients is another, if there is one.
    pub(crate) server_core: usize,
    pub(crate) all_cores: Vec<usize>,
    table: Table,
    faults: Vec<String>,
}

/// A figure of each round, by what was measured. What a server cannot do has none.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) floor: Vec<f64>,
    pub(crate) ordercast: Vec<f64>,
    pub(crate) peers: Vec<Vec<f64>>,
}

/// What a comparison is about, and what it should come to.
pub(crate) struct Comparison<'a> {
    pub(crate) ratios: Vec<f64>,
    pub(crate) with: &'a str,
    pub(crate) goal: &'a str,
}

/// What each server did with a load, round by round.
#[derive(Default)]
pub(crate) struct Outcomes {
    pub(crate) floor: Vec<Outcome>,
    pub(crate) ordercast: Vec<Outcome>,
    pub(crate) peers: Vec<Vec<Outcome>>,
}

impl Session {
    pub(crate) fn new(rounds: usize, idle_for: Duration, peers: Vec<Peer>, all_cores: Vec<usize>) -> Self {
        let names = peers.iter().map(|peer| peer.name.as_str());
        let header = ["what", "measured in", "floor", "this server"].into_iter().chain(names);
        let table = Table::new(header.chain(["ratio", "to reach"]).map(str::to_owned).collect());
        let server_core = all_cores[0];
        let (waiting, settings, faults) = (Waiting::Awake, Vec::new(), Vec::new());
        Self { rounds, idle_for, peers, waiting, settings, server_core, all_cores, table, faults }
    }

    /// This server.
    pub(crate) fn ordercast(&self) -> Kind {
        Kind::Ordercast { workers: 1, settings: self.settings.clone() }
    }

    /// Starts it on the servers' core.
    pub(crate) fn start(&self, kind: &Kind) -> anyhow::Result<Subject> {
        Subject::start(kind, &[self.server_core])
    }

    /// Delivers from a server that is started for that.
    pub(crate) fn deliver(&mut self, kind: &Kind, load: Load) -> anyhow::Result<Outcome> {
        let subject = self.start(kind)?;
        let outcome = measure::deliver(&subject, load, self.waiting)?;
        report::tell(&format!("{kind:?}, {load:?}: {outcome:?}"));
        if let Some(fault) = &outcome.fault {
            self.faults.push(format!("{kind:?}, {load:?}: {fault}"));
        }
        Ok(outcome)
    }

    /// Delivers from each server, one after another, in each round. Peers know the talk's subscription only.
    pub(crate) fn deliver_everywhere(&mut self, load: Load, with_peers: bool) -> anyhow::Result<Outcomes> {
        let peers = if with_peers { self.peers.clone() } else { Vec::new() };
        let mut outcomes = Outcomes::default();
        outcomes.peers.resize_with(peers.len(), Vec::new);
        for _ in 0..self.rounds {
            let ordercast = self.deliver(&self.ordercast(), load)?;
            let message_bytes = ordercast.message_bytes;
            outcomes.ordercast.push(ordercast);
            outcomes.floor.push(self.deliver(&Kind::Floor { message_bytes }, load)?);
            for (peer, outcomes) in peers.iter().zip(&mut outcomes.peers) {
                outcomes.push(self.deliver(&Kind::Peer(peer.clone()), load)?);
            }
        }
        Ok(outcomes)
    }

    /// Takes a figure of every server in each round.
    pub(crate) fn take_everywhere(
        &self,
        mut figure: impl FnMut(&Subject) -> anyhow::Result<f64>,
    ) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        figures.peers.resize_with(self.peers.len(), Vec::new);
        for _ in 0..self.rounds {
            figures.ordercast.push(figure(&self.start(&self.ordercast())?)?);
            figures.floor.push(figure(&self.start(&Kind::Floor { message_bytes: 0 })?)?);
            for (peer, figures) in self.peers.iter().zip(&mut figures.peers) {
                figures.push(figure(&self.start(&Kind::Peer(peer.clone()))?)?);
            }
        }
        Ok(figures)
    }

    /// Adds a line to the table: medians, and that of the ratios.
    pub(crate) fn add(&mut self, what: &str, unit: &str, figures: &Figures, comparison: &Comparison<'_>) {
        let mut cells = vec![what.to_owned(), unit.to_owned()];
        cells.extend([&figures.floor, &figures.ordercast].map(|figures| show(median(figures))));
        let none = Vec::new();
        for peer in 0..self.peers.len() {
            cells.push(show(median(figures.peers.get(peer).unwrap_or(&none))));
        }
        cells.push(match comparison.ratios.as_slice() {
            [] => "-".to_owned(),
            ratios => format!("{} {}", show(median(ratios)), comparison.with),
        });
        cells.push(comparison.goal.to_owned());
        self.table.add(cells);
    }

    /// Prints the table, and returns what clients found wrong.
    pub(crate) fn finish(self) -> Vec<String> {
        self.table.print();
        self.faults
    }
}

impl Outcomes {
    /// One figure of all that was seen.
    pub(crate) fn figures(&self, figure: impl Fn(&Outcome) -> f64) -> Figures {
        let all = |outcomes: &Vec<Outcome>| outcomes.iter().map(&figure).collect();
        Figures {
            floor: all(&self.floor),
            ordercast: all(&self.ordercast),
            peers: self.peers.iter().map(all).collect(),
        }
    }
}
