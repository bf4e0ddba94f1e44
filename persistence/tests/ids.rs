//! What other programs write in plain SQL: ids of their own are passed by, and what cannot be is refused.

#[macro_use]
mod trials;
mod repository;
mod storage;

use domain::{
    IdempotencyKey, NewOrder, OrderFilter, OrderId, OrderQuery, OrderRepository, PageRequest, Placement,
    Scope, User, UserId, UserRepository, WithUser,
    testing::contract::{new_order, new_user},
};
use futures_util::future::join_all;
use persistence::{Database, SqlRepository};
use repository::repository_in;
use sea_orm::ConnectionTrait;
use storage::execute;

trials! {
    on_both: [
        an_order_with_an_id_of_its_own_is_passed_by,
        a_user_with_an_id_of_its_own_is_passed_by,
        ids_of_their_own_are_read_whatever_they_are,
        a_placement_with_a_key_that_meets_a_supplied_id_is_placed_once,
        placements_that_race_past_a_supplied_id_are_all_placed,
        users_that_race_past_a_supplied_id_are_all_created,
        an_order_in_a_state_that_is_none_is_rejected,
        an_order_for_a_day_that_is_none_is_rejected,
        an_order_for_nobody_is_rejected,
        a_user_whose_name_is_taken_is_rejected,
        a_user_with_orders_is_not_deleted,
        an_order_that_was_placed_with_a_key_is_deleted_by_another_program,
    ],
    on_sqlite: [a_day_that_is_no_text_is_rejected],
    on_postgres: [],
}

const WORKS: &str = "a database that works";

async fn with_user(database: &Database) -> (SqlRepository, User) {
    let (repository, _) = repository_in(database).await;
    let user = create(&repository, "joe").await;
    (repository, user)
}

async fn create(repository: &SqlRepository, username: &str) -> User {
    repository.create(&new_user(username)).await.expect(WORKS).expect("a free name")
}

async fn place(repository: &SqlRepository, order: &NewOrder) -> OrderId {
    match repository.place(order).await.expect(WORKS) {
        Placement::Placed(order, ..) => order.id,
        other => panic!("expected a placed order, got {other:?}"),
    }
}

async fn ids(repository: &SqlRepository) -> Vec<i64> {
    let (scope, filter, page) = (Scope::All, OrderFilter::default(), PageRequest::first(100));
    let query = OrderQuery { scope, filter, page, with_user: WithUser::No };
    repository.page(&query).await.expect(WORKS).orders.iter().map(|order| order.id.0).collect()
}

/// Inserts an order with this id as another program would.
async fn supply(database: &Database, id: i64, user: &User) {
    let user = user.id();
    let values = format!("({id}, '2026-04-12', 'UNPAID', {user})");
    execute(database, &format!("INSERT INTO orders (id, date, state, user_id) VALUES {values}")).await;
}

async fn is_rejected(database: &Database, sql: &str) -> bool {
    database.schema_connection().execute_unprepared(sql).await.is_err()
}

fn insert(date: &str, state: &str, user: &str) -> String {
    format!("INSERT INTO orders (date, state, user_id) VALUES ({date}, {state}, {user})")
}

async fn an_order_with_an_id_of_its_own_is_passed_by(database: Database) {
    let (repository, user) = with_user(&database).await;
    let mut expected = vec![place(&repository, &new_order(user.username(), 1)).await.0];
    for ahead in [1, 2, 3, 7] {
        let last = *expected.last().expect("an order");
        supply(&database, last + ahead, &user).await;
        expected.push(last + ahead);
        for day in 1..=5 {
            expected.push(place(&repository, &new_order(user.username(), day)).await.0);
        }
    }
    expected.sort_unstable();
    assert_eq!(ids(&repository).await, expected, "all are there, each with an id of its own");
}

async fn a_user_with_an_id_of_its_own_is_passed_by(database: Database) {
    let (repository, first) = with_user(&database).await;
    for ahead in [1, 3] {
        let id = first.id().0 + ahead * 10;
        for next in [id, id + 1] {
            let values = format!("({next}, 'other{next}', 'other@dev.io')");
            execute(&database, &format!("INSERT INTO users (id, username, email) VALUES {values}")).await;
        }
        for number in 0..12 {
            let username = format!("user{ahead}_{number}");
            let created = create(&repository, &username).await;
            let found = repository.find_by_ids(&[created.id()]).await.expect(WORKS);
            assert_eq!(found, [created]);
        }
    }
    let other = repository.find_by_username(&new_user("other11").username).await.expect(WORKS);
    assert_eq!(other.map(|user| user.id()), Some(UserId(11)));
}

async fn ids_of_their_own_are_read_whatever_they_are(database: Database) {
    let (repository, user) = with_user(&database).await;
    for id in [i64::MIN, -1, 0] {
        supply(&database, id, &user).await;
    }
    let placed = place(&repository, &new_order(user.username(), 1)).await;
    assert!(placed.0 > 0, "{placed}");
    assert_eq!(ids(&repository).await, [i64::MIN, -1, 0, placed.0]);
    let found = repository.find(&Scope::All, OrderId(i64::MIN), WithUser::Yes).await.expect(WORKS);
    assert_eq!(found.map(|order| order.id), Some(OrderId(i64::MIN)));
}

async fn a_placement_with_a_key_that_meets_a_supplied_id_is_placed_once(database: Database) {
    let (repository, user) = with_user(&database).await;
    let first = place(&repository, &new_order(user.username(), 1)).await;
    supply(&database, first.0 + 1, &user).await;
    let key = IdempotencyKey::parse("one").expect("a valid key");
    let order = NewOrder { idempotency_key: Some(key), ..new_order(user.username(), 2) };
    let placed = place(&repository, &order).await;
    assert!(placed.0 > first.0 + 1, "{placed} is not the supplied id");
    assert_eq!(place(&repository, &order).await, placed, "the key names it");
    assert_eq!(ids(&repository).await, [first.0, first.0 + 1, placed.0]);
}

async fn placements_that_race_past_a_supplied_id_are_all_placed(database: Database) {
    let (repository, user) = with_user(&database).await;
    let first = place(&repository, &new_order(user.username(), 1)).await;
    let supplied: Vec<_> = (1..=4).map(|ahead| first.0 + ahead).collect();
    for id in &supplied {
        supply(&database, *id, &user).await;
    }
    let order = new_order(user.username(), 2);
    let placed = join_all((0..12).map(|_| place(&repository, &order))).await;
    let mut expected: Vec<_> = placed.iter().map(|id| id.0).chain(supplied).chain([first.0]).collect();
    expected.sort_unstable();
    assert_eq!(ids(&repository).await, expected);
}

async fn users_that_race_past_a_supplied_id_are_all_created(database: Database) {
    let (repository, first) = with_user(&database).await;
    for ahead in 1..=4 {
        let values = format!("({}, 'other{ahead}', 'other@dev.io')", first.id().0 + ahead);
        execute(&database, &format!("INSERT INTO users (id, username, email) VALUES {values}")).await;
    }
    let names: Vec<_> = (0..12).map(|number| format!("user{number}")).collect();
    let created = join_all(names.iter().map(|name| create(&repository, name))).await;
    let keys: Vec<_> = created.iter().map(User::id).collect();
    let mut found = repository.find_by_ids(&keys).await.expect(WORKS);
    found.sort_by_key(|user| created.iter().position(|other| other.id() == user.id()));
    assert_eq!(found, created);
}

async fn an_order_in_a_state_that_is_none_is_rejected(database: Database) {
    let (repository, user) = with_user(&database).await;
    let user = user.id().to_string();
    for state in ["'paid'", "'Unpaid'", "''", "'PAID '", "'SHIPPED'", "NULL"] {
        assert!(is_rejected(&database, &insert("'2026-04-12'", state, &user)).await, "{state}");
    }
    execute(&database, &insert("'2026-04-12'", "'PAID'", &user)).await;
    assert!(is_rejected(&database, "UPDATE orders SET state = 'paid'").await);
    assert_eq!(ids(&repository).await.len(), 1);
}

async fn an_order_for_a_day_that_is_none_is_rejected(database: Database) {
    let (repository, user) = with_user(&database).await;
    let user = user.id().to_string();
    let days = [
        "'2026-02-30'",
        "'garbage'",
        "''",
        "'2026-13-01'",
        "'0000-01-01'",
        "'10000-01-01'",
        "'infinity'",
        "NULL",
    ];
    for day in days {
        assert!(is_rejected(&database, &insert(day, "'UNPAID'", &user)).await, "{day}");
    }
    execute(&database, &insert("'2024-02-29'", "'UNPAID'", &user)).await;
    assert!(is_rejected(&database, "UPDATE orders SET date = '2026-02-30'").await);
    for day in ["'0001-01-01'", "'9999-12-31'"] {
        execute(&database, &insert(day, "'UNPAID'", &user)).await;
    }
    assert_eq!(ids(&repository).await.len(), 3);
}

async fn a_day_that_is_no_text_is_rejected(database: Database) {
    let (_, user) = with_user(&database).await;
    let user = user.id().to_string();
    for day in [
        "20260412",
        "2461143.5",
        "x'323032362d30342d3132'",
        "'2026-4-12'",
        "'2026-04-12 '",
        "'now'",
        "'2461143'",
    ] {
        assert!(is_rejected(&database, &insert(day, "'UNPAID'", &user)).await, "{day}");
    }
}

async fn an_order_for_nobody_is_rejected(database: Database) {
    let (repository, user) = with_user(&database).await;
    let unknown = (user.id().0 + 1).to_string();
    for nobody in [unknown.as_str(), "0", "NULL"] {
        assert!(is_rejected(&database, &insert("'2026-04-12'", "'UNPAID'", nobody)).await, "{nobody}");
    }
    place(&repository, &new_order(user.username(), 1)).await;
    assert!(is_rejected(&database, &format!("UPDATE orders SET user_id = {unknown}")).await);
}

async fn a_user_whose_name_is_taken_is_rejected(database: Database) {
    let (repository, user) = with_user(&database).await;
    assert!(is_rejected(&database, "INSERT INTO users (username, email) VALUES ('joe', 'a@dev.io')").await);
    execute(&database, "INSERT INTO users (username, email) VALUES ('grace', 'grace@dev.io')").await;
    assert!(is_rejected(&database, "UPDATE users SET username = 'joe' WHERE username = 'grace'").await);
    assert_eq!(repository.find_by_username(user.username()).await.expect(WORKS), Some(user));
}

async fn a_user_with_orders_is_not_deleted(database: Database) {
    let (repository, user) = with_user(&database).await;
    place(&repository, &new_order(user.username(), 1)).await;
    assert!(is_rejected(&database, "DELETE FROM users").await);
    execute(&database, "DELETE FROM orders").await;
    execute(&database, "DELETE FROM users").await;
    assert_eq!(repository.find_by_username(user.username()).await.expect(WORKS), None);
}

async fn an_order_that_was_placed_with_a_key_is_deleted_by_another_program(database: Database) {
    let (repository, user) = with_user(&database).await;
    let key = IdempotencyKey::parse("one").expect("a valid key");
    let order = NewOrder { idempotency_key: Some(key), ..new_order(user.username(), 2) };
    place(&repository, &order).await;
    execute(&database, "DELETE FROM orders").await;
    assert_eq!(repository.place(&order).await.expect(WORKS), Placement::OrderGone);
    assert_eq!(ids(&repository).await, [] as [i64; 0]);
}
