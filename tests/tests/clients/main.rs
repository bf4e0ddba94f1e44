//! Stock clients of npm and Python, each over the transport that it is made for, and curl.

mod audits;
mod restart;

use std::process::Command;

use serde_json::{Value, json};
use tests::{
    Api, GET_LAST_ORDER, Installation, Process, SECRET, Server, StockClient, Suite, TokenKey, claims,
};

/// Each of `node/clients.mjs`.
const NODE: [&str; 11] = [
    "graphql-ws",
    "subscriptions-transport-ws",
    "graphql-sse",
    "graphql-sse-single-connection",
    "eventsource",
    "apollo",
    "apollo-graphql-ws",
    "apollo-subscriptions-transport-ws",
    "urql",
    "urql-graphql-ws",
    "relay",
];

/// Each of `python/clients.py`.
const PYTHON: [&str; 2] = ["gql-graphql-transport-ws", "gql-graphql-ws"];

fn main() {
    let mut suite = audits::add_to(Suite::new()).with_node(restart::event_source_misses_nothing);
    suite = suite.with_node(restart::graphql_sse_misses_nothing);
    suite = suite.with_program("curl", what_happens_is_shown_at_once);
    for client in NODE {
        let name = format!("{client}_reads_changes_and_follows");
        suite = suite.named_with_node(&name, move || {
            let server = Server::start();
            reads_changes_and_follows(server.api(), &StockClient::of_node(server.api(), client, DOCUMENTS));
        });
        suite = suite.named_with_node(&format!("{client}_says_who_it_is"), move || {
            let server = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).start();
            let api = staff(&server);
            reads_changes_and_follows(&api, &StockClient::of_node(&api, client, DOCUMENTS));
        });
    }
    for client in restart::OVER_SOCKETS {
        let name = format!("{client}_misses_nothing");
        suite = suite.named_with_node(&name, move || restart::misses_nothing(client));
    }
    for client in PYTHON {
        let name = format!("{client}_reads_changes_and_follows");
        suite = suite.named_with_python(&name, move || {
            let server = Server::start();
            reads_changes_and_follows(server.api(), &StockClient::of_python(server.api(), client, DOCUMENTS));
        });
        suite = suite.named_with_python(&format!("{client}_says_who_it_is"), move || {
            let server = Installation::new().set("ORDERCAST_JWT_SECRET", SECRET).start();
            let api = staff(&server);
            reads_changes_and_follows(&api, &StockClient::of_python(&api, client, DOCUMENTS));
        });
    }
    suite.run()
}

const DOCUMENTS: [&str; 3] = [
    "query getNewest { orders(last: 1) { nodes { state date user { username email } } } }",
    r#"mutation place { placeOrder(input: { username: "joe", date: "2026-05-01" }) { order { id state date } } }"#,
    GET_LAST_ORDER,
];

/// The API for one who may do everything.
fn staff(server: &Server) -> Api {
    let mut claims = claims("boss", 3600);
    claims["roles"] = json!(["staff"]);
    server.api().with_token(&TokenKey::secret(SECRET).token(&claims))
}

fn reads_changes_and_follows(api: &Api, client: &StockClient) {
    let newest = json!({ "state": "PAID", "date": "2026-04-12",
                         "user": { "username": "caty88", "email": "caty@dev.io" } });
    assert_eq!(client.wait_for_result("query"), json!({ "orders": { "nodes": [newest] } }));
    let mutation = client.wait_for_result("mutation");
    let placed = &mutation["placeOrder"]["order"];
    assert_eq!((&placed["state"], &placed["date"]), (&json!("UNPAID"), &json!("2026-05-01")), "{mutation}");

    let mut expected = vec![order("UNPAID", "2026-05-01")];
    assert_eq!(client.wait_for_answers(1), expected);
    api.pay_order(placed["id"].as_str().expect("an id"));
    expected.push(order("PAID", "2026-05-01"));
    assert_eq!(client.wait_for_answers(2), expected);
    api.place_order(&json!({ "username": "joe", "date": "2026-05-02" }));
    expected.push(order("UNPAID", "2026-05-02"));
    assert_eq!(client.wait_for_answers(3), expected);
    assert!(!client.has_ended());
}

/// As the README has it first: without buffering, which is curl's.
fn what_happens_is_shown_at_once() {
    let server = Server::start();
    let body = json!({ "query": GET_LAST_ORDER }).to_string();
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--noproxy", "*", "-N", &server.api().url()]);
    command.args(["-H", "Content-Type: application/json", "-d", &body]);
    let curl = Process::start(&mut command);
    let told = |count| {
        curl.stdout().wait_for(&format!("{count} events"), |lines| {
            let data = lines.iter().filter_map(|line| line.strip_prefix("data: "));
            let told: Vec<Value> = data.map(|data| serde_json::from_str(data).expect("JSON")).collect();
            (told.len() == count).then(|| told.last().map(|told| told["data"].clone()))?
        })
    };
    assert_eq!(told(1)["getOrder"]["user"]["username"], "caty88");
    let id = server.api().place_order(&json!({ "username": "joe", "date": "2026-05-01" }));
    assert_eq!(told(2), order("UNPAID", "2026-05-01"));
    server.api().pay_order(&id);
    assert_eq!(told(3), order("PAID", "2026-05-01"));
}

/// An order of the sample data's joe, as the talk's subscription tells it.
fn order(state: &str, date: &str) -> Value {
    json!({ "getOrder": { "state": state, "date": date, "user": { "username": "joe", "email": "joe@dev.io" } } })
}
