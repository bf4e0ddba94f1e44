//! Equal subscriptions are executed once, and viewers who see different things never share.

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::Request;
use domain::Viewer;
use serde_json::{Value, json};

use crate::service::{Client, Following, SETTINGS, Service, name, with_variables};

async fn assert_shared(service: &Service, one: &mut Following, other: &mut Following, shared: bool) {
    service.place("joe", 13).await;
    let (one, other) = (one.next_answer().await, other.next_answer().await);
    assert_eq!(Arc::ptr_eq(&one.json, &other.json), shared, "{} and {}", one.json, other.json);
}

async fn are_shared(one: impl Into<Request>, other: impl Into<Request>) -> bool {
    let service = Service::new().await;
    let (mut one, mut other) = (service.staff().follow(one), service.staff().follow(other));
    assert!(one.is_silent() && other.is_silent());
    service.place("joe", 12).await;
    let (one, other) = (one.next_answer().await, other.next_answer().await);
    Arc::ptr_eq(&one.json, &other.json)
}

#[tokio::test]
async fn equal_subscriptions_are_told_the_same_bytes() {
    for (one, other) in [
        ("subscription { orderEvents { kind } }", "subscription { orderEvents { kind } }"),
        ("subscription { orderEvents { kind } }", "subscription Named\n\t{ orderEvents, { kind # all\n } }"),
        (
            "subscription { orderEvents(where: {state: UNPAID, username: \"joe\"}) { kind cursor } }",
            "subscription { ...F } fragment F on Subscription
                { orderEvents(where: {state: UNPAID, username: \"joe\"}) { kind cursor } }",
        ),
        ("subscription { orderEvents(after: null) { kind } }", "subscription { orderEvents { kind } }"),
    ] {
        assert!(are_shared(one, other).await, "{one} and {other}");
    }
}

#[tokio::test]
async fn different_subscriptions_are_told_different_bytes() {
    for (one, other) in [
        ("subscription { orderEvents { kind } }", "subscription { orderEvents { kind cursor } }"),
        ("subscription { orderEvents { kind cursor } }", "subscription { orderEvents { cursor kind } }"),
        ("subscription { orderEvents { kind } }", "subscription { orderEvents { was: kind } }"),
        ("subscription { orderEvents { kind } }", "subscription { orderEvents { kind @include(if: true) } }"),
        ("subscription { orderEvents { kind } }", "subscription { orderEvents(where: {}) { kind } }"),
        (
            "subscription { orderEvents { order { ...F } } } fragment F on Order { id }",
            "subscription { orderEvents { order { ...F } } } fragment F on Order { state }",
        ),
    ] {
        assert!(!are_shared(one, other).await, "{one} and {other}");
    }
}

#[tokio::test]
async fn variables_are_part_of_what_is_asked_and_the_cursor_to_follow_from_is_not() {
    let document = "subscription($where: OrderFilter, $after: Cursor) {
        orderEvents(where: $where, after: $after) { kind order { id } } }";
    let service = Service::new().await;
    let start = service.staff().data("{ orders { cursor } }").await["orders"]["cursor"].clone();
    let with = |state: &str, after: &Value| {
        with_variables(document, json!({ "where": { "state": state }, "after": after }))
    };
    let client = service.staff();
    let (mut unpaid, mut from_start) =
        (client.follow(with("UNPAID", &Value::Null)), client.follow(with("UNPAID", &start)));
    assert!(unpaid.is_silent() && from_start.is_silent());
    assert_shared(&service, &mut unpaid, &mut from_start, true).await;
    let mut paid = client.follow(with("PAID", &Value::Null));
    assert!(paid.is_silent());
    let id = service.place("joe", 14).await;
    service.transition(id, domain::Transition::Pay).await;
    unpaid.next_answer().await;
    let (unpaid, paid) = (unpaid.next_answer().await, paid.next_answer().await);
    assert_eq!(unpaid.json, paid.json);
    assert!(!Arc::ptr_eq(&unpaid.json, &paid.json));
}

#[tokio::test]
async fn followers_that_come_from_anywhere_are_told_each_event_once_and_then_share() {
    let service = Service::new().await;
    let client = service.staff();
    let document = |after: &Value| {
        with_variables(
            "subscription($after: Cursor) { orderEvents(after: $after) { cursor order { id } } }",
            json!({ "after": after }),
        )
    };
    let mut cursors = vec![client.data("{ orders { cursor } }").await["orders"]["cursor"].clone()];
    let mut first = client.follow(document(&cursors[0]));
    // More than a channel keeps.
    for day in 1..=u32::try_from(SETTINGS.shared_messages).expect("few") * 3 {
        service.place("joe", day).await;
        cursors.push(client.data("{ orders { cursor } }").await["orders"]["cursor"].clone());
    }
    let mut followers: Vec<_> = cursors.iter().map(|cursor| client.follow(document(cursor))).collect();
    for (told, follower) in followers.iter_mut().enumerate() {
        for cursor in &cursors[told + 1..] {
            assert_eq!(follower.data().await["orderEvents"]["cursor"], *cursor);
        }
        assert!(follower.is_silent());
    }
    for cursor in &cursors[1..] {
        assert_eq!(first.data().await["orderEvents"]["cursor"], *cursor);
    }
    service.place("joe", 30).await;
    let answer = first.next_answer().await;
    for follower in &mut followers {
        assert!(Arc::ptr_eq(&follower.next_answer().await.json, &answer.json));
    }
}

#[tokio::test]
async fn the_newest_order_is_executed_once_and_told_to_whoever_comes_later() {
    let service = Service::new().await;
    let document = "subscription { getOrder { id } }";
    let mut first = service.staff().follow(document);
    assert_eq!(first.data().await, json!({ "getOrder": null }));
    let id = service.place("joe", 12).await;
    // Whoever comes after the order is told of it, also where the others are not yet.
    let mut later = service.staff().follow(document);
    let (first, later) = (first.next_answer().await, later.next_answer().await);
    assert!(Arc::ptr_eq(&first.json, &later.json));
    assert!(first.json.contains(&format!("Order:{}", id.0)), "{}", first.json);
}

#[tokio::test]
async fn nobody_is_left_when_the_last_follower_goes() {
    let service = Service::new().await;
    let document = "subscription { orderEvents { kind } }";
    let first = service.staff().follow(document);
    drop(first);
    let (mut one, mut other) = (service.staff().follow(document), service.staff().follow(document));
    assert!(one.is_silent() && other.is_silent());
    assert_shared(&service, &mut one, &mut other, true).await;
}

/// Every viewer is told what it would be told if it were alone, whatever field it asks for.
#[tokio::test(start_paused = true)]
async fn no_viewer_is_told_what_another_may_see() {
    let viewers = [
        Viewer::unauthenticated_staff(),
        Viewer::Staff { username: Some(name("caty88")) },
        Viewer::Customer { username: name("caty88") },
        Viewer::Customer { username: name("joe") },
    ];
    let mut told_apart = 0;
    for document in documents_of_every_field().await {
        let together = what_is_told(&viewers, &document).await;
        for (viewer, told) in viewers.iter().zip(&together) {
            let alone = what_is_told(std::slice::from_ref(viewer), &document).await;
            assert_eq!(alone[0], *told, "{document} of {viewer:?}");
        }
        assert!(together.iter().all(|told| !told.is_empty()), "{document}");
        assert_eq!(together[0], together[1], "staff see the same, whatever their names: {document}");
        told_apart += usize::from(together[0] != together[2] && together[2] != together[3]);
    }
    assert!(told_apart > 10, "only {told_apart} documents tell viewers apart");
}

/// What each of these viewers is told of the same changes, on one API.
async fn what_is_told(viewers: &[Viewer], document: &str) -> Vec<Vec<String>> {
    let service = Service::new().await;
    let mut following: Vec<_> =
        viewers.iter().map(|viewer| service.client(viewer.clone()).follow(document)).collect();
    let mut told = vec![Vec::new(); viewers.len()];
    for change in [0, 1, 2, 3] {
        for (following, told) in following.iter_mut().zip(&mut told) {
            told.append(&mut following.all_so_far().await);
        }
        if let Some(username) = ["caty88", "joe", "caty88"].get(change) {
            let id = service.place(username, 1).await;
            service.transition(id, domain::Transition::Pay).await;
        }
    }
    told
}

/// A subscription document for each field that subscriptions reach, by the shortest way.
async fn documents_of_every_field() -> Vec<String> {
    let service = Service::new().await;
    let client = service.staff();
    let types = types(&client).await;
    let mut documents = Vec::new();
    for root in &types["Subscription"] {
        let mut ways = vec![(vec![root.name.clone()], root.of.clone())];
        let mut seen: Vec<String> = Vec::new();
        while let Some((way, of)) = ways.pop() {
            if seen.contains(&of) {
                continue;
            }
            for field in &types[&of] {
                let way: Vec<_> = way.iter().cloned().chain([field.selection()]).collect();
                if types.contains_key(&field.of) {
                    ways.insert(0, (way, field.of.clone()));
                } else {
                    let close = " }".repeat(way.len());
                    documents.push(format!("subscription {{ {}{close}", way.join(" { ")));
                }
            }
            seen.push(of);
        }
    }
    documents
}

struct Field {
    name: String,
    of: String,
    needs: Vec<String>,
}

impl Field {
    fn selection(&self) -> String {
        assert!(self.needs.is_empty(), "{} needs arguments, which this test has to give", self.name);
        self.name.clone()
    }
}

/// The fields of each type that has any.
async fn types(client: &Client) -> BTreeMap<String, Vec<Field>> {
    let schema = client
        .data(
            "{ __schema { types { name kind fields { name args { name defaultValue type { kind } }
                type { ...T ofType { ...T ofType { ...T ofType { ...T } } } } } } } }
            fragment T on __Type { name kind }",
        )
        .await;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut types = BTreeMap::new();
    for described in schema["__schema"]["types"].as_array().expect("types") {
        let Some(fields) = described["fields"].as_array() else { continue };
        let fields = fields.iter().map(|field| {
            let mut of = &field["type"];
            while of["name"].is_null() {
                of = &of["ofType"];
            }
            let arguments = field["args"].as_array().expect("arguments").iter();
            let needed = arguments.filter(|argument| {
                argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
            });
            let needs = needed.map(|argument| text(&argument["name"])).collect();
            Field { name: text(&field["name"]), of: text(&of["name"]), needs }
        });
        types.insert(text(&described["name"]), fields.collect());
    }
    types
}
