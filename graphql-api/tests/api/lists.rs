//! A list of orders says the same whichever way it is made: as JSON where it is the whole answer, as values beside other
//! fields, and by the library where more than plain values are asked for.

use domain::Viewer;
use serde_json::{Value, json};

use crate::service::{Client, Service, name};

const SELECTIONS: [&str; 9] = [
    "id",
    "__typename id date state",
    "user { username email id __typename }",
    "state: id on: date is: state whose: user { name: username }",
    "...on Order { id } ... { state } ...on Node { theId: id }",
    "user { ...on User { username } } date",
    "id id",
    "user { id } user { username }",
    "id @skip(if: true) state @include(if: true) user @skip(if: false) { email @skip(if: true) id }",
];

async fn service() -> Service {
    let service = Service::new().await;
    let create = r#"mutation {
        createUser(input: { username: "o_neil", email: "\"o\\\"neil\\\\\"@dev.io" }) { errors { code } }
    }"#;
    let created = service.staff().data(create).await;
    assert_eq!(created["createUser"]["errors"], json!([]), "an address with quotes and backslashes");
    for (username, day) in [("joe", 12), ("o_neil", 3), ("caty88", 30), ("joe", 1)] {
        service.place(username, day).await;
    }
    service.transition(domain::OrderId(2), domain::Transition::Pay).await;
    service
}

/// The answer's text from the name of the field on: it shows the order of the fields, too.
async fn list_text(client: &Client, document: &str) -> String {
    let graphql_api::Message::Next(answer) = client.respond(document).await else {
        panic!("{document} is refused");
    };
    assert!(!answer.has_errors(), "{document}: {}", answer.json);
    let (_, list) = answer.json.split_once(r#""list":"#).expect("the field");
    let end = list.rfind(']').expect("a list");
    list[..=end].to_owned()
}

#[tokio::test]
async fn a_list_says_the_same_whichever_way_it_is_made() {
    let service = service().await;
    let viewers = [
        Viewer::unauthenticated_staff(),
        Viewer::Customer { username: name("o_neil") },
        Viewer::Customer { username: name("nobody") },
    ];
    for viewer in viewers {
        let client = service.client(viewer.clone());
        for selection in SELECTIONS {
            let as_json = list_text(&client, &format!("{{ list: getOrders {{ {selection} }} }}")).await;
            let beside = format!("{{ viewer {{ username }} list: getOrders {{ {selection} }} }}");
            assert_eq!(list_text(&client, &beside).await, as_json, "{selection} of {viewer:?}");
            let page = format!("{{ orders {{ list: nodes {{ {selection} }} }} }}");
            // The page is as long as the list only for those who see few; the others compare what there is.
            let page: Value = serde_json::from_str(&list_text(&client, &page).await).expect("JSON");
            let list: Vec<Value> = serde_json::from_str(&as_json).expect("JSON");
            let first = page.as_array().expect("a list").len();
            assert_eq!(page, json!(list[..first]), "{selection} of {viewer:?}");

            let by_library = format!("{{ getOrders {{ {selection} user {{ orders {{ totalCount }} }} }} }}");
            let mut by_library = client.data(by_library.as_str()).await["getOrders"].take();
            for (order, expected) in by_library.as_array_mut().expect("a list").iter_mut().zip(&list) {
                let user = order["user"].as_object_mut().expect("a user");
                assert!(user.remove("orders").is_some());
                if user.is_empty() {
                    order.as_object_mut().expect("an order").remove("user");
                }
                assert_eq!(order, expected, "{selection} of {viewer:?}");
            }
        }
    }
}

#[tokio::test]
async fn lists_of_one_name_are_merged() {
    let service = service().await;
    let client = service.staff();
    for document in [
        "{ getOrders { id } getOrders { state } }",
        "{ getOrders @include(if: true) { id } getOrders { state } }",
        "{ ...on Query @include(if: true) { getOrders { id } } getOrders { state } }",
        "{ ...F getOrders { state } } fragment F on Query { getOrders { id } }",
    ] {
        let data = client.data(document).await;
        let first = &data["getOrders"][0];
        assert_eq!(*first, json!({ "id": "Order:1", "state": "UNPAID" }), "{document}");
        assert_eq!(data["getOrders"].as_array().map(Vec::len), Some(4), "{document}");
    }
    let nodes = client.data("{ orders { nodes { id } nodes { state } } }").await;
    assert_eq!(nodes["orders"]["nodes"][0], json!({ "id": "Order:1", "state": "UNPAID" }));
}

#[tokio::test]
async fn a_list_of_nothing_is_a_list() {
    let client = Service::new().await.staff();
    assert_eq!(client.ask("{ getOrders { id } }").await, json!({ "data": { "getOrders": [] } }));
}
