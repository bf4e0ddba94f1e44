//! Stored values that the domain does not admit, as an older program, a lifted constraint or a damaged file leaves them: an
//! error that names the table, the column and the row, and never a panic.

#[macro_use]
mod trials;
mod repository;
mod storage;

use std::{error::Error, time::Duration};

use domain::{
    IdempotencyKey, NewOrder, OrderFeed, OrderFilter, OrderId, OrderQuery, OrderRepository, OrderState,
    PageRequest, Placement, RepositoryError, Scope, Transition, TransitionOutcome, UserId, UserRepository,
    WithUser,
    testing::contract::{new_order, new_user},
};
use futures_util::{
    Stream, StreamExt,
    future::{join, join_all},
};
use persistence::{Database, OrderLog, SqlRepository};
use repository::repository_in;
use sea_orm::DbBackend;
use storage::execute;

trials! {
    on_both: [
        a_state_that_is_none_is_an_error_of_every_read,
        a_username_that_is_none_is_an_error_of_every_read_with_the_user,
        an_address_that_is_none_is_an_error_of_every_read_with_the_user,
        only_those_who_read_the_row_are_told,
        a_change_that_meets_an_invalid_value_changes_nothing,
        an_order_for_a_user_that_is_invalid_is_not_placed,
        a_placement_that_is_invalid_is_an_error_of_its_repetition,
        the_feed_of_an_invalid_order_does_not_start,
        those_who_cannot_be_told_take_no_other_follower_along,
        an_order_that_becomes_invalid_silences_only_those_who_would_be_told_it,
        an_invalid_order_that_becomes_the_newest_silences_only_those_who_would_be_told_it,
    ],
    on_sqlite: [a_text_that_is_no_day_is_an_error, bytes_in_place_of_text_are_an_error],
    on_postgres: [a_day_that_no_program_can_count_is_an_error],
}

const WORKS: &str = "a database that works";

/// Users 1, `caty88`, and 2, `joe`, and an unpaid order of each, 1 and 2; what is written next is not checked.
async fn unchecked(database: &Database) -> (SqlRepository, OrderLog) {
    let (repository, log) = repository_in(database).await;
    for username in ["caty88", "joe"] {
        let user = repository.create(&new_user(username)).await.expect(WORKS).expect("a free name");
        place(&repository, &new_order(user.username(), 12)).await;
    }
    let lift = match database.schema_connection().get_database_backend() {
        DbBackend::Sqlite => "PRAGMA ignore_check_constraints = ON",
        _ => {
            "DO $$ DECLARE found record; BEGIN \
             FOR found IN SELECT conname, conrelid::regclass AS checked FROM pg_constraint \
                 WHERE contype = 'c' AND connamespace = 'public'::regnamespace \
             LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.checked, found.conname); END LOOP; \
             END $$"
        }
    };
    execute(database, lift).await;
    (repository, log)
}

async fn place(repository: &SqlRepository, order: &NewOrder) -> OrderId {
    match repository.place(order).await.expect(WORKS) {
        Placement::Placed(order, ..) => order.id,
        other => panic!("expected a placed order, got {other:?}"),
    }
}

fn everything(with_user: WithUser) -> OrderQuery {
    OrderQuery { scope: Scope::All, filter: OrderFilter::default(), page: PageRequest::first(10), with_user }
}

/// What each way to read order 2, which is joe's, comes to.
async fn reads(repository: &SqlRepository, with_user: WithUser) -> Vec<Result<(), RepositoryError>> {
    let query = everything(with_user);
    vec![
        repository.find(&Scope::All, OrderId(2), with_user).await.map(drop),
        repository.page(&query).await.map(drop),
        repository.pages_by_user(&[UserId(1), UserId(2)], &query).await.map(drop),
    ]
}

#[track_caller]
fn assert_invalid<T>(result: Result<T, RepositoryError>, place: (&str, &str, i64)) {
    let error = result.err().expect("an error");
    let RepositoryError::InvalidStoredValue { table, column, row, .. } = &error else {
        panic!("expected an invalid value, got {error:?}");
    };
    assert_eq!((*table, *column, *row), place);
    let (table, column, row) = place;
    assert_eq!(error.to_string(), format!("the stored value in {table}.{column} of row {row} is invalid"));
    assert!(
        error.source().is_some_and(|cause| !cause.to_string().is_empty()),
        "the log is told what is wrong"
    );
}

async fn a_state_that_is_none_is_an_error_of_every_read(database: Database) {
    let (repository, _) = unchecked(&database).await;
    for state in ["paid", "", "SHIPPED", " PAID"] {
        execute(&database, &format!("UPDATE orders SET state = '{state}' WHERE id = 2")).await;
        for with_user in [WithUser::Yes, WithUser::No] {
            for result in reads(&repository, with_user).await {
                assert_invalid(result, ("orders", "state", 2));
            }
        }
    }
}

async fn a_username_that_is_none_is_an_error_of_every_read_with_the_user(database: Database) {
    let (repository, _) = unchecked(&database).await;
    for username in ["a b", "", &"j".repeat(65), "joé"] {
        execute(&database, &format!("UPDATE users SET username = '{username}' WHERE id = 2")).await;
        for result in reads(&repository, WithUser::Yes).await {
            assert_invalid(result, ("users", "username", 2));
        }
        assert_invalid(repository.find_by_ids(&[UserId(1), UserId(2)]).await, ("users", "username", 2));
        assert!(reads(&repository, WithUser::No).await.iter().all(Result::is_ok), "it is not read there");
    }
}

async fn an_address_that_is_none_is_an_error_of_every_read_with_the_user(database: Database) {
    let (repository, _) = unchecked(&database).await;
    for email in ["joe", "", "joe@", "Joe <joe@dev.io>"] {
        execute(&database, &format!("UPDATE users SET email = '{email}' WHERE id = 2")).await;
        for result in reads(&repository, WithUser::Yes).await {
            assert_invalid(result, ("users", "email", 2));
        }
        assert_invalid(repository.find_by_ids(&[UserId(2)]).await, ("users", "email", 2));
        assert_invalid(repository.find_by_username(&new_user("joe").username).await, ("users", "email", 2));
        assert!(reads(&repository, WithUser::No).await.iter().all(Result::is_ok), "it is not read there");
    }
}

async fn only_those_who_read_the_row_are_told(database: Database) {
    let (repository, _) = unchecked(&database).await;
    execute(&database, "UPDATE orders SET state = 'paid' WHERE id = 2").await;
    execute(&database, "UPDATE users SET email = 'joe' WHERE id = 2").await;
    let caty = Scope::Of(new_user("caty88").username);
    let found = repository.find(&caty, OrderId(1), WithUser::Yes).await.expect(WORKS);
    assert_eq!(found.map(|order| order.id), Some(OrderId(1)));
    let page = repository.page(&OrderQuery { scope: caty, ..everything(WithUser::Yes) }).await.expect(WORKS);
    assert_eq!(page.orders.len(), 1);
    assert_eq!(repository.find_by_ids(&[UserId(1)]).await.expect(WORKS).len(), 1);
}

async fn a_change_that_meets_an_invalid_value_changes_nothing(database: Database) {
    let (repository, _) = unchecked(&database).await;
    let (invalid, repaired) = match database.schema_connection().get_database_backend() {
        DbBackend::Sqlite => ("garbage", "2026-04-12"),
        _ => ("infinity", "2026-04-12"),
    };
    execute(&database, &format!("UPDATE orders SET date = '{invalid}' WHERE id = 2")).await;
    for transition in Transition::ALL {
        let outcome = repository.transition(&Scope::All, OrderId(2), transition).await;
        assert_invalid(outcome, ("orders", "date", 2));
    }
    execute(&database, &format!("UPDATE orders SET date = '{repaired}' WHERE id = 2")).await;
    let order = repository.find(&Scope::All, OrderId(2), WithUser::No).await.expect(WORKS);
    assert_eq!(order.map(|order| order.state), Some(OrderState::Unpaid));
}

async fn an_order_for_a_user_that_is_invalid_is_not_placed(database: Database) {
    let (repository, _) = unchecked(&database).await;
    execute(&database, "UPDATE users SET email = 'joe' WHERE id = 2").await;
    let outcome = repository.place(&new_order(&new_user("joe").username, 13)).await;
    assert_invalid(outcome, ("users", "email", 2));
    assert_eq!(repository.count(&Scope::All, &OrderFilter::default()).await.expect(WORKS), 2);
}

async fn a_placement_that_is_invalid_is_an_error_of_its_repetition(database: Database) {
    let (repository, _) = unchecked(&database).await;
    let key = IdempotencyKey::parse("one").expect("a valid key");
    let order = NewOrder { idempotency_key: Some(key), ..new_order(&new_user("joe").username, 13) };
    place(&repository, &order).await;
    execute(&database, "UPDATE order_placements SET state = 'paid'").await;
    assert_invalid(repository.place(&order).await, ("order_placements", "state", 2));
    assert_eq!(repository.count(&Scope::All, &OrderFilter::default()).await.expect(WORKS), 3);
}

/// The next that a feed tells, whatever it is.
async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> T {
    let next = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
    next.expect("the feed tells within 10 s").expect("the feed goes on")
}

async fn the_feed_of_an_invalid_order_does_not_start(database: Database) {
    let (_, feed) = unchecked(&database).await;
    execute(&database, "UPDATE orders SET state = 'paid' WHERE id = 2").await;
    assert_invalid(feed.newest(&Scope::All).await.map(drop), ("orders", "state", 2));
    execute(&database, "UPDATE orders SET state = 'PAID' WHERE id = 2").await;
    let mut repaired = feed.newest(&Scope::All).await.expect(WORKS);
    next(&mut repaired).await;
}

async fn those_who_cannot_be_told_take_no_other_follower_along(database: Database) {
    let (_, feed) = unchecked(&database).await;
    execute(&database, "UPDATE orders SET state = 'paid' WHERE id = 2").await;
    let (hers, everyones) = (Scope::Of(new_user("caty88").username), Scope::All);
    let invalid = join_all((0..8).map(|_| feed.newest(&everyones)));
    let valid = join_all((0..8).map(|_| feed.newest(&hers)));
    let (invalid, valid) = join(invalid, valid).await;
    assert!(invalid.iter().all(Result::is_err));
    for stream in valid {
        next(&mut stream.expect("what she follows is valid")).await;
    }
}

/// Does `damage` while both users are followed: what caty88 does is told in spite of it.
async fn tells_caty_in_spite_of(database: &Database, damage: impl AsyncFnOnce(&SqlRepository)) {
    let (repository, feed) = unchecked(database).await;
    let [caty, joe] = ["caty88", "joe"].map(|username| new_user(username).username);
    place(&repository, &new_order(&joe, 13)).await;
    let (hers, his) = (Scope::Of(caty.clone()), Scope::Of(joe));
    let mut silenced = feed.newest(&his).await.expect(WORKS);
    let mut told = feed.newest(&hers).await.expect(WORKS);
    next(&mut silenced).await;
    next(&mut told).await;
    damage(&repository).await;
    for _ in 0..3 {
        place(&repository, &new_order(&caty, 13)).await;
        next(&mut told).await;
    }
    let mut again = feed.newest(&hers).await.expect("she may follow once more");
    next(&mut again).await;
}

async fn an_order_that_becomes_invalid_silences_only_those_who_would_be_told_it(database: Database) {
    tells_caty_in_spite_of(&database, async |_| {
        execute(&database, "UPDATE orders SET state = 'paid' WHERE id = 3").await;
    })
    .await;
}

async fn an_invalid_order_that_becomes_the_newest_silences_only_those_who_would_be_told_it(
    database: Database,
) {
    tells_caty_in_spite_of(&database, async |repository| {
        execute(&database, "UPDATE orders SET state = 'paid' WHERE id = 2").await;
        let outcome = repository.transition(&Scope::All, OrderId(3), Transition::Cancel).await;
        assert!(matches!(outcome.expect(WORKS), TransitionOutcome::Done(..)));
    })
    .await;
}

async fn a_text_that_is_no_day_is_an_error(database: Database) {
    let (repository, _) = unchecked(&database).await;
    for day in ["garbage", "", "2026-02-30", "2026-13-01", "12.04.2026", "2026-04-12 00:00:00", "10000-01-01"]
    {
        execute(&database, &format!("UPDATE orders SET date = '{day}' WHERE id = 2")).await;
        for with_user in [WithUser::Yes, WithUser::No] {
            for result in reads(&repository, with_user).await {
                assert_invalid(result, ("orders", "date", 2));
            }
        }
    }
    execute(&database, "UPDATE orders SET date = '2026-04-12'").await;
    let key = IdempotencyKey::parse("one").expect("a valid key");
    let order = NewOrder { idempotency_key: Some(key), ..new_order(&new_user("joe").username, 13) };
    place(&repository, &order).await;
    execute(&database, "UPDATE order_placements SET requested_date = 'garbage'").await;
    assert_invalid(repository.place(&order).await, ("order_placements", "requested_date", 2));
}

async fn bytes_in_place_of_text_are_an_error(database: Database) {
    let (repository, _) = unchecked(&database).await;
    let columns = [("orders", "date"), ("orders", "state"), ("users", "username"), ("users", "email")];
    for (table, column) in columns {
        execute(&database, &format!("UPDATE {table} SET {column} = x'ff00' WHERE id = 2")).await;
        for result in reads(&repository, WithUser::Yes).await {
            assert_invalid(result, (table, column, 2));
        }
        let repaired = match column {
            "date" => "2026-04-12",
            "state" => "UNPAID",
            "username" => "joe",
            _ => "joe@dev.io",
        };
        execute(&database, &format!("UPDATE {table} SET {column} = '{repaired}' WHERE id = 2")).await;
    }
}

// PostgreSQL's days reach to the year 5,874,897, and to no end at all.
async fn a_day_that_no_program_can_count_is_an_error(database: Database) {
    let (repository, _) = unchecked(&database).await;
    for day in ["infinity", "-infinity", "5874897-12-31"] {
        execute(&database, &format!("UPDATE orders SET date = '{day}' WHERE id = 2")).await;
        for with_user in [WithUser::Yes, WithUser::No] {
            for result in reads(&repository, with_user).await {
                assert_invalid(result, ("orders", "date", 2));
            }
        }
    }
}
