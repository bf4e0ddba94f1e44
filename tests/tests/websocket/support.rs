use serde_json::{Value, json};
use tests::{Installation, Server};

/// A server with the sample data and this setting.
pub(crate) fn server_with(name: &str, value: &str) -> Server {
    Installation::new().set(name, value).start()
}

/// A request of a document.
pub(crate) fn request(query: &str) -> Value {
    json!({ "query": query })
}

/// Every change from now on, by its date.
pub(crate) const EVENTS: &str = "subscription { orderEvents { order { date } } }";

/// Places an order of a user of the sample data.
pub(crate) fn place(server: &Server, date: &str) {
    server.api().place_order(&json!({ "username": "caty88", "date": date }));
}

/// The answer to [`EVENTS`] that tells of an order, without its cursor.
pub(crate) fn without_extensions(mut answer: Value) -> Value {
    let cursor = answer.as_object_mut().and_then(|answer| answer.remove("extensions"));
    assert!(cursor.is_some_and(|extensions| extensions["cursor"].is_string()), "{answer}");
    answer
}

/// See [`without_extensions`].
pub(crate) fn event(date: &str) -> Value {
    json!({ "data": { "orderEvents": { "order": { "date": date } } } })
}
