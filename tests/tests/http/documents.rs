//! Documents that clients name instead of sending them.

use reqwest::{Method, header};
use serde_json::{Value, json};
use tests::{GET_LAST_ORDER, Installation, Protocol, Server, Socket};

use crate::support::{PLACE, assert_refused, post, post_document};

const QUERY: &str = "{ __typename }";
/// `printf '{ __typename }' | sha256sum`
const HASH: &str = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[test]
fn a_document_is_run_by_its_hash_once_it_was_registered() {
    let server = Installation::new().set("ORDERCAST_PERSISTED_DOCUMENTS", "100000").start();
    let by_hash = json!({ "extensions": persisted(HASH) });
    let unknown = post(&server, &by_hash).send().expect("an answer");
    assert_refused(unknown, 200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
    let response = "application/graphql-response+json";
    let unknown = post(&server, &by_hash).header(header::ACCEPT, response).send().expect("an answer");
    assert_refused(unknown, 400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");

    let wrong = post(&server, &json!({ "query": "{ other }", "extensions": persisted(HASH) })).send();
    assert_refused(wrong.expect("an answer"), 200, "BAD_USER_INPUT", "hash");

    let registering = post(&server, &json!({ "query": QUERY, "extensions": persisted(HASH) })).send();
    let data = json!({ "data": { "__typename": "Query" } });
    assert_eq!(registering.expect("an answer").json::<Value>().expect("JSON"), data);
    let extensions = persisted(HASH).to_string();
    let by_get = server.api().request(Method::GET, "/graphql").query(&[("extensions", extensions)]);
    for request in [post(&server, &by_hash), by_get] {
        assert_eq!(request.send().expect("an answer").json::<Value>().expect("JSON"), data);
    }
}

#[test]
fn clients_are_told_that_hashes_are_not_taken() {
    let server = Server::start();
    let answer = post(&server, &json!({ "extensions": persisted(HASH) })).send().expect("an answer");
    assert_refused(answer, 200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
    let answer = post(&server, &json!({ "documentId": "a" })).send().expect("an answer");
    assert_refused(answer, 200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
    // A client that sends the document too is served.
    let answer = post(&server, &json!({ "query": QUERY, "extensions": persisted(HASH) })).send();
    assert_eq!(answer.expect("an answer").json::<Value>().expect("JSON")["data"]["__typename"], "Query");
}

#[test]
fn only_trusted_documents_are_executed_on_every_transport() {
    let installation = Installation::new();
    let manifest = json!({ "newest": GET_LAST_ORDER, "typename": QUERY });
    std::fs::write(installation.directory().join("trusted.json"), manifest.to_string()).expect("a file");
    let server = installation.set("ORDERCAST_TRUSTED_DOCUMENTS", "trusted.json").start();

    let answer = post(&server, &json!({ "documentId": "typename" })).send().expect("an answer");
    assert_eq!(answer.json::<Value>().expect("JSON")["data"]["__typename"], "Query");
    assert_eq!(post_document(&server, QUERY).send().expect("an answer").status(), 200);

    for document in [PLACE, "{__typename}", "{ __schema { types { name } } }"] {
        let request = post_document(&server, document);
        let answer = request.header(header::ACCEPT, "application/graphql-response+json").send();
        assert_refused(answer.expect("an answer"), 403, "FORBIDDEN", "documents");
    }
    let unknown = post(&server, &json!({ "documentId": "place" })).send().expect("an answer");
    assert_refused(unknown, 200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");

    for protocol in Protocol::ALL {
        let told = Socket::follow(server.api(), protocol, GET_LAST_ORDER).next_answer();
        assert_eq!(told["data"]["getOrder"]["state"], "PAID", "{told}");
        let other = Socket::follow(server.api(), protocol, "subscription { getOrder { id } }").next_payload();
        assert!(other.to_string().contains("FORBIDDEN"), "over {}: {other}", protocol.name());
    }
}

#[test]
fn a_manifest_that_cannot_be_read_is_named_at_the_start() {
    let installation = Installation::new();
    std::fs::write(installation.directory().join("broken.json"), "{\"a\": \"{\"}").expect("a file");
    for (file, naming) in [("nowhere.json", "No such file"), ("broken.json", "`a`")] {
        let finished = installation.clone().set("ORDERCAST_TRUSTED_DOCUMENTS", file).run(&[]);
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        for word in ["ORDERCAST_TRUSTED_DOCUMENTS", file, naming] {
            assert!(finished.stderr.contains(word), "`{word}` is not told: {finished:?}");
        }
    }
}
