//! Clients that come back by themselves after the server was killed.

use serde_json::json;
use tests::{Installation, Server, StockClient};

/// As a browser has it: without a line of code, by `Last-Event-ID`.
pub(crate) fn event_source_misses_nothing() {
    misses_nothing("eventsource");
}

/// With one function that names the last cursor.
pub(crate) fn graphql_sse_misses_nothing() {
    misses_nothing("graphql-sse");
}

/// With a function that names the last cursor in `connection_init`, and documents repeated word for word.
pub(crate) const OVER_SOCKETS: [&str; 5] = [
    "graphql-ws",
    "subscriptions-transport-ws",
    "apollo-graphql-ws",
    "apollo-subscriptions-transport-ws",
    "urql-graphql-ws",
];

pub(crate) fn misses_nothing(client: &str) {
    let installation = Installation::new();
    let mut server = installation.start();
    // It comes back to where it was.
    let installation = installation.set("ORDERCAST_ADDR", server.api().address());
    let data = server.api().data("{ orders { cursor } }", &json!({}));
    let follow =
        format!("subscription {{ orderEvents(after: {}) {{ order {{ id }} }} }}", data["orders"]["cursor"]);
    let follower = StockClient::of_node(server.api(), client, ["", "", &follow]);

    let mut placed = Vec::new();
    let mut place = |server: &Server| {
        placed.extend((0..3).map(|_| json!(server.api().place_order(&json!({ "username": "joe" })))));
        placed.clone()
    };
    for _ in 0..3 {
        let told_before = place(&server).len();
        follower.wait_for_answers(told_before);
        // Some of these are told, some not.
        place(&server);
        server.kill();
        server = installation.start();
        let expected = place(&server);
        let answers = follower.wait_for_answers(expected.len());
        let told: Vec<_> =
            answers.iter().map(|answer| answer["orderEvents"]["order"]["id"].clone()).collect();
        assert_eq!(told, expected, "each once, in order");
    }
}
