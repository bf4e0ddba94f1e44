//! What is sent by those who mean no good, each a case with its expected answer, at the started server. After all of them the
//! server answers as before, and has logged nothing that needs anyone's attention.

mod heads;
mod lengths;
mod requests;
mod sockets;
mod targets;

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Trial};
use serde_json::json;
use tests::{AbuseCase, Server};

fn main() {
    let server: Arc<OnceLock<Server>> = Arc::default();
    let trial = |case: AbuseCase| {
        let server = Arc::clone(&server);
        Trial::test(case.name.clone(), move || {
            case.run(server.get_or_init(Server::start).api().address());
            Ok(())
        })
    };
    let tables = [lengths::cases(), heads::cases(), targets::cases(), requests::cases(), sockets::cases()];
    let trials: Vec<Trial> = tables.into_iter().flatten().map(trial).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if let Some(server) = server.get() {
        server.api().data("{ viewer { __typename } }", &json!({}));
        let log = server.log().text();
        for word in ["\"ERROR\"", "\"WARN\"", "panicked"] {
            assert!(!log.contains(word), "strangers fill the log with {word}:\n{log}");
        }
    }
    // `exit` drops nothing, and this ends the server.
    drop(server);
    conclusion.exit();
}

/// A body that asks for nothing much.
const BODY: &str = r#"{"query":"{__typename}"}"#;

/// The first lines of a request, up to the headers.
const POST: &str = "POST /graphql HTTP/1.1\r\nHost: localhost\r\n";

/// What a query needs as its headers, but for the length.
const JSON: &str = "Content-Type: application/json\r\n";

/// A request with these headers besides, and a body as it is.
fn post(headers: &str, body: &str) -> String {
    format!("{POST}{JSON}{headers}\r\n{body}")
}

/// A query, with these headers besides.
fn query(headers: &str) -> String {
    post(&format!("Content-Length: {}\r\n{headers}", BODY.len()), BODY)
}

/// A request for what needs nothing, with these headers besides.
fn get(headers: &str) -> String {
    format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}
