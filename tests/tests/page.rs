//! The page at `/` and GraphiQL, in a real browser and as HTTP has them.

use std::fs;

use reqwest::{
    Method, StatusCode,
    blocking::Response,
    header::{self, HeaderMap},
};
use tests::{Browser, Installation, SECRET, Server, Suite};

fn main() {
    Suite::new()
        .with_node(an_order_placed_in_one_window_shows_in_another)
        .with_node(a_restart_is_told_and_what_was_missed_is_shown_once)
        .with_node(a_page_whose_database_was_replaced_starts_anew)
        .with_node(filters_and_pages_stay_live)
        .with_node(errors_are_told_where_they_happen_and_undo_what_was_expected)
        .with_node(a_token_says_who_looks_at_it)
        .with_node(it_is_for_everyone)
        .with_node(graphiql_runs_the_subscription_of_the_talk)
        .with_node(graphiql_shows_why_a_subscription_was_refused)
        .with_node(graphiql_sends_its_headers_over_http_and_with_subscriptions)
        .with_node(the_browsers_own_event_source_comes_back_and_misses_nothing)
        .with_node(its_files_are_compressed_and_asked_for_again_only_when_they_may_have_changed)
        .with_node(it_may_talk_to_its_own_server_and_to_nobody_else)
        .everywhere(a_setting_turns_it_off)
        .run()
}

const ORDER_OF_CATY: &str = "INSERT INTO orders (date, state, user_id)
    SELECT '2026-05-01', 'UNPAID', id FROM users WHERE username = 'caty88';";

fn an_order_placed_in_one_window_shows_in_another() {
    let server = Server::start();
    let browser = Browser::start(server.api(), "an_order_placed_in_one_window_shows_in_another");
    browser.wait_for("place orders by SQL");
    server.installation().execute(&ORDER_OF_CATY.repeat(2));
    browser.finish();
}

fn a_restart_is_told_and_what_was_missed_is_shown_once() {
    let mut server = Server::start();
    let installation = at_the_address_of(&server);
    let browser = Browser::start(server.api(), "a_restart_is_told_and_what_was_missed_is_shown_once");
    browser.wait_for("kill the server");
    server.kill();
    browser.wait_for("place orders by SQL and start the server");
    installation.execute(&ORDER_OF_CATY.repeat(3));
    installation.execute("UPDATE orders SET state = 'PAID' WHERE id = 3");
    let _server = installation.start();
    browser.finish();
}

fn a_page_whose_database_was_replaced_starts_anew() {
    let mut server = Server::start();
    let installation = at_the_address_of(&server);
    let browser = Browser::start(server.api(), "a_page_whose_database_was_replaced_starts_anew");
    browser.wait_for("kill the server");
    server.kill();
    browser.wait_for("start a server on a new database");
    for file in fs::read_dir(installation.directory()).expect("a directory") {
        fs::remove_file(file.expect("a file").path()).expect("the database can be removed");
    }
    let _server = installation.start();
    browser.finish();
}

fn filters_and_pages_stay_live() {
    Browser::run(Server::start().api(), "filters_and_pages_stay_live");
}

fn errors_are_told_where_they_happen_and_undo_what_was_expected() {
    let server = Server::start();
    Browser::run(server.api(), "errors_are_told_where_they_happen_and_undo_what_was_expected");
}

fn a_token_says_who_looks_at_it() {
    let server = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).start();
    let staff = token(&server, &["--user", "boss", "--role", "staff"]);
    let customer = token(&server, &["--user", "joe"]);
    let variables = [
        ("ORDERCAST_TOKEN", &*staff),
        ("ORDERCAST_TOKEN_OF_JOE", &customer),
        ("ORDERCAST_JWT_SECRET", SECRET),
    ];
    Browser::start_with(server.api(), "a_token_says_who_looks_at_it", &variables).finish();
}

fn it_is_for_everyone() {
    Browser::run(Server::start().api(), "it_is_for_everyone");
}

fn graphiql_runs_the_subscription_of_the_talk() {
    Browser::run(Server::start().api(), "graphiql_runs_the_subscription_of_the_talk");
}

fn graphiql_shows_why_a_subscription_was_refused() {
    Browser::run(Server::start().api(), "graphiql_shows_why_a_subscription_was_refused");
}

fn graphiql_sends_its_headers_over_http_and_with_subscriptions() {
    let server = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).start();
    let staff = token(&server, &["--user", "boss", "--role", "staff"]);
    let scenario = "graphiql_sends_its_headers_over_http_and_with_subscriptions";
    Browser::start_with(server.api(), scenario, &[("ORDERCAST_TOKEN", &staff)]).finish();
}

fn the_browsers_own_event_source_comes_back_and_misses_nothing() {
    let mut server = Server::start();
    let installation = at_the_address_of(&server);
    let browser = Browser::start(server.api(), "the_browsers_own_event_source_comes_back_and_misses_nothing");
    browser.wait_for("kill the server, place orders by SQL and start it");
    server.kill();
    installation.execute(&ORDER_OF_CATY.repeat(3));
    let _server = installation.start();
    browser.finish();
}

fn its_files_are_compressed_and_asked_for_again_only_when_they_may_have_changed() {
    let server = Server::start();
    for path in ["/", "/graphiql", "/graphiql/"] {
        let page = get(&server, path, &[]);
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(value(page.headers(), &header::CACHE_CONTROL), "no-cache", "{path}");
        let document = page.text().expect("a document");
        let files = files_of(&document);
        assert!(files.len() >= 3, "{path}: {files:?}");
        for file in files {
            let whole = get(&server, file, &[]);
            assert_eq!(whole.status(), 200, "{file}");
            assert!(value(whole.headers(), &header::CACHE_CONTROL).contains("immutable"), "{file}");
            assert!(whole.headers().get(header::CONTENT_ENCODING).is_none(), "{file}");
            let whole = whole.bytes().expect("a body");
            for encoding in ["br", "gzip"] {
                let compressed = get(&server, file, &[("accept-encoding", encoding)]);
                assert_eq!(value(compressed.headers(), &header::CONTENT_ENCODING), encoding, "{file}");
                let compressed = compressed.bytes().expect("a body");
                assert!(compressed.len() < whole.len(), "{file}: {encoding} makes it no smaller");
            }
        }
    }

    let mut tags = Vec::new();
    for encoding in ["identity", "gzip", "br"] {
        let first = get(&server, "/", &[("accept-encoding", encoding)]);
        let tag = value(first.headers(), &header::ETAG).to_owned();
        assert!(value(first.headers(), &header::VARY).contains("Accept-Encoding"), "caches must know");
        let again = get(&server, "/", &[("accept-encoding", encoding), ("if-none-match", &tag)]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{encoding}");
        assert_eq!(value(again.headers(), &header::ETAG), tag, "{encoding}");
        let other = get(&server, "/", &[("accept-encoding", encoding), ("if-none-match", "\"other\"")]);
        assert_eq!(other.status(), 200, "{encoding}");
        assert!(!tags.contains(&tag), "each encoding has a tag of its own");
        tags.push(tag);
    }

    let head = server.api().request(Method::HEAD, "/").send().expect("an answer");
    assert_eq!(head.status(), 200);
    assert_eq!(server.api().request(Method::POST, "/").send().expect("an answer").status(), 405);
    assert_eq!(get(&server, "/assets/none.js", &[]).status(), 404);
}

fn it_may_talk_to_its_own_server_and_to_nobody_else() {
    let server = Server::start();
    let document = get(&server, "/", &[]).text().expect("a document");
    let script = files_of(&document).into_iter().find(|file| file.contains(".js"));
    for path in ["/", "/graphiql", script.expect("a script")] {
        let answer = get(&server, path, &[]);
        let policy = value(answer.headers(), &header::CONTENT_SECURITY_POLICY);
        for directive in
            ["default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(directive), "{path}: `{directive}` is not in {policy}");
        }
        assert!(!policy.contains("unsafe-eval"), "{path}: {policy}");
        assert_eq!(value(answer.headers(), &header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(value(answer.headers(), &header::REFERRER_POLICY), "no-referrer", "{path}");
    }
    let page = get(&server, "/", &[]);
    let policy = value(page.headers(), &header::CONTENT_SECURITY_POLICY);
    assert!(!policy.contains("unsafe-inline"), "GraphiQL's editor needs it, the page does not: {policy}");
}

fn a_setting_turns_it_off() {
    let server = Installation::new().set("ORDERCAST_PAGE", "false").start();
    for path in ["/", "/graphiql", "/graphiql/", "/assets/index.js"] {
        let answer = get(&server, path, &[]);
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.text().expect("a body"), "", "{path}");
    }
    assert_eq!(server.api().orders().len(), 2, "the API is there");
}

/// A token of the server's own making.
fn token(server: &Server, arguments: &[&str]) -> String {
    let finished = server.installation().run(&[&["token"], arguments].concat());
    assert!(finished.status.success(), "{finished:?}");
    finished.stdout.trim().to_owned()
}

/// The same installation, whose next server has the address of this one.
fn at_the_address_of(server: &Server) -> Installation {
    server.installation().clone().set("ORDERCAST_ADDR", server.api().address())
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.api().request(Method::GET, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().expect("an answer")
}

fn value<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}: {headers:?}")).to_str().expect("ASCII")
}

/// The files that a document names.
fn files_of(document: &str) -> Vec<&str> {
    document.split('"').filter(|part| part.starts_with("/assets/")).collect()
}
