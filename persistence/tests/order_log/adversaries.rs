//! Many writers who do what transactions can do, and several nodes that tell of it, on PostgreSQL.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{OrderChange, OrderEvent, Position};
use futures_util::future::join_all;
use persistence::{Database, LogSettings};
use tokio::sync::watch;

use crate::{
    followers::{Follower, Told},
    storage::log_settings,
    support::{Node, Program, Random, awaited, finished, replay, scale, url_of},
    writers::{Committed, Writer},
};

const WRITERS: i64 = 12;
/// Of each writer.
const TRANSACTIONS: usize = 150;
const SEED: u64 = 0x0c0f_fee0;

pub(crate) async fn every_node_tells_what_was_committed_once_and_in_order(database: Database) {
    let url = url_of(&database).await;
    let program = Program::beside(&database).await;
    program.add_users().await;
    let settings = |ring_events, poll| LogSettings {
        ring_events,
        poll_interval: Duration::from_millis(poll),
        ..log_settings()
    };
    let mut nodes = Vec::new();
    // One that keeps next to nothing, one that keeps everything, one that hears of others by notifications.
    for settings in [settings(1, 20), settings(100_000, 100), settings(64, 60_000)] {
        nodes.push(Node::start(&url, settings).await);
    }
    let (end, ended) = watch::channel(None);
    let (mut staying, mut resuming, mut jumping) = (Vec::new(), Vec::new(), Vec::new());
    for (number, node) in (1..).zip(&nodes) {
        let after = node.position().await;
        assert_eq!(after.position, Position(0), "nothing was written so far");
        let follower = || Follower { log: node.log.clone(), after, end: ended.clone() };
        staying.push(tokio::spawn(follower().stay()));
        for seed in [SEED + number * 1000, SEED + number * 1000 + 1] {
            resuming.push(tokio::spawn(follower().resume(Random::new(seed))));
        }
        jumping.push(tokio::spawn(follower().jump(Random::new(SEED + number * 1000 + 2))));
    }

    let ticks = Arc::default();
    let writers = (0..WRITERS).map(|number| {
        let random = Random::new(SEED + number.unsigned_abs());
        let writer =
            Writer { number, transactions: TRANSACTIONS * scale(), ticks: Arc::clone(&ticks), random };
        tokio::spawn(writer.run(url.clone()))
    });
    let committed = finished("writing", join_all(writers))
        .await
        .into_iter()
        .flat_map(|writer| writer.expect("a writer that ends"));
    let committed: Vec<Committed> = committed.collect();
    let last = program.last_position().await;
    end.send(Some(last)).expect("followers");

    let mut staying = awaited("telling those who stay", join_all(staying)).await.into_iter();
    let first_told = staying.next().expect("a node").expect("a follower that ends");
    let log: Vec<_> = first_told.iter().map(|(event, _)| Arc::clone(event)).collect();
    let positions: Vec<_> = log.iter().map(|event| event.cursor.position.0).collect();
    assert_eq!(positions, (1..=last.0).collect::<Vec<_>>());
    let resuming = awaited("telling those who come back", join_all(resuming)).await;
    for told in staying.chain(resuming) {
        assert_tells(&log, &told.expect("a follower that ends"));
    }
    let mut stays = 0;
    for jumper in awaited("telling those who start anywhere", join_all(jumping)).await {
        for (start, told) in jumper.expect("a follower that ends") {
            assert_tells(&log[usize::try_from(start.0).expect("a position")..][..told.len()], &told);
            stays += 1;
        }
    }
    assert_eq!(replay(&log), program.orders().await);
    assert_each_commit_is_told_once(&log, &committed);
    assert_those_before_come_first(&log, &committed);
    eprintln!(
        "{} transactions, {} committed, {} events, {stays} stays of followers who start anywhere, {:?} from commit to follower at most",
        WRITERS * i64::try_from(TRANSACTIONS * scale()).expect("a number"),
        committed.len(),
        log.len(),
        longest_wait(&first_told, &committed)
    );
    for node in nodes {
        node.stop().await;
    }
    program.close().await;
}

#[track_caller]
fn assert_tells(log: &[Arc<OrderEvent>], told: &[Told]) {
    assert_eq!(told.len(), log.len());
    for ((event, _), expected) in told.iter().zip(log) {
        assert_eq!(event, expected);
    }
}

fn positions_of_placements(log: &[Arc<OrderEvent>]) -> impl Iterator<Item = (i64, Position)> {
    let placed = log.iter().filter(|event| matches!(event.change, OrderChange::Placed(_)));
    placed.map(|event| (event.change.order().id.0, event.cursor.position))
}

/// The orders that a writer places once, by the position at which they were placed.
fn assert_each_commit_is_told_once(log: &[Arc<OrderEvent>], committed: &[Committed]) {
    let own = positions_of_placements(log).map(|(order, _)| order).filter(|order| *order >= 1_000_000);
    let mut told: Vec<_> = own.collect();
    let mut expected: Vec<_> = committed.iter().map(|committed| committed.order).collect();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

/// What was committed before a transaction began has lower positions than what that transaction wrote.
fn assert_those_before_come_first(log: &[Arc<OrderEvent>], committed: &[Committed]) {
    let positions: HashMap<_, _> = positions_of_placements(log).collect();
    let mut by_begin: Vec<_> = committed.iter().collect();
    by_begin.sort_unstable_by_key(|committed| committed.began);
    let mut by_end: Vec<_> = committed.iter().collect();
    by_end.sort_unstable_by_key(|committed| committed.ended);
    let mut before = by_end.into_iter().peekable();
    let mut highest = Position(0);
    for transaction in by_begin {
        while let Some(earlier) = before.next_if(|earlier| earlier.ended < transaction.began) {
            highest = highest.max(positions[&earlier.order]);
        }
        assert!(highest < positions[&transaction.order], "order {}", transaction.order);
    }
}

fn longest_wait(told: &[Told], committed: &[Committed]) -> Duration {
    let committed: HashMap<_, _> =
        committed.iter().map(|committed| (committed.order, committed.at)).collect();
    let placed = told.iter().filter(|(event, _)| matches!(event.change, OrderChange::Placed(_)));
    let waits = placed.filter_map(|(event, at)| {
        Some(at.saturating_duration_since(*committed.get(&event.change.order().id.0)?))
    });
    waits.max().unwrap_or_default()
}
