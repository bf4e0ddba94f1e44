//! Connections that are lost again and again, on PostgreSQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    Cursor, OrderChange, OrderId, OrderRepository, Placement, Scope, Transition, TransitionOutcome,
    testing::contract::{new_order, new_user},
};
use futures_util::future::join_all;
use persistence::{Database, LogSettings, SqlRepository};
use tokio::sync::watch;

use crate::{
    followers::Follower,
    storage::{POSTGRES_SERVER, log_settings},
    support::{Node, Program, Random, awaited, replay, scale, url_of},
};

const SEED: u64 = 0xdead_beef;

pub(crate) async fn followers_stay_through_lost_connections_and_miss_nothing(database: Database) {
    let url = url_of(&database).await;
    let program = Program::beside(&database).await;
    program.add_users().await;
    program.close().await;
    let settings = |ring_events| LogSettings { ring_events, ..log_settings() };
    let nodes = [Node::start(&url, settings(100_000)).await, Node::start(&url, settings(16)).await];
    let (end, ended) = watch::channel(None);
    let (mut staying, mut resuming) = (Vec::new(), Vec::new());
    let after = nodes[0].position().await;
    for (number, node) in (0..).zip(&nodes) {
        let follower = || Follower { log: node.log.clone(), after, end: ended.clone() };
        // On the second node they read the database, too.
        staying.extend((0..3).map(|_| tokio::spawn(follower().stay())));
        resuming.push(tokio::spawn(follower().resume(Random::new(SEED + number))));
    }
    let stopped = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for (seed, node) in (SEED + 10..).zip(nodes.iter().cycle().take(6)) {
        let repository = node.repository();
        writers.push(tokio::spawn(write(repository, Arc::clone(&stopped), Random::new(seed))));
    }

    let server = std::env::var(POSTGRES_SERVER).expect("a server");
    let killer = Program::connect(&format!("{server}/postgres")).await;
    let name = url.rsplit('/').next().expect("a name");
    let kill = format!(
        "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}') AS ended"
    );
    let mut random = Random::new(SEED + 20);
    let mut ended_connections = 0;
    for _ in 0..15 * scale() {
        random.pause(Duration::from_millis(100)).await;
        ended_connections += killer.value::<i64>(&kill).await;
        for node in &nodes {
            let told = node.position().await;
            awaited("telling after the connections were lost", async {
                while node.position().await.position <= told.position {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
            .await;
        }
    }
    stopped.store(true, Ordering::SeqCst);
    let written = awaited("the last writes", join_all(writers)).await;
    let program = Program::connect(&url).await;
    let last = program.last_position().await;
    end.send(Some(last)).expect("followers");

    let staying = awaited("telling those who stay", join_all(staying)).await;
    let resuming = awaited("telling those who come back", join_all(resuming)).await;
    let mut log: Option<Vec<_>> = None;
    for told in staying.into_iter().chain(resuming) {
        let told =
            told.expect("a follower that ends").into_iter().map(|(event, _)| event).collect::<Vec<_>>();
        let log = log.get_or_insert_with(|| told.clone());
        assert_eq!(&told, log);
    }
    let log = log.expect("a follower");
    let positions: Vec<_> = log.iter().map(|event| event.cursor.position.0).collect();
    assert_eq!(positions, (1..=last.0).collect::<Vec<_>>());
    assert_eq!(replay(&log), program.orders().await);
    let (mut done, mut unknown) = (0, 0);
    for Written { placed, unknown: unanswered } in
        written.into_iter().map(|written| written.expect("a writer"))
    {
        done += placed.len();
        unknown += unanswered;
        for (id, cursor) in placed {
            let mut placements = log
                .iter()
                .filter(|event| matches!(&event.change, OrderChange::Placed(order) if order.id == id));
            let event = placements.next().expect("an acknowledged order is told");
            assert!(cursor.is_none_or(|cursor| cursor == event.cursor), "{id}");
            assert!(placements.next().is_none(), "{id} is told once");
        }
    }
    eprintln!(
        "{ended_connections} connections lost, {done} orders, {unknown} unknown outcomes, {} events",
        log.len()
    );
    for node in nodes {
        node.stop().await;
    }
    for program in [program, killer] {
        program.close().await;
    }
}

/// What a writer was told.
#[derive(Default)]
struct Written {
    placed: Vec<(OrderId, Option<Cursor>)>,
    unknown: usize,
}

async fn write(repository: SqlRepository, stopped: Arc<AtomicBool>, mut random: Random) -> Written {
    let joe = new_user("joe").username;
    let mut written = Written::default();
    while !stopped.load(Ordering::SeqCst) {
        match repository.place(&new_order(&joe, 12)).await {
            Ok(Placement::Placed(order, cursor)) => written.placed.push((order.id, cursor)),
            Ok(other) => panic!("expected an order: {other:?}"),
            Err(_) => {
                written.unknown += 1;
                continue;
            }
        }
        let id = written.placed.last().expect("an order").0;
        let transition = if random.once_in(2) { Transition::Pay } else { Transition::Cancel };
        match repository.transition(&Scope::All, id, transition).await {
            Ok(TransitionOutcome::Done(..)) => {}
            Ok(other) => panic!("expected an order that is paid or cancelled: {other:?}"),
            Err(_) => written.unknown += 1,
        }
        random.pause(Duration::from_millis(5)).await;
    }
    written
}
