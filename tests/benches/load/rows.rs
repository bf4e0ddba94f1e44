use std::time::Duration;

use clap::ValueEnum;

use crate::{
    clients::Documents,
    figures::ratios,
    measure::{self, Load},
    queries,
    session::{Comparison, Figures, Session},
    subject::{Kind, Subject},
};

/// What is measured. Each is a line of the table, or some.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Row {
    /// The talk's subscription.
    GetOrder,
    /// Every change.
    OrderEvents,
    /// What a delivery costs with 16,000 subscribers against 1,000.
    Growth,
    /// 1,000 different documents.
    Documents,
    /// Ten events that wait at once.
    Burst,
    /// How soon the last of 100 clients is told.
    Latency,
    /// The memory of subscribers.
    Memory,
    /// What subscribers cost while nothing happens.
    Idle,
    /// Two workers against one.
    Workers,
    /// The talk's query.
    Queries,
}

const GET_ORDER: Documents =
    Documents::Same("subscription { getOrder { state date user { username email } } }");
const ORDER_EVENTS: Documents = Documents::Same(
    "subscription { orderEvents { kind cursor order { id state date user { username email } } } }",
);
/// Deliveries of a measurement; at 6 microseconds each they keep a server busy for more than a second.
const DELIVERIES: usize = 200_000;
const RATE: &str = "deliveries per CPU second";

impl Row {
    /// What a few minutes are enough for.
    pub(crate) const QUICK: [Self; 5] =
        [Self::GetOrder, Self::OrderEvents, Self::Burst, Self::Latency, Self::Memory];

    /// Measures it, with so many subscribers where that is to be chosen.
    pub(crate) fn measure(self, session: &mut Session, subscribers: &[usize]) -> anyhow::Result<()> {
        match self {
            Self::GetOrder => subscribers.iter().try_for_each(|count| get_order(session, *count)),
            Self::OrderEvents => subscribers.iter().try_for_each(|count| order_events(session, *count)),
            Self::Growth => growth(session),
            Self::Documents => documents(session),
            Self::Burst => burst(session),
            Self::Latency => latency(session),
            Self::Memory => memory(session),
            Self::Idle => idle(session),
            Self::Workers => workers(session),
            Self::Queries => [2, 100].into_iter().try_for_each(|orders| queries(session, orders)),
        }
    }
}

fn load(subscribers: usize, documents: Documents) -> Load {
    let times = (DELIVERIES / subscribers).clamp(10, 400);
    Load { subscribers, documents, times, at_once: 1, pause: Duration::ZERO }
}

fn get_order(session: &mut Session, subscribers: usize) -> anyhow::Result<()> {
    let figures = rates(session, load(subscribers, GET_ORDER), true)?;
    against_the_floor(session, &format!("{subscribers} subscribers of `getOrder`"), &figures, "0.85 or more");
    Ok(())
}

fn order_events(session: &mut Session, subscribers: usize) -> anyhow::Result<()> {
    let figures = rates(session, load(subscribers, ORDER_EVENTS), false)?;
    let what = format!("{subscribers} subscribers of `orderEvents`");
    against_the_floor(session, &what, &figures, "0.85 or more");
    Ok(())
}

fn growth(session: &mut Session) -> anyhow::Result<()> {
    let (mut few, mut many) = (Figures::default(), Figures::default());
    for _ in 0..session.rounds {
        for (figures, subscribers) in [(&mut few, 1_000), (&mut many, 16_000)] {
            let load = load(subscribers, GET_ORDER);
            let ordercast = session.deliver(&session.ordercast(), load)?;
            let floor = Kind::Floor { message_bytes: ordercast.message_bytes };
            figures.ordercast.push(ordercast.deliveries_per_cpu_second);
            figures.floor.push(session.deliver(&floor, load)?.deliveries_per_cpu_second);
        }
    }
    let of_ordercast = ratios(&few.ordercast, &many.ordercast);
    let of_the_floor = ratios(&few.floor, &many.floor);
    let ratios = ratios(&of_ordercast, &of_the_floor);
    let figures = Figures { floor: of_the_floor, ordercast: of_ordercast, peers: Vec::new() };
    let comparison = Comparison { ratios, with: "of the floor's", goal: "1.15 or less" };
    let unit = "times the cost per delivery";
    session.add("16,000 subscribers of `getOrder` against 1,000", unit, &figures, &comparison);
    Ok(())
}

fn documents(session: &mut Session) -> anyhow::Result<()> {
    const SUBSCRIBERS: usize = 8_000;
    const DIFFERENT: usize = 1_000;
    let Documents::Same(document) = GET_ORDER else { return Ok(()) };
    let (mut one, mut named, mut aliased) = (Vec::new(), Vec::new(), Vec::new());
    let named_documents = Documents::Named(document, DIFFERENT);
    let aliased_documents = Documents::Aliased(document, DIFFERENT);
    for _ in 0..session.rounds {
        for (rates, documents) in
            [(&mut one, GET_ORDER), (&mut named, named_documents), (&mut aliased, aliased_documents)]
        {
            let outcome = session.deliver(&session.ordercast(), load(SUBSCRIBERS, documents))?;
            rates.push(outcome.deliveries_per_cpu_second);
        }
    }
    for (rates, differ) in [(named, "operation's name"), (aliased, "selection")] {
        let ratios = ratios(&rates, &one);
        let what = format!("8,000 subscribers of 1,000 documents that differ in the {differ}");
        let comparison = Comparison { ratios, with: "of one document", goal: "0.6 or more" };
        session.add(&what, RATE, &Figures { ordercast: rates, ..Figures::default() }, &comparison);
    }
    Ok(())
}

fn burst(session: &mut Session) -> anyhow::Result<()> {
    const AT_ONCE: usize = 10;
    let mut load = load(1_000, ORDER_EVENTS);
    (load.at_once, load.times) = (AT_ONCE, load.times / 4);
    let figures = rates(session, load, false)?;
    let what = "1,000 subscribers of `orderEvents`, 10 orders in one transaction";
    against_the_floor(session, what, &figures, "5 or more");
    Ok(())
}

fn latency(session: &mut Session) -> anyhow::Result<()> {
    let mut load = load(100, GET_ORDER);
    (load.times, load.pause) = (500, Duration::from_millis(2));
    let outcomes = session.deliver_everywhere(load, true)?;
    let what = "from a mutation's sending to the last of 100 clients";
    let none = |goal| Comparison { ratios: Vec::new(), with: "", goal };
    session.add(what, "ms, median", &outcomes.figures(|outcome| outcome.median_latency), &none("-"));
    session.add(what, "ms, 99 of 100", &outcomes.figures(|outcome| outcome.p99_latency), &none("5 or less"));
    Ok(())
}

fn memory(session: &mut Session) -> anyhow::Result<()> {
    const SUBSCRIBERS: usize = 8_000;
    let figures =
        session.take_everywhere(|subject| Ok(measure::memory(subject, GET_ORDER, SUBSCRIBERS)? / 1024.0))?;
    let comparison = Comparison { ratios: Vec::new(), with: "", goal: "4 or less" };
    session.add("memory of a subscriber, of 8,000, in user space", "KiB", &figures, &comparison);
    Ok(())
}

fn idle(session: &mut Session) -> anyhow::Result<()> {
    const SUBSCRIBERS: usize = 10_000;
    let time = session.idle_for;
    let figures = session
        .take_everywhere(|subject| Ok(measure::idle(subject, GET_ORDER, SUBSCRIBERS, time)? * 100.0))?;
    let comparison = Comparison { ratios: Vec::new(), with: "", goal: "1 or less" };
    session.add("10,000 subscribers while nothing happens", "% of a core", &figures, &comparison);
    Ok(())
}

fn workers(session: &mut Session) -> anyhow::Result<()> {
    const SUBSCRIBERS: usize = 8_000;
    const TIMES: usize = 20;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..session.rounds {
        for (rates, workers) in [(&mut one, 1), (&mut two, 2)] {
            let kind = Kind::Ordercast { workers, settings: session.settings.clone() };
            let subject = Subject::start(&kind, &session.all_cores)?;
            rates.push(measure::throughput(&subject, GET_ORDER, SUBSCRIBERS, TIMES)?);
        }
    }
    let ratios = ratios(&two, &one);
    let comparison = Comparison { ratios, with: "of one worker", goal: "1.7 or more" };
    let figures = Figures { ordercast: two, ..Figures::default() };
    session.add(
        "8,000 subscribers, two workers on all cores",
        "deliveries per second",
        &figures,
        &comparison,
    );
    Ok(())
}

fn queries(session: &mut Session, orders: usize) -> anyhow::Result<()> {
    let mut sharing = vec![Vec::new(), Vec::new()];
    let mut peers = vec![Vec::new(); session.peers.len()];
    for _ in 0..session.rounds {
        for (share, costs) in ["true", "false"].into_iter().zip(&mut sharing) {
            let mut settings = session.settings.clone();
            settings.push(("ORDERCAST_QUERY_SHARING".to_owned(), share.to_owned()));
            let subject = session.start(&Kind::Ordercast { workers: 1, settings })?;
            queries::prepare(&subject, orders)?;
            costs.extend(queries::cost(&subject, orders)?);
        }
        for (peer, costs) in session.peers.iter().zip(&mut peers) {
            costs.extend(queries::cost(&session.start(&Kind::Peer(peer.clone()))?, orders)?);
        }
    }
    for (ordercast, how) in sharing.into_iter().zip(["shared", "executed for each request"]) {
        let peer = session.peers.iter().zip(&peers).find(|(_, costs)| !costs.is_empty());
        let (ratios, with) = peer.map_or_else(Default::default, |(peer, costs)| {
            (ratios(&ordercast, costs), format!("of {}", peer.name))
        });
        let figures = Figures { ordercast, peers: peers.clone(), ..Figures::default() };
        let comparison = Comparison { ratios, with: &with, goal: "0.8 of Mercurius or less" };
        let what = format!("`getOrders` of {orders} orders, {how}");
        session.add(&what, "microseconds of CPU", &figures, &comparison);
    }
    Ok(())
}

fn rates(session: &mut Session, load: Load, with_peers: bool) -> anyhow::Result<Figures> {
    let outcomes = session.deliver_everywhere(load, with_peers)?;
    Ok(outcomes.figures(|outcome| outcome.deliveries_per_cpu_second))
}

fn against_the_floor(session: &mut Session, what: &str, figures: &Figures, goal: &str) {
    let ratios = ratios(&figures.ordercast, &figures.floor);
    session.add(what, RATE, figures, &Comparison { ratios, with: "of the floor", goal });
}
