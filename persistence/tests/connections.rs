//! What the connections to an open database are set to, and what is told of them.

#[macro_use]
mod trials;
mod repository;
mod storage;

use std::sync::{Arc, Mutex};

use domain::{
    OrderFilter, OrderRepository, Placement, RepositoryError, Scope, UserRepository,
    testing::contract::{new_order, new_user},
};
use persistence::{Database, DatabaseSettings};
use repository::repository_in;
use sea_orm::{
    ConnectionTrait, DbBackend, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    TryGetable,
};
use storage::{POSTGRES_SERVER, execute, settings};

trials! {
    on_both: [
        an_open_database_answers,
        a_closed_database_does_not_answer,
        statements_are_told_without_their_values,
        what_one_program_commits_another_reads,
    ],
    on_sqlite: [
        a_commit_is_on_disk_and_readers_do_not_wait,
        references_hold,
        a_file_of_any_name_is_the_same_for_those_who_read_and_write,
        a_reader_reads_while_another_program_writes,
        a_writer_that_waits_too_long_for_a_lock_may_try_again,
        a_statement_that_rolls_everything_back_fails_and_the_writer_goes_on,
    ],
    on_postgres: [
        a_statement_that_hangs_is_ended,
        a_database_that_is_not_there_is_an_error_without_the_password,
    ],
}

const WORKS: &str = "a database that works";

async fn value<T: TryGetable>(database: &Database, sql: &str) -> T {
    let connection = database.schema_connection();
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.expect("a valid statement").expect("a row");
    row.try_get_by_index(0).expect("a value of this type")
}

/// The URL of this database.
async fn url_of(database: &Database) -> String {
    if database.schema_connection().get_database_backend() == DbBackend::Sqlite {
        let file: String = value(database, "SELECT file FROM pragma_database_list WHERE name = 'main'").await;
        return format!("sqlite://{file}");
    }
    let server = std::env::var(POSTGRES_SERVER).expect("a server");
    format!("{server}/{}", value::<String>(database, "SELECT current_database()::text").await)
}

async fn an_open_database_answers(database: Database) {
    database.ping().await.expect(WORKS);
}

async fn a_closed_database_does_not_answer(database: Database) {
    let other = Database::open(&settings(&url_of(&database).await)).await.expect("it opens");
    other.clone().close().await.expect("it closes");
    let error = other.ping().await.expect_err("it is closed");
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    database.ping().await.expect("the other program's connections stay");
}

async fn statements_are_told_without_their_values(database: Database) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let observed = Arc::clone(&told);
    let observe = move |sql: &str| observed.lock().expect("the statements").push(sql.to_owned());
    let other =
        Database::open_observed(&settings(&url_of(&database).await), observe).await.expect("it opens");
    let (repository, _) = repository_in(&other).await;
    let ran = || told.lock().expect("the statements").clone();
    repository.find_by_username(&new_user("joe").username).await.expect(WORKS);
    let selects = ran().into_iter().filter(|sql: &String| sql.contains("users")).collect::<Vec<_>>();
    assert!(matches!(&selects[..], [select] if select.starts_with("SELECT")), "{selects:?}");
    repository.create(&new_user("joe")).await.expect(WORKS);
    assert!(ran().iter().any(|sql| sql.starts_with("INSERT INTO \"users\"")), "{:?}", ran());
    assert!(!ran().iter().any(|sql| sql.contains("joe")), "{:?}", ran());
    other.close().await.expect("it closes");
}

async fn what_one_program_commits_another_reads(database: Database) {
    let (repository, _) = repository_in(&database).await;
    let other = Database::open(&settings(&url_of(&database).await)).await.expect("it opens");
    let (others, _) = repository_in(&other).await;
    for (number, username) in ["caty88", "joe"].into_iter().enumerate() {
        let created = repository.create(&new_user(username)).await.expect(WORKS).expect("a free name");
        others.place(&new_order(created.username(), 1)).await.expect(WORKS);
        let count = repository.count(&Scope::All, &OrderFilter::default()).await.expect(WORKS);
        assert_eq!(count, number as u64 + 1);
    }
    other.close().await.expect("it closes");
}

async fn a_commit_is_on_disk_and_readers_do_not_wait(database: Database) {
    assert_eq!(value::<String>(&database, "PRAGMA journal_mode").await, "wal");
    assert_eq!(value::<i64>(&database, "PRAGMA synchronous").await, 2, "FULL");
}

async fn references_hold(database: Database) {
    assert_eq!(value::<i64>(&database, "PRAGMA foreign_keys").await, 1);
}

async fn a_file_of_any_name_is_the_same_for_those_who_read_and_write(_: Database) {
    let directory = tempfile::tempdir().expect("a directory");
    for (written, name) in
        [("50%25%20of%3f%23.db", "50% of?#.db"), ("100%2520.db", "100%20.db"), ("né&=.db", "né&=.db")]
    {
        let url = format!("sqlite://{}/{written}?mode=rwc&cache=private", directory.path().display());
        let database = Database::open(&settings(&url)).await.expect("it opens");
        migration::up(database.schema_connection()).await.expect("the migrations apply");
        let (repository, _) = repository_in(&database).await;
        repository.create(&new_user("joe")).await.expect(WORKS).expect("a free name");
        let joe = repository.find_by_username(&new_user("joe").username).await.expect(WORKS);
        assert!(joe.is_some(), "{name}");
        assert!(directory.path().join(name).exists(), "{name}");
        database.close().await.expect("it closes");
    }
    let files = std::fs::read_dir(directory.path()).expect("a directory").count();
    assert_eq!(files, 3, "closing a database leaves the file alone");
}

async fn a_reader_reads_while_another_program_writes(database: Database) {
    let (repository, _) = repository_in(&database).await;
    let other = Database::open(&settings(&url_of(&database).await)).await.expect("it opens");
    let writing = other.schema_connection().begin().await.expect(WORKS);
    let insert = "INSERT INTO users (username, email) VALUES ('joe', 'joe@dev.io')";
    writing.execute_unprepared(insert).await.expect(WORKS);
    let joe = new_user("joe").username;
    assert_eq!(repository.find_by_username(&joe).await.expect(WORKS), None, "not before the commit");
    writing.commit().await.expect(WORKS);
    assert!(repository.find_by_username(&joe).await.expect(WORKS).is_some());
    other.close().await.expect("it closes");
}

async fn a_writer_that_waits_too_long_for_a_lock_may_try_again(database: Database) {
    let acquire_timeout = std::time::Duration::from_millis(50);
    let impatient = DatabaseSettings { acquire_timeout, ..settings(&url_of(&database).await) };
    let other = Database::open(&impatient).await.expect("it opens");
    let (repository, _) = repository_in(&other).await;
    let writing = database.schema_connection().begin().await.expect(WORKS);
    writing.execute_unprepared("DELETE FROM users").await.expect(WORKS);
    let error = repository.create(&new_user("joe")).await.expect_err("the database is locked");
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    writing.commit().await.expect(WORKS);
    assert!(repository.create(&new_user("joe")).await.expect(WORKS).is_some());
    other.close().await.expect("it closes");
}

/// As SQLite itself rolls back when the disk is full.
async fn a_statement_that_rolls_everything_back_fails_and_the_writer_goes_on(database: Database) {
    let acquire_timeout = std::time::Duration::from_millis(50);
    let impatient = DatabaseSettings { acquire_timeout, ..settings(&url_of(&database).await) };
    let other = Database::open(&impatient).await.expect("it opens");
    let (repository, _) = repository_in(&other).await;
    let joe = repository.create(&new_user("joe")).await.expect(WORKS).expect("a free name");
    execute(
        &database,
        "CREATE TRIGGER no_first BEFORE INSERT ON orders WHEN NEW.date = '2026-04-01'
         BEGIN SELECT RAISE(ROLLBACK, 'not on the first'); END",
    )
    .await;
    for _ in 0..2 {
        let (first, second) = (new_order(joe.username(), 1), new_order(joe.username(), 2));
        assert!(repository.place(&first).await.is_err(), "it was rolled back");
        assert!(matches!(repository.place(&second).await, Ok(Placement::Placed(_, Some(_)))));
    }
    let count = repository.count(&Scope::All, &OrderFilter::default()).await.expect(WORKS);
    assert_eq!(count, 2, "only what was acknowledged");

    let writing = database.schema_connection().begin().await.expect(WORKS);
    writing.execute_unprepared("DELETE FROM order_placements").await.expect(WORKS);
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let begun = other.schema_connection().begin_with_options(immediate).await;
    assert!(begun.is_err(), "the writer still takes the lock when it begins");
    writing.rollback().await.expect(WORKS);
}

async fn a_statement_that_hangs_is_ended(database: Database) {
    let statement_timeout = std::time::Duration::from_millis(200);
    let impatient = DatabaseSettings { statement_timeout, ..settings(&url_of(&database).await) };
    let other = Database::open(&impatient).await.expect("it opens");
    for setting in ["statement_timeout", "idle_in_transaction_session_timeout"] {
        assert_eq!(value::<String>(&other, &format!("SHOW {setting}")).await, "200ms", "{setting}");
    }
    let locking = database.schema_connection().begin().await.expect(WORKS);
    locking.execute_unprepared("LOCK TABLE users").await.expect(WORKS);
    let (repository, _) = repository_in(&other).await;
    let error = repository.create(&new_user("joe")).await.expect_err("the table is locked");
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    locking.commit().await.expect(WORKS);
    assert!(repository.create(&new_user("joe")).await.expect(WORKS).is_some());
    other.close().await.expect("it closes");
}

async fn a_database_that_is_not_there_is_an_error_without_the_password(database: Database) {
    let url = url_of(&database).await.replacen('@', ":hunter2@", 1) + "_of_nobody";
    assert!(url.contains("hunter2"));
    let Err(error) = Database::open(&settings(&url)).await else { panic!("it was opened") };
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("does not exist"), "{cause}");
    let shown = format!("{error} {error:?} {cause}");
    assert!(!shown.contains("hunter2"), "{shown}");
    database.ping().await.expect("the others go on");
}
