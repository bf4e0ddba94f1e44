//! Changes by programs that know nothing of the log are events like any other.

use std::sync::Arc;

use domain::{
    Cursor, NewestOrder, OrderEvent, OrderEventStream, OrderFeed, Scope, Viewer, testing::contract::new_user,
};
use futures_util::StreamExt;
use persistence::Database;

use crate::support::{Node, Program, WORKS, awaited, next};

/// Another program, a process beside `database`, and a follower of it.
struct Beside {
    program: Program,
    node: Node,
    events: OrderEventStream,
}

impl Beside {
    async fn new(database: &Database) -> Self {
        let program = Program::beside(database).await;
        program.add_users().await;
        let node = Node::beside(database).await;
        let events = node.follow(None).await;
        Self { program, node, events }
    }

    async fn run(&self, sql: &str) {
        self.program.run(sql).await;
    }

    /// The next events, each in a line.
    async fn expect(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(line(&next(&mut self.events).await), *expected);
        }
    }

    /// The events since then, as a process tells them that starts now.
    async fn expect_again(database: &Database, since: Cursor, expected: &[&str]) {
        let node = Node::beside(database).await;
        let mut events = node.follow(Some(since)).await;
        for expected in expected {
            assert_eq!(line(&next(&mut events).await), *expected);
        }
        drop(events);
        node.stop().await;
    }

    /// Nothing else was told so far: the next event is that of a change that is made now.
    async fn end(mut self) {
        let others = self.program.orders().await;
        self.run("INSERT INTO orders (id, date, state, user_id) VALUES (999, '2026-04-30', 'PAID', 1)").await;
        self.expect(&["placed 999 2026-04-30 PAID joe"]).await;
        let mut expected = others;
        expected.insert(999, ("2026-04-30".to_owned(), "PAID".to_owned(), 1));
        assert_eq!(self.program.orders().await, expected);
        drop(self.events);
        self.node.stop().await;
        self.program.close().await;
    }
}

fn line(event: &Arc<OrderEvent>) -> String {
    let order = |order: &domain::Order| {
        let user = order.user.loaded().expect("the user along").username().clone();
        format!("{} {} {} {user}", order.id, order.date, order.state.name())
    };
    match (event.change.before().map(order), event.change.after().map(order)) {
        (Some(before), Some(after)) if event.change.previous_state().is_some() => {
            format!("state changed {before} to {after}")
        }
        (Some(before), Some(after)) => format!("updated {before} to {after}"),
        (Some(before), None) => format!("deleted {before}"),
        (None, Some(after)) => format!("placed {after}"),
        (None, None) => unreachable!("a change has an order on one side"),
    }
}

const ONE: &str = "INSERT INTO orders (id, date, state, user_id) VALUES (1, '2026-04-12', 'UNPAID', 1)";
const PLACED: &str = "placed 1 2026-04-12 UNPAID joe";

pub(crate) async fn every_change_by_plain_sql_is_an_event(database: Database) {
    let mut beside = Beside::new(&database).await;
    for (sql, expected) in [
        (ONE, PLACED),
        (
            "UPDATE orders SET date = '2026-04-13' WHERE id = 1",
            "updated 1 2026-04-12 UNPAID joe to 1 2026-04-13 UNPAID joe",
        ),
        (
            "UPDATE orders SET user_id = 2 WHERE id = 1",
            "updated 1 2026-04-13 UNPAID joe to 1 2026-04-13 UNPAID caty88",
        ),
        (
            "UPDATE orders SET state = 'PAID' WHERE id = 1",
            "state changed 1 2026-04-13 UNPAID caty88 to 1 2026-04-13 PAID caty88",
        ),
        (
            "UPDATE orders SET state = 'UNPAID', date = '2026-04-14', user_id = 1 WHERE id = 1",
            "state changed 1 2026-04-13 PAID caty88 to 1 2026-04-14 UNPAID joe",
        ),
        ("DELETE FROM orders", "deleted 1 2026-04-14 UNPAID joe"),
    ] {
        beside.run(sql).await;
        beside.expect(&[expected]).await;
    }
    beside.end().await;
}

pub(crate) async fn a_change_that_changes_nothing_is_no_event(database: Database) {
    let mut beside = Beside::new(&database).await;
    beside.run(ONE).await;
    for nothing in [
        "UPDATE orders SET date = date, state = state, user_id = user_id, id = id",
        "UPDATE orders SET state = 'PAID' WHERE id = 2",
        "DELETE FROM orders WHERE id = 2",
        "INSERT INTO orders (id, date, state, user_id) VALUES (1, '2026-04-13', 'PAID', 2) ON CONFLICT DO NOTHING",
    ] {
        beside.run(nothing).await;
    }
    beside.expect(&[PLACED]).await;
    beside.end().await;
}

pub(crate) async fn a_change_that_was_rolled_back_is_no_event(database: Database) {
    let mut beside = Beside::new(&database).await;
    for end in ["ROLLBACK", "COMMIT"] {
        for sql in [
            "BEGIN",
            "SAVEPOINT outer_one",
            "INSERT INTO orders (date, state, user_id) VALUES ('2026-04-01', 'PAID', 1)",
            "SAVEPOINT inner_one",
            "DELETE FROM orders",
            "ROLLBACK TO outer_one",
            ONE,
            "SAVEPOINT inner_one",
            "UPDATE orders SET state = 'PAID'",
            "ROLLBACK TO inner_one",
            end,
        ] {
            beside.run(sql).await;
        }
    }
    let taken = format!("{}, (2, '2026-04-12', 'UNPAID', 3)", ONE.replace("(1,", "(3,"));
    beside.program.attempt(&taken).await.expect_err("there is no user 3");
    beside.expect(&[PLACED]).await;
    beside.end().await;
}

pub(crate) async fn an_order_that_gets_another_id_is_deleted_and_placed(database: Database) {
    let mut beside = Beside::new(&database).await;
    beside.run(ONE).await;
    beside.run("UPDATE orders SET id = 7, state = 'PAID' WHERE id = 1").await;
    beside.expect(&[PLACED, "deleted 1 2026-04-12 UNPAID joe", "placed 7 2026-04-12 PAID joe"]).await;
    beside.end().await;
}

pub(crate) async fn an_upsert_is_the_change_that_it_makes(database: Database) {
    let mut beside = Beside::new(&database).await;
    for _ in 0..2 {
        beside.run(&format!("{ONE} ON CONFLICT (id) DO UPDATE SET date = '2026-04-13'")).await;
    }
    beside.expect(&[PLACED, "updated 1 2026-04-12 UNPAID joe to 1 2026-04-13 UNPAID joe"]).await;
    beside.end().await;
}

pub(crate) async fn many_orders_in_one_statement_are_an_event_each(database: Database) {
    let mut beside = Beside::new(&database).await;
    let values: Vec<_> = (1..=700).map(|id| format!("({id}, '2026-04-12', 'UNPAID', 1)")).collect();
    beside.run(&format!("INSERT INTO orders (id, date, state, user_id) VALUES {}", values.join(", "))).await;
    for id in 1..=700 {
        beside.expect(&[&format!("placed {id} 2026-04-12 UNPAID joe")]).await;
    }
    beside.run("UPDATE orders SET state = 'PAID' WHERE id <= 600").await;
    for id in 1..=600 {
        let expected = format!("state changed {id} 2026-04-12 UNPAID joe to {id} 2026-04-12 PAID joe");
        beside.expect(&[&expected]).await;
    }
    beside.end().await;
}

pub(crate) async fn an_event_tells_of_the_user_as_it_was(database: Database) {
    let mut beside = Beside::new(&database).await;
    let start = beside.node.position().await;
    beside.run(ONE).await;
    for sql in [
        "BEGIN",
        "UPDATE users SET email = 'joe@dev.example' WHERE username = 'joe'",
        &ONE.replace("(1,", "(2,"),
        "UPDATE users SET username = 'joseph' WHERE username = 'joe'",
        &ONE.replace("(1,", "(3,"),
        "UPDATE users SET username = username",
        "COMMIT",
        "DELETE FROM orders WHERE user_id = 1",
        "DELETE FROM users WHERE id = 1",
        "INSERT INTO users (id, username, email) VALUES (1, 'joe', 'another@dev.io')",
    ] {
        beside.run(sql).await;
    }
    let events = [
        ("placed 1 2026-04-12 UNPAID joe", "joe@dev.io"),
        ("placed 2 2026-04-12 UNPAID joe", "joe@dev.example"),
        ("placed 3 2026-04-12 UNPAID joseph", "joe@dev.example"),
        ("deleted 1 2026-04-12 UNPAID joseph", "joe@dev.example"),
        ("deleted 2 2026-04-12 UNPAID joseph", "joe@dev.example"),
        ("deleted 3 2026-04-12 UNPAID joseph", "joe@dev.example"),
    ];
    for (expected, address) in events {
        let event = next(&mut beside.events).await;
        let user = event.change.order().user.loaded().expect("the user along");
        let told = user.email_for(&Viewer::Staff { username: None }).expect("staff see addresses");
        assert_eq!((line(&event).as_str(), told.as_str()), (expected, address));
    }
    Beside::expect_again(&database, start, &events.map(|(event, _)| event)).await;
    beside.end().await;
}

pub(crate) async fn a_truncation_is_the_deletion_of_every_order(database: Database) {
    let mut beside = Beside::new(&database).await;
    let start = beside.node.position().await;
    beside.run(ONE).await;
    beside.run("BEGIN; TRUNCATE orders CASCADE; ROLLBACK").await;
    for sql in
        ["BEGIN", &ONE.replace("(1,", "(2,"), "TRUNCATE orders CASCADE", &ONE.replace("(1,", "(3,"), "COMMIT"]
    {
        beside.run(sql).await;
    }
    beside.run("TRUNCATE users CASCADE; TRUNCATE users CASCADE").await;
    let order = |id| format!("{id} 2026-04-12 UNPAID joe");
    for (what, id) in [("placed", 1), ("placed", 2), ("deleted", 1), ("deleted", 2), ("placed", 3)] {
        beside.expect(&[&format!("{what} {}", order(id))]).await;
    }
    let event = next(&mut beside.events).await;
    assert_eq!((event.change.order().id.0, event.change.after()), (3, None));
    Beside::expect_again(&database, start, &["placed 1 2026-04-12 UNPAID joe"]).await;
    beside.run("INSERT INTO users (id, username, email) VALUES (1, 'joe', 'joe@dev.io')").await;
    beside.end().await;
}

/// `TRUNCATE` removes also what the transaction's snapshot does not show.
pub(crate) async fn a_truncation_in_a_repeatable_read_deletes_every_order(database: Database) {
    let mut beside = Beside::new(&database).await;
    let truncating = Program::beside(&database).await;
    truncating.run("BEGIN ISOLATION LEVEL REPEATABLE READ").await;
    assert_eq!(truncating.value::<i64>("SELECT count(*) FROM orders").await, 0);
    beside.run(ONE).await;
    beside.expect(&[PLACED]).await;
    // Refusing to truncate is as good as telling of it.
    let truncated = truncating.attempt("TRUNCATE orders CASCADE").await.is_ok();
    truncating.run(if truncated { "COMMIT" } else { "ROLLBACK" }).await;
    if beside.program.orders().await.is_empty() {
        beside.run(&ONE.replace("(1,", "(2,")).await;
        beside.expect(&["deleted 1 2026-04-12 UNPAID joe", "placed 2 2026-04-12 UNPAID joe"]).await;
    }
    truncating.close().await;
    beside.end().await;
}

/// SQLite has no order of triggers to rely on, so there this is not promised.
pub(crate) async fn what_a_trigger_of_another_program_changes_is_told_in_order(database: Database) {
    let beside = Beside::new(&database).await;
    let pay = "UPDATE orders SET state = 'PAID' WHERE id = NEW.id AND state = 'UNPAID'";
    let trigger = format!(
        "CREATE FUNCTION pay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {pay}; RETURN NULL; END $$; \
         CREATE TRIGGER always_paid AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION pay()"
    );
    beside.run(&trigger).await;
    beside.run(ONE).await;
    let mut events = beside.events;
    let told = [next(&mut events).await, next(&mut events).await].map(|event| line(&event));
    assert_eq!(told, [PLACED, "state changed 1 2026-04-12 UNPAID joe to 1 2026-04-12 PAID joe"]);
}

pub(crate) async fn a_program_with_another_search_path_is_told_of(database: Database) {
    let mut beside = Beside::new(&database).await;
    beside.run("SET search_path = pg_catalog").await;
    beside
        .run("INSERT INTO public.orders (id, date, state, user_id) VALUES (1, '2026-04-12', 'UNPAID', 1)")
        .await;
    beside.run("UPDATE public.orders SET state = 'PAID'").await;
    beside.run("TRUNCATE public.orders, public.order_placements").await;
    beside.run("SET search_path = public").await;
    let paid = "state changed 1 2026-04-12 UNPAID joe to 1 2026-04-12 PAID joe";
    beside.expect(&[PLACED, paid, "deleted 1 2026-04-12 PAID joe"]).await;
    beside.end().await;
}

pub(crate) async fn a_program_that_may_only_write_orders_is_told_of(database: Database) {
    let mut beside = Beside::new(&database).await;
    let role = format!("clerk_{}", std::process::id());
    beside
        .run(&format!("CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO {role}"))
        .await;
    beside.run(&format!("SET ROLE {role}")).await;
    let written = beside.program.attempt(ONE).await;
    beside.run("RESET ROLE").await;
    beside.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    written.expect("the role may insert orders");
    beside.expect(&[PLACED]).await;
    beside.end().await;
}

/// `REPLACE` deletes the row that is in the way; its delete triggers do not run unless the program wants that.
pub(crate) async fn a_replaced_order_is_gone_from_its_former_owner(database: Database) {
    let mut beside = Beside::new(&database).await;
    beside.run(ONE).await;
    beside.expect(&[PLACED]).await;
    let joe = Scope::Of(new_user("joe").username);
    let mut newest = beside.node.log.newest(&joe).await.expect(WORKS);
    let told = |newest: NewestOrder| newest.order.map(|order| order.id.0);
    assert_eq!(awaited("the newest order", newest.next()).await.map(told), Some(Some(1)));
    let replace =
        "INSERT OR REPLACE INTO orders (id, date, state, user_id) VALUES (1, '2026-04-12', 'UNPAID', 2)";
    beside.run(replace).await;
    let event = next(&mut beside.events).await;
    assert!(event.change.within(&joe).is_some(), "joe is not told that the order is gone: {}", line(&event));
    assert_eq!(awaited("the newest order", newest.next()).await.map(told), Some(None));
}
