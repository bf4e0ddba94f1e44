//! The history of the schema, forward and back, on every database that is there. PostgreSQL's tests are reported as
//! ignored where the environment names no server.

#[macro_use]
mod storage;

use migration::{MigrationError, Status, down, status, up};
use sea_orm_migration::sea_orm::DatabaseConnection;
use storage::{connect, execute, schema, select};

trials![
    an_empty_database_is_pending_and_stays_empty_when_looked_at,
    up_makes_the_schema_current_and_once_more_changes_nothing,
    down_leaves_nothing_behind_and_up_makes_the_same_again,
    each_step_back_takes_one_migration,
    steps_back_past_the_first_migration_are_no_error,
    no_step_back_changes_nothing,
    up_keeps_the_data,
    a_database_that_is_newer_is_refused_and_stays_as_it_is,
    a_database_that_is_newer_and_older_is_refused_and_stays_as_it_is,
    processes_that_migrate_at_the_same_time_all_succeed,
    up_that_fails_changes_nothing,
    down_that_fails_changes_nothing,
];

const WORKS: &str = "a migration that works";

/// How many migrations there are: an empty database lacks all of them.
async fn all(empty: &DatabaseConnection) -> u32 {
    match status(empty).await.expect(WORKS) {
        Status::Pending(count) => u32::try_from(count).expect("a small number"),
        Status::Current => panic!("an empty database is not current"),
    }
}

/// A migrated database, and how many migrations it took.
async fn migrated(url: &str) -> (DatabaseConnection, u32) {
    let database = connect(url).await;
    let all = all(&database).await;
    up(&database).await.expect(WORKS);
    (database, all)
}

async fn insert_an_order(database: &DatabaseConnection) {
    execute(database, "INSERT INTO users (username, email) VALUES ('joe', 'joe@dev.io')").await;
    execute(
        database,
        "INSERT INTO orders (date, state, user_id) SELECT '2026-04-12', 'UNPAID', id FROM users",
    )
    .await;
}

async fn applied(database: &DatabaseConnection) -> Vec<String> {
    select(database, "SELECT version FROM seaql_migrations ORDER BY version").await
}

async fn orders(database: &DatabaseConnection) -> Vec<String> {
    let orders = "SELECT username || ' ' || state || ' ' || CAST(date AS text) FROM orders \
                  JOIN users ON users.id = user_id";
    select(database, orders).await
}

async fn an_empty_database_is_pending_and_stays_empty_when_looked_at(url: String) {
    let database = connect(&url).await;
    assert!(all(&database).await > 0);
    assert_eq!(schema(&database).await, [] as [&str; 0]);
}

async fn up_makes_the_schema_current_and_once_more_changes_nothing(url: String) {
    let (database, all) = migrated(&url).await;
    assert_eq!(status(&database).await.expect(WORKS), Status::Current);
    let before = (schema(&database).await, applied(&database).await);
    assert_eq!(before.1.len(), all as usize);
    up(&database).await.expect(WORKS);
    assert_eq!((schema(&database).await, applied(&database).await), before);
}

async fn down_leaves_nothing_behind_and_up_makes_the_same_again(url: String) {
    let (database, all) = migrated(&url).await;
    let (first, applied_first) = (schema(&database).await, applied(&database).await);
    insert_an_order(&database).await;
    down(&database, all).await.expect(WORKS);
    assert_eq!(status(&database).await.expect(WORKS), Status::Pending(all as usize));
    assert_eq!(applied(&database).await, [] as [&str; 0]);
    let left = schema(&database).await;
    assert!(left.iter().all(|line| line.contains("seaql_migrations")), "{left:#?}");
    up(&database).await.expect(WORKS);
    assert_eq!(status(&database).await.expect(WORKS), Status::Current);
    assert_eq!((schema(&database).await, applied(&database).await), (first, applied_first));
    assert_eq!(orders(&database).await, [] as [&str; 0]);
    insert_an_order(&database).await;
}

async fn each_step_back_takes_one_migration(url: String) {
    let (database, all) = migrated(&url).await;
    let versions = applied(&database).await;
    for back in 1..=all as usize {
        down(&database, 1).await.expect(WORKS);
        assert_eq!(status(&database).await.expect(WORKS), Status::Pending(back));
        assert_eq!(applied(&database).await, versions[..versions.len() - back]);
    }
    up(&database).await.expect(WORKS);
    assert_eq!(applied(&database).await, versions);
}

async fn steps_back_past_the_first_migration_are_no_error(url: String) {
    let (database, all) = migrated(&url).await;
    down(&database, all + 5).await.expect(WORKS);
    assert_eq!(status(&database).await.expect(WORKS), Status::Pending(all as usize));
    down(&database, 1).await.expect(WORKS);
    assert_eq!(status(&database).await.expect(WORKS), Status::Pending(all as usize));
}

async fn no_step_back_changes_nothing(url: String) {
    let (database, _) = migrated(&url).await;
    insert_an_order(&database).await;
    down(&database, 0).await.expect(WORKS);
    assert_eq!(status(&database).await.expect(WORKS), Status::Current);
    assert_eq!(orders(&database).await.len(), 1);
}

async fn up_keeps_the_data(url: String) {
    let (database, all) = migrated(&url).await;
    insert_an_order(&database).await;
    up(&database).await.expect(WORKS);
    assert_eq!(orders(&database).await, ["joe UNPAID 2026-04-12"]);
    down(&database, all - 1).await.expect(WORKS);
    assert_eq!(orders(&database).await, ["joe UNPAID 2026-04-12"], "the first migration holds it");
    up(&database).await.expect(WORKS);
    assert_eq!(orders(&database).await, ["joe UNPAID 2026-04-12"]);
}

const FUTURE: &str = "m29991231_000001_of_a_newer_program";

async fn assert_refused_as_newer(database: &DatabaseConnection) {
    let insert = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{FUTURE}', 0)");
    execute(database, &insert).await;
    let before = (schema(database).await, applied(database).await, orders(database).await);
    let refusals = [
        status(database).await.map(drop),
        up(database).await,
        down(database, 1).await,
        down(database, 100).await,
    ];
    for refusal in refusals {
        let error = refusal.expect_err("a newer database is refused");
        let MigrationError::Newer { unknown } = &error else { panic!("expected a refusal, got {error:?}") };
        assert_eq!(unknown, &[FUTURE]);
        assert!(error.to_string().contains(FUTURE), "{error}");
    }
    assert_eq!((schema(database).await, applied(database).await, orders(database).await), before);
}

async fn a_database_that_is_newer_is_refused_and_stays_as_it_is(url: String) {
    let (database, _) = migrated(&url).await;
    insert_an_order(&database).await;
    assert_refused_as_newer(&database).await;
}

async fn a_database_that_is_newer_and_older_is_refused_and_stays_as_it_is(url: String) {
    let (database, all) = migrated(&url).await;
    insert_an_order(&database).await;
    down(&database, all - 1).await.expect(WORKS);
    assert_refused_as_newer(&database).await;
}

async fn processes_that_migrate_at_the_same_time_all_succeed(url: String) {
    let alone = connect(&url).await;
    let all = all(&alone).await;
    for _ in 0..3 {
        let mut processes = Vec::new();
        for _ in 0..6 {
            let database = connect(&url).await;
            processes.push(tokio::spawn(async move {
                let result = up(&database).await;
                database.close().await.expect("it closes");
                result
            }));
        }
        for process in processes {
            process.await.expect("no panic").expect(WORKS);
        }
        assert_eq!(status(&alone).await.expect(WORKS), Status::Current);
        assert_eq!(applied(&alone).await.len(), all as usize);
        insert_an_order(&alone).await;
        down(&alone, all).await.expect(WORKS);
    }
}

async fn up_that_fails_changes_nothing(url: String) {
    let database = connect(&url).await;
    let all = all(&database).await;
    // The last table of the first migration is there already.
    execute(&database, "CREATE TABLE order_placements (of_another_program integer)").await;
    let before = schema(&database).await;
    let error = up(&database).await.expect_err("a table is in the way");
    assert!(matches!(error, MigrationError::Database(_)), "{error:?}");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("order_placements"), "{cause}");
    assert_eq!(schema(&database).await, before);
    assert_eq!(status(&database).await.expect(WORKS), Status::Pending(all as usize));
    execute(&database, "DROP TABLE order_placements").await;
    up(&database).await.expect("nothing is in the way any more");
}

async fn down_that_fails_changes_nothing(url: String) {
    let (database, all) = migrated(&url).await;
    insert_an_order(&database).await;
    // Another program's table needs the orders, which the first migration brought.
    execute(&database, "CREATE TABLE notes (order_id bigint REFERENCES orders (id))").await;
    execute(&database, "INSERT INTO notes SELECT id FROM orders").await;
    let before = (schema(&database).await, applied(&database).await, orders(&database).await);
    let error = down(&database, all).await.expect_err("a table is in the way");
    assert!(matches!(error, MigrationError::Database(_)), "{error:?}");
    assert_eq!((schema(&database).await, applied(&database).await, orders(&database).await), before);
    execute(&database, "DROP TABLE notes").await;
    down(&database, all).await.expect("nothing is in the way any more");
}
