//! What the URL of a database must be, and how the errors of opening one read: clear, and without the password.

use std::{error::Error, path::Path, time::Duration};

use persistence::{Database, DatabaseSettings, OpenError};

const PASSWORD: &str = "hunter2";

fn settings(url: &str) -> DatabaseSettings {
    DatabaseSettings {
        url: url.to_owned(),
        max_connections: 2,
        acquire_timeout: Duration::from_millis(300),
        statement_timeout: Duration::from_secs(10),
    }
}

fn url_of(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn open_error(url: &str) -> OpenError {
    match Database::open(&settings(url)).await {
        Ok(_) => panic!("`{url}` was opened"),
        Err(error) => error,
    }
}

/// The texts of an error and of its causes, which a log shows.
fn texts(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {}", texts(cause)))
}

fn assert_no_password(error: &OpenError) {
    let shown = format!("{} {error:?}", texts(error));
    assert!(!shown.contains(PASSWORD), "{shown}");
}

#[tokio::test]
async fn a_url_of_another_kind_of_database_is_refused() {
    let urls = [
        "mysql://root:hunter2@localhost/orders",
        "http://root:hunter2@localhost/orders",
        "postgresx://root:hunter2@localhost/orders",
        "root:hunter2@localhost/orders",
        "orders.db",
        "",
        " ",
    ];
    for url in urls {
        let error = open_error(url).await;
        assert!(matches!(error, OpenError::UnknownScheme), "`{url}`: {error:?}");
        let expected = "the database URL must start with `sqlite:`, `postgres:` or `postgresql:`";
        assert_eq!(error.to_string(), expected);
        assert_no_password(&error);
    }
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    let urls = [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite::memory:?cache=shared",
        "sqlite:file:orders?mode=memory",
        "sqlite://orders.db?mode=memory",
    ];
    for url in urls {
        let error = open_error(url).await;
        assert!(matches!(error, OpenError::InMemory), "{url}: {error:?}");
        assert!(error.to_string().contains("name a file"), "{error}");
    }
}

// SQLite takes no name for a database of one connection, which is deleted when that is closed.
#[tokio::test]
async fn a_database_without_a_name_is_refused() {
    let mut opened = Vec::new();
    for url in ["sqlite:", "sqlite://", "sqlite://?mode=rwc"] {
        match Database::open(&settings(url)).await {
            Ok(_) => opened.push(url),
            Err(error) => assert!(matches!(error, OpenError::InMemory), "{url}: {error:?}"),
        }
    }
    assert_eq!(opened, [] as [&str; 0]);
}

#[tokio::test]
async fn a_url_that_is_broken_is_an_error() {
    for url in ["sqlite", "postgres"] {
        open_error(url).await;
    }
    let urls = [
        "postgres://root:hunter2@localhost:port/orders",
        "postgres://root:hunter2@localhost:99999/orders",
        "postgres://root:hunter2@[::1/orders",
        "postgres://root:hunter2@/orders?port=port",
        "postgres://root:hunter2@local host/orders",
        "postgres://root:hunter2@localhost/orders?sslmode=maybe",
    ];
    let mut shown = Vec::new();
    for url in urls {
        let error = open_error(url).await;
        shown.push(format!("{} {error:?}", texts(&error)));
    }
    shown.retain(|text| text.contains(PASSWORD));
    assert_eq!(shown, [] as [&str; 0], "none of them shows the password");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for scheme in ["postgres", "postgresql"] {
        let error = open_error(&format!("{scheme}://root:{PASSWORD}@127.0.0.1:{port}/orders")).await;
        assert_no_password(&error);
        assert!(texts(&error).starts_with("the database could not be opened: "), "{}", texts(&error));
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("postgres://root:{PASSWORD}@127.0.0.1:{port}/orders");
    let error = tokio::time::timeout(Duration::from_secs(30), open_error(&url)).await;
    assert_no_password(&error.expect("the wait has an end"));
}

#[tokio::test]
async fn a_file_in_no_directory_is_an_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("missing").join("orders.db");
    let texts = texts(&open_error(&url_of(&file)).await);
    assert!(texts.contains("unable to open database file"), "{texts}");
    assert!(!file.exists());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error_and_stays_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("orders.db");
    let text = "a letter to grandmother, ".repeat(100);
    std::fs::write(&file, &text).expect("a file");
    let texts = texts(&open_error(&url_of(&file)).await);
    assert!(texts.contains("file is not a database"), "{texts}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), text);
}

#[tokio::test]
async fn a_file_that_is_missing_is_created() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, written) in
        [("orders.db", "orders.db"), ("two words.db", "two%20words.db"), ("memory.db", "memory.db")]
    {
        let url = url_of(&directory.path().join(written));
        let database = Database::open(&settings(&url)).await.expect("the database opens");
        database.ping().await.expect("it answers");
        database.close().await.expect("it closes");
        assert!(directory.path().join(name).is_file(), "{name}");
    }
}
