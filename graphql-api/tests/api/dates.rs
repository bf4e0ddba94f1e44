//! Days in arguments, as literals and as variables: one way to write each, in the years 0001 to 9999.

use async_graphql::Request;
use domain::OrderState;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::service::{Client, Service, codes, with_variables};

/// The day as a literal and as a variable, in an input object and in a filter.
fn requests(day: &Value) -> [Request; 4] {
    let place = |date: &str| {
        format!(
            r#"{{ it: placeOrder(input: {{ username: "joe", date: {date} }}) {{ order {{ date }} errors {{ code }} }} }}"#
        )
    };
    let list = |date: &str| {
        format!("{{ it: orders(where: {{ dateFrom: {date}, dateTo: {date} }}) {{ totalCount }} }}")
    };
    let variables = json!({ "date": day });
    let literal = day.to_string();
    [
        Request::new(format!("mutation {}", place(&literal))),
        with_variables(&format!("mutation($date: Date) {}", place("$date")), variables.clone()),
        Request::new(list(&literal)),
        with_variables(&format!("query($date: Date) {}", list("$date")), variables),
    ]
}

async fn assert_refused(day: Value) {
    let service = Service::new().await;
    for request in requests(&day) {
        let answer = service.staff().ask(request).await;
        assert_eq!(answer["data"], Value::Null, "{day} is answered with {answer}");
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{day} is answered with {answer}");
    }
    assert_eq!(service.stored().await, []);
}

#[tokio::test]
async fn a_day_is_answered_as_it_was_written() {
    for day in ["0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "2026-04-12"] {
        let service = Service::new().await;
        let mut answers = Vec::new();
        for request in requests(&json!(day)) {
            answers.push(service.staff().data(request).await["it"].take());
        }
        let placed = json!({ "order": { "date": day }, "errors": [] });
        let found = json!({ "totalCount": 2 });
        assert_eq!(answers, [placed.clone(), placed, found.clone(), found], "{day}");
    }
}

#[tokio::test]
async fn a_day_that_no_calendar_has_is_refused() {
    for day in
        ["2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-00", "2026-04-31"]
    {
        assert_refused(json!(day)).await;
    }
}

#[tokio::test]
async fn a_day_outside_of_the_years_0001_to_9999_is_refused() {
    for day in ["0000-01-01", "0000-12-31", "10000-01-01", "+10000-01-01", "-0001-12-31", "+2026-04-12"] {
        assert_refused(json!(day)).await;
    }
}

#[tokio::test]
async fn a_day_that_is_written_in_another_way_is_refused() {
    let days = [
        "",
        " ",
        "today",
        "2026-4-12",
        "26-04-12",
        "2026-04-1",
        "20260412",
        "2026/04/12",
        "12.04.2026",
        " 2026-04-12",
        "2026-04-12 ",
        "2026-04-12T00:00:00Z",
        "2026-W15-7",
        "2026-102",
        "٢٠٢٦-٠٤-١٢",
        "2026-04-12\n",
    ];
    for day in days {
        assert_refused(json!(day)).await;
    }
}

#[tokio::test]
async fn a_day_that_is_no_text_is_refused() {
    for day in [json!(20_260_412), json!(2026.5), json!(true)] {
        assert_refused(day).await;
    }
}

async fn place(client: &Client, day: &str) -> Value {
    let document =
        r#"mutation($date: Date) { placeOrder(input: { username: "joe", date: $date }) { order { date } } }"#;
    client.ask(with_variables(document, json!({ "date": day }))).await
}

proptest! {
    #[test]
    fn any_text_as_a_day_is_refused_or_answered_as_it_was_written(
        day in prop_oneof![any::<String>(), "[+-]?[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}", "[0-9]{4}-[01][0-9]-[0-3][0-9]"],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let service = Service::new().await;
            let answer = place(&service.staff(), &day).await;
            if answer["data"].is_null() {
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
                assert_eq!(service.stored().await, []);
            } else {
                assert_eq!(answer["data"]["placeOrder"]["order"]["date"], day.as_str());
                assert_eq!(service.stored().await, [(1, OrderState::Unpaid)]);
            }
        });
    }
}
