//! What cannot be done is told clearly, as a value or as an error with a code, and changes nothing.

use serde_json::{Value, json};
use tests::{Api, Installation, Server, Store, Suite};

fn main() {
    Suite::new()
        .on_each_store(an_order_of_an_unknown_user_is_refused)
        .on_each_store(a_day_that_does_not_exist_is_refused_in_the_document_and_in_a_variable)
        .on_each_store(an_order_is_paid_once)
        .on_each_store(a_paid_order_is_not_cancelled)
        .on_each_store(a_page_has_a_sensible_length)
        .on_each_store(a_foreign_cursor_is_refused)
        .on_each_store(an_id_that_is_none_is_refused)
        .on_each_store(an_order_that_is_not_there_is_neither_paid_nor_cancelled)
        .on_each_store(a_taken_username_is_refused)
        .on_each_store(a_user_needs_a_proper_name_and_address)
        .on_each_store(a_document_that_does_not_fit_the_schema_is_refused)
        .on_each_store(a_repeated_idempotency_key_returns_the_first_order)
        .on_each_store(an_idempotency_key_is_for_one_input)
        .on_each_store(an_idempotency_key_has_a_sensible_length)
        .run();
}

/// A server with two users and an order of each: the first is unpaid, the second is paid.
struct Shop {
    server: Server,
    installation: Installation,
    unpaid: String,
    paid: String,
}

impl Shop {
    fn open(store: &Store) -> Self {
        let installation = store.install();
        let server = installation.start();
        let place = |username: &str, state: &str| {
            server.api().create_user(username);
            server.api().place_order(&json!({ "username": username, "date": "2026-04-12", "state": state }))
        };
        let (unpaid, paid) = (place("joe", "UNPAID"), place("caty88", "PAID"));
        Self { server, installation, unpaid, paid }
    }

    fn api(&self) -> &Api {
        self.server.api()
    }

    /// Everything that a request could have changed.
    fn contents(&self) -> (Vec<Value>, Vec<String>) {
        let users = "SELECT username || ' ' || email FROM users ORDER BY id";
        (self.api().orders(), self.installation.select(users))
    }

    /// The mutation is answered with this error value, and changes nothing.
    fn refuses(&self, mutation: &str, input: &Value, code: &str, field: &str, naming: &str) {
        let before = self.contents();
        let payload = self.api().mutate(mutation, input);
        let [error] = payload["errors"].as_array().expect("a list").as_slice() else {
            panic!("one error was expected for {input}: {payload}");
        };
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{input}");
        assert_names(error, naming);
        let object = payload.get("order").or(payload.get("user"));
        assert_eq!(object, Some(&Value::Null), "{input}");
        assert_eq!(self.contents(), before, "{input} changed something");
    }

    /// The request is answered with this error, and changes nothing.
    fn fails(&self, document: &str, variables: &Value, code: &str, naming: &str) {
        let before = self.contents();
        let answer = self.api().graphql(document, variables);
        let [error] = answer["errors"].as_array().expect("a list of errors").as_slice() else {
            panic!("one error was expected for {document} with {variables}: {answer}");
        };
        assert_eq!(error["extensions"]["code"], code, "{answer}");
        assert_names(error, naming);
        assert_eq!(self.contents(), before, "{document} with {variables} changed something");
    }
}

fn assert_names(error: &Value, naming: &str) {
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(naming), "`{naming}` is not in: {message}");
}

fn an_order_of_an_unknown_user_is_refused(store: &Store) {
    let input = json!({ "username": "nobody", "date": "2026-05-01" });
    Shop::open(store).refuses(Api::PLACE_ORDER, &input, "USER_NOT_FOUND", "username", "nobody");
}

fn a_day_that_does_not_exist_is_refused_in_the_document_and_in_a_variable(store: &Store) {
    let shop = Shop::open(store);
    for day in
        ["2026-02-30", "2026-13-01", "0000-01-01", "26-04-12", "12.04.2026", "2026-04-12T00:00:00Z", ""]
    {
        let named = format!("`{day}`");
        let literal = format!(
            r#"mutation {{ placeOrder(input: {{ username: "joe", date: "{day}" }}) {{ order {{ id }} }} }}"#
        );
        shop.fails(&literal, &json!({}), "BAD_USER_INPUT", &named);
        let input = json!({ "input": { "username": "joe", "date": day } });
        shop.fails(Api::PLACE_ORDER, &input, "BAD_USER_INPUT", &named);
        let date = "mutation($date: Date) {
            placeOrder(input: { username: \"joe\", date: $date }) { order { id } }
        }";
        shop.fails(date, &json!({ "date": day }), "BAD_USER_INPUT", &named);
        let filter = "query($day: Date) { orders(where: { dateFrom: $day }) { nodes { id } } }";
        shop.fails(filter, &json!({ "day": day }), "BAD_USER_INPUT", &named);
    }
}

fn an_order_is_paid_once(store: &Store) {
    let shop = Shop::open(store);
    let number = |id: &str| id.trim_start_matches("Order:").to_owned();
    let paid = json!({ "id": shop.paid });
    shop.refuses(Api::PAY_ORDER, &paid, "ORDER_ALREADY_PAID", "id", &number(&shop.paid));
    shop.api().pay_order(&shop.unpaid);
    let paid_now = json!({ "id": shop.unpaid });
    shop.refuses(Api::PAY_ORDER, &paid_now, "ORDER_ALREADY_PAID", "id", &number(&shop.unpaid));
}

fn a_paid_order_is_not_cancelled(store: &Store) {
    let shop = Shop::open(store);
    let paid = json!({ "id": shop.paid });
    shop.refuses(Api::CANCEL_ORDER, &paid, "ORDER_NOT_CANCELLABLE", "id", "is paid");
}

fn a_page_has_a_sensible_length(store: &Store) {
    let shop = Shop::open(store);
    let forward = "query($count: Int) { orders(first: $count) { nodes { id } } }";
    let backward = "query($count: Int) { orders(last: $count) { nodes { id } } }";
    for (document, argument) in [(forward, "`first`"), (backward, "`last`")] {
        shop.fails(document, &json!({ "count": -1 }), "BAD_USER_INPUT", argument);
        shop.fails(document, &json!({ "count": i32::MIN }), "BAD_USER_INPUT", argument);
        shop.fails(document, &json!({ "count": 1001 }), "LIMIT_EXCEEDED", argument);
        shop.fails(document, &json!({ "count": i32::MAX }), "LIMIT_EXCEEDED", argument);
        // GraphQL's own limit of an `Int`.
        shop.fails(document, &json!({ "count": 2_147_483_648_u32 }), "BAD_USER_INPUT", "2147483647");
    }
    let both = "{ orders(first: 1, last: 1) { nodes { id } } }";
    shop.fails(both, &json!({}), "BAD_USER_INPUT", "`first` and `last`");
}

fn a_foreign_cursor_is_refused(store: &Store) {
    let shop = Shop::open(store);
    for argument in ["after", "before"] {
        let document =
            format!("query($cursor: String) {{ orders({argument}: $cursor) {{ nodes {{ id }} }} }}");
        for cursor in ["", "1", "Order:1", "b3JkZXI6", "dXNlcjox", "b3JkZXI6MQ==", "☃"] {
            let variables = json!({ "cursor": cursor });
            shop.fails(&document, &variables, "BAD_USER_INPUT", &format!("`{argument}`"));
        }
    }
}

fn an_id_that_is_none_is_refused(store: &Store) {
    let shop = Shop::open(store);
    for id in ["", "abc", "Order:", "Order:01", "User:1", "1; DROP TABLE orders", "9223372036854775808"] {
        let variables = json!({ "id": id });
        shop.refuses(Api::PAY_ORDER, &variables, "INVALID_ID", "id", &format!("`{id}`"));
        shop.refuses(Api::CANCEL_ORDER, &variables, "INVALID_ID", "id", &format!("`{id}`"));
        shop.fails("query($id: ID!) { order(id: $id) { id } }", &variables, "BAD_USER_INPUT", "`id`");
        // Any object's id is a node's.
        if id != "User:1" {
            shop.fails("query($id: ID!) { node(id: $id) { id } }", &variables, "BAD_USER_INPUT", "`id`");
        }
    }
}

fn an_order_that_is_not_there_is_neither_paid_nor_cancelled(store: &Store) {
    let shop = Shop::open(store);
    for (id, named) in [("Order:4711", "4711"), ("-1", "-1"), ("9223372036854775807", "9223372036854775807")]
    {
        let input = json!({ "id": id });
        shop.refuses(Api::PAY_ORDER, &input, "ORDER_NOT_FOUND", "id", named);
        shop.refuses(Api::CANCEL_ORDER, &input, "ORDER_NOT_FOUND", "id", named);
        let found = shop.api().data("query($id: ID!) { order(id: $id) { id } }", &input);
        assert_eq!(found, json!({ "order": null }), "{id}");
    }
}

fn a_taken_username_is_refused(store: &Store) {
    let input = json!({ "username": "caty88", "email": "other@dev.io" });
    Shop::open(store).refuses(Api::CREATE_USER, &input, "USERNAME_TAKEN", "username", "caty88");
}

fn a_user_needs_a_proper_name_and_address(store: &Store) {
    let shop = Shop::open(store);
    for email in
        ["", "caty", "caty@", "@dev.io", "caty@dev.io, joe@dev.io", "Caty <caty@dev.io>", "a b@dev.io"]
    {
        let input = json!({ "username": "new", "email": email });
        shop.refuses(Api::CREATE_USER, &input, "INVALID_EMAIL", "email", "e-mail address");
    }
    for username in ["", "jo e", "caty@dev", "zoë", &"x".repeat(65)] {
        let input = json!({ "username": username, "email": "new@dev.io" });
        shop.refuses(Api::CREATE_USER, &input, "INVALID_USERNAME", "username", "username");
    }
}

fn a_document_that_does_not_fit_the_schema_is_refused(store: &Store) {
    let shop = Shop::open(store);
    shop.fails("{ getOrders { id ", &json!({}), "GRAPHQL_PARSE_FAILED", "expected");
    shop.fails("{ getOrders { id price } }", &json!({}), "GRAPHQL_VALIDATION_FAILED", "price");
    shop.fails("mutation { deleteOrders }", &json!({}), "GRAPHQL_VALIDATION_FAILED", "deleteOrders");
    let lost = "mutation { placeOrder(input: { date: \"2026-04-12\" }) { order { id } } }";
    shop.fails(lost, &json!({}), "GRAPHQL_VALIDATION_FAILED", "username");
    let input = json!({ "input": { "username": "joe", "state": "LOST" } });
    shop.fails(Api::PLACE_ORDER, &input, "BAD_USER_INPUT", "LOST");
}

fn a_repeated_idempotency_key_returns_the_first_order(store: &Store) {
    let shop = Shop::open(store);
    let input = json!({ "username": "joe", "date": "2026-05-01", "idempotencyKey": "cart 7" });
    let first = shop.api().place_order(&input);
    let after_the_first = shop.contents();
    assert_eq!(shop.api().place_order(&input), first);
    // Also once it changed, and after a restart.
    assert_eq!(shop.contents(), after_the_first, "the repetition changed something");
    shop.api().pay_order(&first);
    let Shop { server, installation, .. } = shop;
    assert!(server.terminate().success());
    let payload = installation.start().api().mutate(Api::PLACE_ORDER, &input);
    assert_eq!((&payload["order"]["id"], &payload["order"]["state"]), (&json!(first), &json!("PAID")));
}

fn an_idempotency_key_is_for_one_input(store: &Store) {
    let shop = Shop::open(store);
    let input = |username: &str, date: &str, state: &str| json!({ "username": username, "date": date, "state": state, "idempotencyKey": "cart 7" });
    let first = shop.api().place_order(&input("joe", "2026-05-01", "UNPAID"));
    for other in [input("joe", "2026-05-02", "UNPAID"), input("joe", "2026-05-01", "PAID")] {
        shop.refuses(Api::PLACE_ORDER, &other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey", "other input");
    }
    // Another user's keys are their own.
    assert_ne!(shop.api().place_order(&input("caty88", "2026-05-01", "UNPAID")), first);
    shop.api().mutate(Api::CANCEL_ORDER, &json!({ "id": first }));
    let again = input("joe", "2026-05-01", "UNPAID");
    shop.refuses(Api::PLACE_ORDER, &again, "IDEMPOTENT_ORDER_GONE", "idempotencyKey", "no longer there");
}

fn an_idempotency_key_has_a_sensible_length(store: &Store) {
    let shop = Shop::open(store);
    for key in ["", "two\nlines", &"x".repeat(256)] {
        let input = json!({ "username": "joe", "idempotencyKey": key });
        shop.refuses(
            Api::PLACE_ORDER,
            &input,
            "INVALID_IDEMPOTENCY_KEY",
            "idempotencyKey",
            "idempotency key",
        );
    }
}
