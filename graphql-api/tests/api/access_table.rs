//! What each field of the schema shows to each kind of viewer. A field that is added without a row fails.

use std::collections::BTreeSet;

use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};
use domain::{OrderId, Transition, Viewer};
use graphql_api::Api;
use serde_json::{Value, json};

use crate::{
    access_rows::{ENDS, EVENTS, MUTATIONS, ROWS, SHOWN},
    events::beginning,
    service::{Client, Following, Service, name},
};

/// What the rows are about.
async fn service() -> Service {
    let service = Service::new().await;
    service.place("caty88", 11).await;
    service.place("joe", 12).await;
    service
}

/// Staff; the customer whose order or user a row is about; another customer; one who is no user.
fn viewers() -> [(&'static str, Viewer); 4] {
    let customer = |username| Viewer::Customer { username: name(username) };
    [
        ("staff", Viewer::Staff { username: Some(name("boss")) }),
        ("the owner", customer("joe")),
        ("another customer", customer("caty88")),
        ("one who is no user", customer("nobody")),
    ]
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The data with `*` for cursors and moments.
fn without_cursors(mut data: Value) -> Value {
    match &mut data {
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_opaque = matches!(name.as_str(), "cursor" | "end" | "occurredAt") && field.is_string();
                *field = if is_opaque { json!("*") } else { without_cursors(field.take()) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_cursors(item.take())),
        _ => {}
    }
    data
}

#[test]
fn every_field_of_the_schema_has_a_row() {
    let mut rows: BTreeSet<String> = BTreeSet::new();
    rows.extend(SHOWN.iter().map(|row| row.0.to_owned()));
    rows.extend(ROWS.iter().map(|row| row.0.to_owned()));
    rows.extend(ENDS.iter().map(|row| row.0.to_owned()));
    rows.extend(EVENTS.iter().map(|row| row.0.to_owned()));
    rows.insert("Subscription.getOrder".to_owned());
    for (mutation, _, object, ..) in MUTATIONS {
        let payload = format!("{}{}Payload", mutation[..1].to_uppercase(), &mutation[1..]);
        rows.insert(format!("Mutation.{mutation}"));
        rows.extend([object, "cursor", "errors"].map(|field| format!("{payload}.{field}")));
    }
    rows.extend(["code", "field", "message"].map(|field| format!("OrderError.{field}")));
    let mut fields = BTreeSet::new();
    for definition in parse_schema(Api::sdl()).expect("a schema").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let of = definition.node.name.node;
        let described = match definition.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            _ => continue,
        };
        fields.extend(described.into_iter().map(|field| format!("{of}.{}", field.node.name.node)));
    }
    let different: Vec<_> = rows.symmetric_difference(&fields).collect();
    assert_eq!(different, Vec::<&String>::new(), "rows without fields, and fields without rows");
}

#[tokio::test]
async fn each_field_of_queries_shows_each_viewer_what_they_may_see() {
    let service = service().await;
    let shown = SHOWN.iter().map(|(field, document, around, value)| {
        (*field, *document, around.map(|around| json_of(&around.replace('?', value))))
    });
    let rows = ROWS.iter().map(|(field, document, data)| (*field, *document, data.map(json_of)));
    let ends = ENDS.iter().map(|(field, document)| {
        let data = |end: &str| json!({ "orders": { "pageInfo": { "end": Some(end).filter(|end| !end.is_empty()) } } });
        (*field, *document, ["*", "*", "*", ""].map(data))
    });
    for (field, document, expected) in shown.chain(rows).chain(ends) {
        for ((who, viewer), expected) in viewers().into_iter().zip(expected) {
            let data = service.client(viewer).data(document).await;
            assert_eq!(without_cursors(data), expected, "{field} for {who}: {document}");
        }
    }
}

#[tokio::test]
async fn each_field_of_mutations_is_for_those_who_may_change_it() {
    for (mutation, input, object, id, code, field) in MUTATIONS {
        let document = format!(
            "mutation {{ {mutation}(input: {input}) {{ {object} {{ id }} cursor errors {{ code field message }} }} }}"
        );
        for (position, (who, viewer)) in viewers().into_iter().enumerate() {
            let service = service().await;
            let before = service.stored().await;
            let payload = service.client(viewer).data(document.as_str()).await[mutation].take();
            let may = position == 0 || (position == 1 && mutation != "createUser");
            if may {
                let expected = json!({ object: { "id": id }, "cursor": "*", "errors": [] });
                assert_eq!(without_cursors(payload), expected, "{mutation} by {who}");
            } else {
                let error = &payload["errors"][0];
                let field = Some(field).filter(|field| !field.is_empty());
                let told = (&error["code"], &error["field"], &payload[object], &payload["cursor"]);
                assert_eq!(
                    told,
                    (&json!(code), &json!(field), &Value::Null, &Value::Null),
                    "{mutation} by {who}"
                );
                assert!(error["message"].is_string(), "{payload}");
                assert_eq!(service.stored().await, before, "{mutation} by {who} changed something");
            }
        }
    }
}

/// What is told when joe's order is paid, and when caty88 places one.
async fn told(service: &Service, following: &mut Following) -> Vec<Value> {
    let mut told = following.all_so_far().await;
    service.transition(OrderId(2), Transition::Pay).await;
    told.append(&mut following.all_so_far().await);
    service.place("caty88", 13).await;
    told.append(&mut following.all_so_far().await);
    told.iter().map(|answer| without_cursors(json_of(answer)["data"].take())).collect()
}

/// Live, replayed from a cursor in the document, and from one that the connection resumes from.
#[tokio::test(start_paused = true)]
async fn each_field_of_events_is_told_to_those_who_see_the_order_however_they_follow() {
    let ways: [fn(&Client, &str, &Value) -> Following; 3] = [
        |client, selection, _| client.follow(format!("subscription {{ orderEvents {{ {selection} }} }}")),
        |client, selection, cursor| {
            client.follow(format!("subscription {{ orderEvents(after: {cursor}) {{ {selection} }} }}"))
        },
        |client, selection, cursor| {
            client.resume(format!("subscription {{ orderEvents {{ {selection} }} }}"), cursor)
        },
    ];
    for (field, selection, paid, placed) in EVENTS {
        let event = |text| json!({ "orderEvents": json_of(text) });
        let expected = [vec![event(paid), event(placed)], vec![event(paid)], vec![event(placed)], vec![]];
        for (way, follow) in ways.iter().enumerate() {
            for ((who, viewer), expected) in viewers().into_iter().zip(&expected) {
                let service = service().await;
                let cursor = beginning(&service.staff()).await;
                let client = service.client(viewer);
                let live = told(&service, &mut follow(&client, selection, &cursor)).await;
                assert_eq!(live, *expected, "{field} for {who}, way {way}");
                if way > 0 {
                    // What happened before is told again, and nothing else.
                    let replayed = follow(&client, selection, &cursor).all_so_far().await;
                    let replayed: Vec<_> = replayed
                        .iter()
                        .map(|answer| without_cursors(json_of(answer)["data"].take()))
                        .collect();
                    assert_eq!(replayed, *expected, "{field} for {who}, replayed, way {way}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_order_is_the_newest_that_a_viewer_sees() {
    let order = |id: u32, state: &str| json!({ "getOrder": { "id": format!("Order:{id}"), "state": state } });
    let expected = [
        vec![order(2, "UNPAID"), order(2, "PAID"), order(3, "UNPAID")],
        vec![order(2, "UNPAID"), order(2, "PAID")],
        vec![order(1, "UNPAID"), order(3, "UNPAID")],
        vec![json!({ "getOrder": null })],
    ];
    for ((who, viewer), expected) in viewers().into_iter().zip(expected) {
        let service = service().await;
        let mut following = service.client(viewer).follow("subscription { getOrder { id state } }");
        assert_eq!(told(&service, &mut following).await, expected, "{who}");
    }
}
