//! Cursors and ids: what the API hands out leads back to where it came from, and anything else is refused.

use std::sync::{Arc, Mutex};

use domain::{
    OrderId, OrderQuery, OrderState, Page, UserId, UserRef,
    testing::{InMemory, MockOrderRepository, MockUserRepository, contract::april},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::service::{Client, Service, codes, with_variables};

const PAGE: &str = "query($after: String, $before: String) {
    orders(first: 5, after: $after, before: $before) { edges { cursor node { id } } pageInfo { startCursor endCursor } }
}";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// An API whose list is one order with this id, and what was asked of its storage.
fn over_one_order(id: i64) -> (Client, Arc<Mutex<Vec<OrderQuery>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&asked);
    let mut orders = MockOrderRepository::new();
    orders.expect_page().returning(move |query| {
        told.lock().expect("the queries").push(query.clone());
        let user = UserRef::Id(UserId(1));
        let order = domain::Order { id: OrderId(id), date: april(12), state: OrderState::Unpaid, user };
        Ok(Page { orders: vec![order], ..Page::default() })
    });
    orders.expect_find().returning(move |_, found, _| {
        assert_eq!(found, OrderId(id));
        Ok(None)
    });
    (Client::over(orders, MockUserRepository::new(), Arc::new(InMemory::new())), asked)
}

#[tokio::test]
async fn the_orders_after_and_before_a_cursor_are_those_beside_its_order() {
    let service = Service::new().await;
    for day in 1..=5 {
        service.place("joe", day).await;
    }
    let client = service.staff();
    let edges = async |variables: Value| {
        let data = client.data(with_variables(PAGE, variables)).await;
        data["orders"]["edges"].as_array().expect("edges").clone()
    };
    let all = edges(json!({})).await;
    assert_eq!(all.len(), 5);
    for (index, edge) in all.iter().enumerate() {
        let cursor = &edge["cursor"];
        assert_eq!(edges(json!({ "after": cursor })).await, all[index + 1..]);
        assert_eq!(edges(json!({ "before": cursor })).await, all[..index]);
    }
    let between = edges(json!({ "after": all[0]["cursor"], "before": all[3]["cursor"] })).await;
    assert_eq!(between, all[1..3]);
}

#[tokio::test]
async fn a_cursor_outlives_its_order() {
    let service = Service::new().await;
    for day in 1..=3 {
        service.place("joe", day).await;
    }
    let client = service.staff();
    let cursor = client.data(PAGE).await["orders"]["edges"][1]["cursor"].take();
    service.transition(OrderId(2), domain::Transition::Cancel).await;
    let data = client.data(with_variables(PAGE, json!({ "after": cursor }))).await;
    let edges = data["orders"]["edges"].as_array().expect("edges");
    assert_eq!(edges.iter().map(|edge| &edge["node"]["id"]).collect::<Vec<_>>(), ["Order:3"]);
}

#[tokio::test]
async fn a_cursor_of_a_users_list_is_one_of_every_list() {
    let service = Service::new().await;
    for (username, day) in [("joe", 1), ("caty88", 2), ("joe", 3)] {
        service.place(username, day).await;
    }
    let client = service.staff();
    let list = r#"{ user(username: "joe") { orders(first: 1) { pageInfo { endCursor } } } }"#;
    let cursor = client.data(list).await["user"]["orders"]["pageInfo"]["endCursor"].take();
    let data = client.data(with_variables(PAGE, json!({ "after": cursor }))).await;
    assert_eq!(data["orders"]["edges"][0]["node"]["id"], "Order:2");
}

// The text of a cursor is nobody's business, but each order must have one: clients compare them.
#[tokio::test]
async fn an_order_has_one_cursor() {
    let (client, _) = over_one_order(7);
    let page = client.data(PAGE).await;
    let cursor = page["orders"]["edges"][0]["cursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(cursor, "b3JkZXI6Nw");
    for other in ["b3JkZXI6MDc", "b3JkZXI6Kzc", "b3JkZXI6IDc", "dXNlcjo3", "b3JkZXI6Nw=="] {
        let answer = client.ask(with_variables(PAGE, json!({ "after": other }))).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{other}");
    }
}

proptest! {
    #[test]
    fn a_cursor_leads_back_to_its_order(id: i64) {
        block_on(async {
            let (client, asked) = over_one_order(id);
            let page = client.data(PAGE).await["orders"].take();
            let cursor = page["edges"][0]["cursor"].clone();
            let info = json!({ "startCursor": cursor, "endCursor": cursor });
            assert_eq!(page["pageInfo"], info);
            client.data(with_variables(PAGE, json!({ "after": cursor, "before": cursor }))).await;
            let page = asked.lock().expect("the queries")[1].page;
            assert_eq!((page.after, page.before), (Some(OrderId(id)), Some(OrderId(id))));
        });
    }

    #[test]
    fn an_id_leads_back_to_its_order(id: i64) {
        block_on(async {
            let (client, _) = over_one_order(id);
            let told = client.data(PAGE).await["orders"]["edges"][0]["node"]["id"].take();
            assert_eq!(told, format!("Order:{id}"));
            for id in [told, json!(id.to_string())] {
                let document = "query($id: ID!) { order(id: $id) { id } }";
                let data = client.data(with_variables(document, json!({ "id": id }))).await;
                assert_eq!(data, json!({ "order": null }));
            }
        });
    }

    #[test]
    fn any_text_as_a_cursor_is_answered(text in any::<String>()) {
        block_on(async {
            let (client, asked) = over_one_order(1);
            for argument in ["after", "before"] {
                let answer = client.ask(with_variables(PAGE, json!({ argument: text }))).await;
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
            }
            assert_eq!(*asked.lock().expect("the queries"), []);
        });
    }

    #[test]
    fn a_changed_cursor_is_refused_or_names_another_order(place in 0_usize..12, letter in "[A-Za-z0-9_=+/ -]") {
        block_on(async {
            let (client, asked) = over_one_order(1234);
            let cursor = client.data(PAGE).await["orders"]["edges"][0]["cursor"].take();
            let cursor = cursor.as_str().expect("a cursor").to_owned();
            let mut changed = cursor.clone();
            changed.replace_range(place..=place, &letter);
            let answer = client.ask(with_variables(PAGE, json!({ "after": changed }))).await;
            let read = asked.lock().expect("the queries").get(1).and_then(|query| query.page.after);
            match read {
                None => assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{changed}"),
                Some(id) => assert_eq!(changed == cursor, id == OrderId(1234), "{changed} is read as {id}"),
            }
        });
    }

    #[test]
    fn any_text_as_an_id_is_answered(text in prop_oneof![any::<String>(), "(Order|User|order)?:?[+-]?[0-9]{0,20}"]) {
        block_on(async {
            let client = Client::over(InMemory::new(), InMemory::new(), Arc::new(InMemory::new()));
            let document = "query($id: ID!) { order(id: $id) { id } node(id: $id) { id } }";
            let answer = client.ask(with_variables(document, json!({ "id": text }))).await;
            assert_eq!(answer["data"], json!({ "order": null, "node": null }));
            assert!(codes(&answer).iter().all(|code| *code == "BAD_USER_INPUT"), "{answer}");
        });
    }
}
