//! The sample data of the first start: only into an empty SQLite database, and once.

#[macro_use]
mod trials;
mod repository;
mod storage;

use domain::{
    OrderFilter, OrderQuery, OrderRepository, PageRequest, Scope, UserRef, UserRepository, Viewer, WithUser,
    testing::contract::{new_order, new_user},
};
use persistence::Database;
use repository::repository_in;
use storage::execute;

trials! {
    on_both: [],
    on_sqlite: [
        an_empty_database_gets_the_talks_orders,
        sample_data_is_inserted_once,
        sample_data_that_is_inserted_twice_at_once_is_there_once,
        a_database_with_a_user_stays_as_it_is,
        a_database_with_an_order_stays_as_it_is,
        the_sample_data_takes_more_orders,
    ],
    on_postgres: [a_database_on_a_server_stays_as_it_is],
}

const WORKS: &str = "a database that works";

/// Each order's user, address, day and state.
async fn orders(database: &Database) -> Vec<String> {
    let (scope, filter, page) = (Scope::All, OrderFilter::default(), PageRequest::first(100));
    let query = OrderQuery { scope, filter, page, with_user: WithUser::Yes };
    let page = repository_in(database).await.0.page(&query).await.expect(WORKS);
    let line = |order: &domain::Order| {
        let UserRef::Loaded(user) = &order.user else { panic!("expected the user along") };
        let email = user.email_for(&Viewer::unauthenticated_staff()).expect("staff sees it").as_str();
        format!("{} {email} {} {}", user.username(), order.date, order.state.name())
    };
    page.orders.iter().map(line).collect()
}

const SAMPLE: [&str; 2] = ["joe joe@dev.io 2026-04-11 UNPAID", "caty88 caty@dev.io 2026-04-12 PAID"];

async fn an_empty_database_gets_the_talks_orders(database: Database) {
    assert!(database.insert_sample_data().await.expect(WORKS));
    assert_eq!(orders(&database).await, SAMPLE);
}

async fn sample_data_is_inserted_once(database: Database) {
    assert!(database.insert_sample_data().await.expect(WORKS));
    assert!(!database.insert_sample_data().await.expect(WORKS));
    assert_eq!(orders(&database).await, SAMPLE);
}

async fn sample_data_that_is_inserted_twice_at_once_is_there_once(database: Database) {
    let (first, second) = tokio::join!(database.insert_sample_data(), database.insert_sample_data());
    assert_ne!(first.expect(WORKS), second.expect(WORKS), "one of them inserts");
    assert_eq!(orders(&database).await, SAMPLE);
}

async fn a_database_with_a_user_stays_as_it_is(database: Database) {
    let (repository, _) = repository_in(&database).await;
    repository.create(&new_user("grace")).await.expect(WORKS);
    assert!(!database.insert_sample_data().await.expect(WORKS));
    assert_eq!(orders(&database).await, [] as [&str; 0]);
    let sampled = repository.find_by_username(&new_user("joe").username).await.expect(WORKS);
    assert_eq!(sampled, None);
}

async fn a_database_with_an_order_stays_as_it_is(database: Database) {
    let grace = "INSERT INTO users (id, username, email) VALUES (7, 'grace', 'grace@dev.io')";
    execute(&database, grace).await;
    execute(&database, "INSERT INTO orders (date, state, user_id) VALUES ('2025-01-01', 'PAID', 7)").await;
    assert!(!database.insert_sample_data().await.expect(WORKS));
    assert_eq!(orders(&database).await, ["grace grace@dev.io 2025-01-01 PAID"]);
}

async fn the_sample_data_takes_more_orders(database: Database) {
    database.insert_sample_data().await.expect(WORKS);
    let (repository, _) = repository_in(&database).await;
    let joe = repository.find_by_username(&new_user("joe").username).await.expect(WORKS).expect("joe");
    repository.place(&new_order(joe.username(), 13)).await.expect(WORKS);
    let expected = [SAMPLE[0], SAMPLE[1], "joe joe@dev.io 2026-04-13 UNPAID"];
    assert_eq!(orders(&database).await, expected);
}

async fn a_database_on_a_server_stays_as_it_is(database: Database) {
    assert!(!database.insert_sample_data().await.expect(WORKS));
    assert_eq!(orders(&database).await, [] as [&str; 0]);
}
