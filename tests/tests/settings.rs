//! A setting that makes no sense is refused at the start, in words that name it, and none gives a secret away.

use std::net::TcpListener;

use serde_json::json;
use tests::{
    Installation, PostgresServer, Protocol, RawSocket, SECRET, Signal, Store, Suite, TokenKey, claims,
};

fn main() {
    Suite::new()
        .everywhere(an_address_that_other_machines_reach_is_refused)
        .everywhere(with_authentication_any_address_is_served)
        .everywhere(a_weak_secret_is_refused_and_not_told)
        .everywhere(no_secret_is_told)
        .everywhere(a_token_is_printed_that_the_server_takes)
        .everywhere(a_token_that_cannot_be_printed_says_why)
        .everywhere(an_address_that_is_in_use_is_named)
        .everywhere(unknown_arguments_are_named)
        .everywhere(values_that_make_no_sense_are_named)
        .everywhere(databases_of_other_kinds_are_refused)
        .everywhere(a_flag_wins_over_the_environment)
        .everywhere(the_password_of_an_unreachable_database_is_not_told)
        .everywhere(a_log_that_goes_to_a_file_has_no_colours)
        .everywhere(the_schema_is_printed_without_a_database)
        .on_postgres(the_password_of_a_database_in_use_is_not_told)
        .run();
}

const PASSWORD: &str = "correct-horse-battery-staple";

fn an_address_that_other_machines_reach_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
        let installation = Installation::new();
        let finished = installation.run(&["--addr", address]);
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        for word in [
            "ORDERCAST_ADDR",
            address,
            "other machines",
            "ORDERCAST_JWT_SECRET",
            "ORDERCAST_JWKS",
            "127.0.0.1",
        ] {
            assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
        }
        let files = std::fs::read_dir(installation.directory()).expect("a directory").count();
        assert_eq!(files, 0, "a refused start leaves no database behind");
    }
}

fn with_authentication_any_address_is_served() {
    let server =
        Installation::new().set("ORDERCAST_ADDR", "0.0.0.0:0").set("ORDERCAST_JWT_SECRET", SECRET).start();
    let answer = server.api().graphql("{ getOrders { id } }", &json!({}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
    let api = server.api().with_token(&TokenKey::secret(SECRET).token(&claims("joe", 3600)));
    assert!(!api.orders().is_empty());
}

fn a_weak_secret_is_refused_and_not_told() {
    for secret in ["", "x7Q", &SECRET[..31]] {
        for command in [&["serve"][..], &["token", "--user", "joe"]] {
            let installation = Installation::new().set("ORDERCAST_JWT_SECRET", secret);
            let finished = installation.run(command);
            assert_eq!(finished.status.code(), Some(1), "{finished:?}");
            for word in ["ORDERCAST_JWT_SECRET", &format!("{} bytes", secret.len()), "32"] {
                assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
            }
            assert!(secret.is_empty() || !finished.stderr.contains(secret), "{finished:?}");
            let files = std::fs::read_dir(installation.directory()).expect("a directory").count();
            assert_eq!(files, 0, "a refused start leaves no database behind");
        }
    }
}

fn no_secret_is_told() {
    let installation = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).set("ORDERCAST_LOG", "trace");
    let help = installation.run(&["--help"]);
    assert!(help.status.success() && help.stdout.contains("ORDERCAST_JWT_SECRET"), "{help:?}");
    let mut server = installation.start();
    let token = TokenKey::secret(SECRET).token(&claims("joe", 3600));
    server.api().with_token(&token).orders();
    let mut socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    socket.initialise(&json!({ "Authorization": format!("Bearer {token}") }));
    socket.start_operation("1", &json!({ "query": "{ __typename }" }));
    socket.next_answer("1");
    // Of one that is refused nothing is told either.
    server.api().with_token(&format!("{token}x")).graphql("{ __typename }", &json!({}));
    server.signal(Signal::Terminate);
    assert!(server.wait().success());
    let (_, signature) = token.rsplit_once('.').expect("a signature");
    for text in [help.stdout, help.stderr, server.log().text()] {
        for (what, secret) in [("the secret", SECRET), ("a token", signature)] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line.map(|line| line.chars().take(500).collect::<String>()), None, "{what} is told");
        }
    }
}

fn a_token_is_printed_that_the_server_takes() {
    let installation = Installation::new()
        .set("ORDERCAST_JWT_SECRET", SECRET)
        .set("ORDERCAST_JWT_ISSUER", "https://login.example")
        .set("ORDERCAST_JWT_AUDIENCE", "ordercast");
    let server = installation.start();
    for (arguments, permission) in [
        (&["token", "--user", "caty88"][..], "SEE_OWN_ORDERS"),
        (&["token", "--user", "caty88", "--role", "staff", "--expires", "2days"], "SEE_ALL_ORDERS"),
    ] {
        let finished = installation.run(arguments);
        assert!(finished.status.success(), "{finished:?}");
        let viewer = &server
            .api()
            .with_token(finished.stdout.trim())
            .data("{ viewer { username permissions } }", &json!({}))["viewer"];
        assert_eq!(viewer["username"], "caty88");
        assert_eq!(viewer["permissions"][0], permission, "{arguments:?}");
    }
}

fn a_token_that_cannot_be_printed_says_why() {
    let without = Installation::new().run(&["token", "--user", "joe"]);
    assert_eq!(without.status.code(), Some(1), "{without:?}");
    assert!(without.stderr.contains("ORDERCAST_JWT_SECRET"), "{without:?}");
    for (arguments, naming) in [
        (&["token"][..], "--user"),
        (&["token", "--user", "caty 88"], "a username has"),
        (&["token", "--user", "caty88", "--role", "king"], "staff"),
        (&["token", "--user", "caty88", "--expires", "soon"], "--expires"),
        (&["token", "--user", "caty88", "--expires", "0s"], "--expires"),
    ] {
        let finished = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).run(arguments);
        assert_eq!(finished.status.code(), Some(2), "{finished:?}");
        assert!(finished.stderr.contains(naming) && finished.stdout.is_empty(), "{finished:?}");
    }
}

fn an_address_that_is_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let finished = Installation::new().set("ORDERCAST_ADDR", &address).run(&[]);
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    for word in ["ORDERCAST_ADDR", &address, "in use"] {
        assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
    }
}

fn unknown_arguments_are_named() {
    for arguments in [["--colour", "blue"], ["serve", "--colour"], ["deliver", "now"]] {
        let finished = Installation::new().run(&arguments);
        assert_eq!(finished.status.code(), Some(2), "{finished:?}");
        let named = arguments.iter().any(|argument| finished.stderr.contains(&format!("'{argument}'")));
        assert!(named, "none of {arguments:?} is named: {finished:?}");
    }
}

fn values_that_make_no_sense_are_named() {
    for (variable, flag, value) in [
        ("ORDERCAST_ADDR", "--addr", "localhost"),
        ("ORDERCAST_WORKERS", "--workers", "0"),
        ("ORDERCAST_DATABASE_CONNECTIONS", "--database-connections", "0"),
        ("ORDERCAST_DATABASE_TIMEOUT", "--database-timeout", "soon"),
        ("ORDERCAST_ALLOWED_ORIGINS", "--allowed-origins", "*"),
        ("ORDERCAST_PAGE_LIMIT", "--page-limit", "-1"),
        ("ORDERCAST_BATCH_LIMIT", "--batch-limit", "-1"),
        ("ORDERCAST_KEEP_ALIVE", "--keep-alive", "0s"),
        ("ORDERCAST_JWKS_INTERVAL", "--jwks-interval", "0s"),
        ("ORDERCAST_JWT_LEEWAY", "--jwt-leeway", "1day"),
        ("ORDERCAST_SSE_RESERVATION", "--sse-reservation", "soon"),
        ("ORDERCAST_LOG_FORMAT", "--log-format", "xml"),
        ("ORDERCAST_CONNECTIONS", "--connections", "0"),
        ("ORDERCAST_OPERATIONS_PER_ADDRESS", "--operations-per-address", "many"),
        ("ORDERCAST_REQUEST_TIMEOUT", "--request-timeout", "0s"),
        ("ORDERCAST_TRUSTED_PROXIES", "--trusted-proxies", "localhost"),
        ("ORDERCAST_METRICS", "--metrics", "some"),
    ] {
        let finished = Installation::new().set(variable, value).run(&[]);
        assert_eq!(finished.status.code(), Some(2), "{variable}: {finished:?}");
        for word in [flag, value] {
            assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
        }
    }
}

fn databases_of_other_kinds_are_refused() {
    for (url, named) in [
        (format!("mysql://root:{PASSWORD}@127.0.0.1/orders"), "`sqlite:`, `postgres:`"),
        ("sqlite::memory:".to_owned(), "memory"),
        (PASSWORD.to_owned(), "`sqlite:`, `postgres:`"),
    ] {
        for command in ["serve", "migrate"] {
            let finished = Installation::new().set("ORDERCAST_DATABASE_URL", &url).run(&[command]);
            assert_eq!(finished.status.code(), Some(1), "{finished:?}");
            for word in ["ORDERCAST_DATABASE_URL", named] {
                assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
            }
            assert_no_password(&finished.stderr);
        }
    }
}

fn a_flag_wins_over_the_environment() {
    let installation = Installation::new().set("ORDERCAST_DATABASE_URL", "sqlite://environment.db");
    installation.run_successfully(&["migrate", "--database-url", "sqlite://flag.db"]);
    let is_there = |file: &str| installation.directory().join(file).exists();
    assert!(is_there("flag.db") && !is_there("environment.db"));
}

fn the_password_of_an_unreachable_database_is_not_told() {
    // Nothing listens on a port that was just given back.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").port()
    };
    for url in [
        format!("postgres://shop:{PASSWORD}@127.0.0.1:{port}/orders"),
        format!("postgres://127.0.0.1:{port}/orders?user=shop&password={PASSWORD}"),
        format!("postgres://shop:{PASSWORD}@127.0.0.1:port/orders"),
        // Passwords whose owner did not know that these characters must be escaped.
        format!("postgres://shop:{PASSWORD}/@127.0.0.1:{port}/orders"),
        format!("postgres://shop:{PASSWORD}#@127.0.0.1:{port}/orders"),
        format!("postgres://shop:{PASSWORD}?@127.0.0.1:{port}/orders"),
    ] {
        for log in ["info", "trace"] {
            let finished = Installation::new()
                .set("ORDERCAST_DATABASE_URL", &url)
                .set("ORDERCAST_DATABASE_TIMEOUT", "1s")
                .set("ORDERCAST_LOG", log)
                .run(&[]);
            assert_eq!(finished.status.code(), Some(1), "{:?}", finished.status);
            assert!(finished.stderr.contains("ORDERCAST_DATABASE_URL"), "the setting is named");
            assert_no_password(&finished.stderr);
        }
    }
}

fn a_log_that_goes_to_a_file_has_no_colours() {
    let finished = Installation::new().set("ORDERCAST_LOG_FORMAT", "text").run(&["migrate"]);
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stderr.contains("INFO"), "{finished:?}");
    assert!(!finished.stderr.contains('\u{1b}'), "escape codes are for terminals: {finished:?}");
}

fn the_schema_is_printed_without_a_database() {
    let installation = Installation::new().set("ORDERCAST_DATABASE_URL", "postgres://127.0.0.1:1/nowhere");
    let finished = installation.run(&["schema"]);
    assert!(finished.status.success(), "{finished:?}");
    for line in ["type Subscription {", "enum OrderState {", "scalar Date"] {
        assert!(finished.stdout.contains(line), "`{line}` is not in:\n{}", finished.stdout);
    }
}

fn the_password_of_a_database_in_use_is_not_told(postgres: &PostgresServer) {
    let installation = Store::Postgres(postgres.clone()).install();
    let url = installation.postgres().url_with_password(PASSWORD);
    for log in ["info", "trace"] {
        let installation = installation.clone().set("ORDERCAST_DATABASE_URL", &url).set("ORDERCAST_LOG", log);
        let mut server = installation.start();
        server.api().create_user(&format!("caty.{log}"));
        installation.postgres().shut();
        let answer = server.api().graphql("{ getOrders { id } }", &json!({}));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        installation.postgres().open();
        server.signal(Signal::Terminate);
        assert!(server.wait().success());
        let log = server.log().text();
        assert!(log.contains("postgres://127.0.0.1/"), "the database is told, without who uses it");
        assert_no_password(&log);
    }
}

fn assert_no_password(log: &str) {
    let line = log.lines().find(|line| line.contains(PASSWORD));
    // A line at the level `trace` can be very long.
    let start: Option<String> = line.map(|line| line.chars().take(500).collect());
    assert_eq!(start, None, "a line gives the password away");
}
