//! Programs that change orders at random by plain SQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::DbErr;

use crate::support::{Program, Random};

/// How many orders the writers quarrel about.
const CONTESTED: u64 = 100;

/// A transaction that was committed, and placed this order of its own among other things.
pub(crate) struct Committed {
    pub(crate) order: i64,
    /// The tick before it began, and the one after it was acknowledged.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) at: Instant,
}

/// One of several writers on PostgreSQL.
pub(crate) struct Writer {
    pub(crate) number: i64,
    pub(crate) transactions: usize,
    /// Orders what all writers do in time.
    pub(crate) ticks: Arc<AtomicU64>,
    pub(crate) random: Random,
}

impl Writer {
    /// Makes the transactions, of which some fail, and tells which were committed.
    pub(crate) async fn run(mut self, url: String) -> Vec<Committed> {
        let program = Program::connect(&url).await;
        program.run("SET deadlock_timeout = '10ms'").await;
        let mut committed = Vec::new();
        for number in 0..self.transactions {
            let order = (self.number + 1) * 1_000_000 + i64::try_from(number).expect("few");
            let began = self.ticks.fetch_add(1, Ordering::SeqCst);
            let result = if self.number == 0 && number % 40 == 39 {
                self.truncate(&program, order).await
            } else {
                self.transaction(&program, order).await
            };
            match result {
                Ok(true) => {
                    let ended = self.ticks.fetch_add(1, Ordering::SeqCst);
                    committed.push(Committed { order, began, ended, at: Instant::now() });
                }
                Ok(false) => {}
                // Deadlocks, conflicts of serializable transactions and ids that are taken are part of life.
                Err(_) => drop(program.run("ROLLBACK").await),
            }
        }
        program.close().await;
        committed
    }

    /// Whether it was committed.
    async fn transaction(&mut self, program: &Program, order: i64) -> Result<bool, DbErr> {
        let isolation = match self.random.below(16) {
            0 => "SERIALIZABLE",
            1 | 2 => "REPEATABLE READ",
            _ => "READ COMMITTED",
        };
        program.attempt(&format!("BEGIN ISOLATION LEVEL {isolation}")).await?;
        let statements = 1 + self.random.below(5);
        let own = self.random.below(statements);
        for number in 0..statements {
            if number == own {
                program.attempt(&place(order)).await?;
            }
            if self.random.once_in(4) {
                self.savepoint(program).await?;
            } else {
                program.attempt(&statement(&mut self.random)).await?;
            }
            if self.random.once_in(12) {
                self.random.pause(Duration::from_millis(8)).await;
            }
            if self.random.once_in(8) {
                program.attempt("SET CONSTRAINTS ALL IMMEDIATE").await?;
            }
        }
        let commits = !self.random.once_in(5);
        program.attempt(if commits { "COMMIT" } else { "ROLLBACK" }).await?;
        Ok(commits)
    }

    async fn savepoint(&mut self, program: &Program) -> Result<(), DbErr> {
        program.attempt("SAVEPOINT outer_one").await?;
        program.attempt(&statement(&mut self.random)).await?;
        if self.random.once_in(2) {
            program.attempt("SAVEPOINT inner_one").await?;
            // A statement that fails takes only its savepoint along.
            let _ = program.attempt(&statement(&mut self.random)).await;
            program.attempt("ROLLBACK TO inner_one").await?;
            program.attempt(&statement(&mut self.random)).await?;
        }
        let end = if self.random.once_in(2) { "ROLLBACK TO outer_one" } else { "RELEASE outer_one" };
        program.attempt(end).await.map(drop)
    }

    async fn truncate(&mut self, program: &Program, order: i64) -> Result<bool, DbErr> {
        program.attempt("BEGIN").await?;
        program.attempt(&statement(&mut self.random)).await?;
        program.attempt("TRUNCATE orders CASCADE").await?;
        program.attempt(&place(order)).await?;
        program.attempt("COMMIT").await.map(|_| true)
    }
}

fn place(order: i64) -> String {
    format!("INSERT INTO orders (id, date, state, user_id) VALUES ({order}, '2026-04-12', 'UNPAID', 1)")
}

/// A statement on the contested orders, for both databases.
pub(crate) fn statement(random: &mut Random) -> String {
    let id = 1 + random.below(CONTESTED);
    let other = 1 + random.below(CONTESTED);
    let day = 10 + random.below(20);
    let user = 1 + random.below(2);
    let last = id + random.below(4);
    let insert = format!(
        "INSERT INTO orders (id, date, state, user_id) VALUES ({id}, '2026-04-{day}', 'UNPAID', {user})"
    );
    let toggle = "SET state = CASE state WHEN 'PAID' THEN 'UNPAID' ELSE 'PAID' END";
    match random.below(12) {
        0..=2 => format!("{insert} ON CONFLICT DO NOTHING"),
        3 => format!("{insert} ON CONFLICT (id) DO UPDATE SET date = excluded.date"),
        4 => format!("UPDATE orders {toggle} WHERE id = {id}"),
        5 => format!("UPDATE orders SET date = '2026-04-{day}' WHERE id = {id}"),
        6 => format!("UPDATE orders SET user_id = {user} WHERE id = {id}"),
        7 => format!("DELETE FROM orders WHERE id = {id}"),
        8 => format!(
            "UPDATE orders SET id = {other} WHERE id = {id} AND NOT EXISTS (SELECT 1 FROM orders WHERE id = {other})"
        ),
        9 => format!("UPDATE orders {toggle} WHERE id BETWEEN {id} AND {last}"),
        10 => format!("DELETE FROM orders WHERE id BETWEEN {id} AND {last}"),
        _ => format!("UPDATE orders SET date = date WHERE id = {id}"),
    }
}
