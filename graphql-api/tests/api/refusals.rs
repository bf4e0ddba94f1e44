//! Expected outcomes other than the one asked for: a value with a code, the input's field and a text, and nothing changed.

use domain::{OrderState, Transition};
use serde_json::{Value, json};

use crate::service::{Service, with_variables};

/// Order 1 is unpaid, 2 is paid, and 3, placed with the key `gone`, was cancelled; all are joe's.
async fn service() -> Service {
    let service = Service::new().await;
    service.place("joe", 11).await;
    let paid = service.place("joe", 12).await;
    service.transition(paid, Transition::Pay).await;
    let client = service.staff();
    for document in [
        r#"mutation { placeOrder(input: { username: "joe", idempotencyKey: "gone" }) { errors { code } } }"#,
        r#"mutation { cancelOrder(input: { id: "3" }) { errors { code } } }"#,
    ] {
        client.data(document).await;
    }
    service
}

/// The payload's field that is null, and its errors.
async fn refused(service: &Service, mutation: &str, object: &str, input: Value) -> Value {
    let kind = format!("{}Input", mutation[..1].to_uppercase() + &mutation[1..]);
    let document = format!(
        "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {object} {{ id }} errors {{ code field message }} }} }}"
    );
    let mut payload = service.staff().data(with_variables(&document, input)).await[mutation].take();
    assert_eq!(payload[object], Value::Null, "{mutation}");
    payload["errors"].take()
}

async fn assert_refused(mutation: &str, object: &str, input: Value, code: &str, field: &str, message: &str) {
    let service = service().await;
    let errors = refused(&service, mutation, object, json!({ "input": input })).await;
    let expected = json!([{ "code": code, "field": field, "message": message }]);
    assert_eq!(errors, expected, "{mutation} of {input}");
    assert_eq!(
        service.stored().await,
        [(1, OrderState::Unpaid), (2, OrderState::Paid)],
        "{mutation} of {input}"
    );
}

#[tokio::test]
async fn a_user_with_a_taken_name_is_refused() {
    let input = json!({ "username": "joe", "email": "other@dev.io" });
    let message = "the username `joe` is taken";
    assert_refused("createUser", "user", input, "USERNAME_TAKEN", "username", message).await;
}

#[tokio::test]
async fn a_user_with_an_impossible_name_or_address_is_refused() {
    let message = "a username has 1 to 64 characters: ASCII letters, digits, `_`, `-` and `.`";
    for username in ["", "a b", "é", &"a".repeat(65)] {
        let input = json!({ "username": username, "email": "a@dev.io" });
        assert_refused("createUser", "user", input, "INVALID_USERNAME", "username", message).await;
    }
    for email in ["", "joe", "@dev.io", "joe@", "Joe <joe@dev.io>"] {
        let input = json!({ "username": "new", "email": email });
        let message = "this is not an e-mail address";
        assert_refused("createUser", "user", input, "INVALID_EMAIL", "email", message).await;
    }
}

#[tokio::test]
async fn every_field_that_is_wrong_is_told() {
    let service = service().await;
    let codes = |errors: Value| -> Vec<_> {
        let errors = errors.as_array().expect("errors").clone();
        errors.into_iter().map(|error| (error["code"].clone(), error["field"].clone())).collect()
    };
    let input = json!({ "input": { "username": "a b", "email": "joe" } });
    let told = codes(refused(&service, "createUser", "user", input).await);
    let expected = [("INVALID_USERNAME", "username"), ("INVALID_EMAIL", "email")];
    assert_eq!(told, expected.map(|(code, field)| (json!(code), json!(field))));
    let input = json!({ "input": { "username": "a b", "idempotencyKey": "" } });
    let told = codes(refused(&service, "placeOrder", "order", input).await);
    let expected = [("INVALID_USERNAME", "username"), ("INVALID_IDEMPOTENCY_KEY", "idempotencyKey")];
    assert_eq!(told, expected.map(|(code, field)| (json!(code), json!(field))));
}

#[tokio::test]
async fn an_order_for_an_unknown_user_is_refused() {
    let input = json!({ "username": "nobody" });
    assert_refused("placeOrder", "order", input, "USER_NOT_FOUND", "username", "there is no user `nobody`")
        .await;
}

#[tokio::test]
async fn an_order_with_an_impossible_name_or_key_is_refused() {
    let message = "a username has 1 to 64 characters: ASCII letters, digits, `_`, `-` and `.`";
    let input = json!({ "username": "a b" });
    assert_refused("placeOrder", "order", input, "INVALID_USERNAME", "username", message).await;
    let message = "an idempotency key has 1 to 255 characters, none of them a control character";
    for key in ["", "a\nb", &"k".repeat(256)] {
        let input = json!({ "username": "joe", "idempotencyKey": key });
        assert_refused("placeOrder", "order", input, "INVALID_IDEMPOTENCY_KEY", "idempotencyKey", message)
            .await;
    }
}

#[tokio::test]
async fn the_key_of_an_order_that_is_gone_is_refused() {
    let input = json!({ "username": "joe", "idempotencyKey": "gone" });
    let message = "the order that was placed with this idempotency key is no longer there";
    assert_refused("placeOrder", "order", input, "IDEMPOTENT_ORDER_GONE", "idempotencyKey", message).await;
}

#[tokio::test]
async fn a_key_with_other_input_is_refused() {
    let message = "this idempotency key was used for an order with other input";
    for input in [
        json!({ "username": "joe", "idempotencyKey": "gone", "date": "2026-04-12" }),
        json!({ "username": "joe", "idempotencyKey": "gone", "state": "PAID" }),
    ] {
        let code = "IDEMPOTENCY_KEY_REUSED";
        assert_refused("placeOrder", "order", input, code, "idempotencyKey", message).await;
    }
}

#[tokio::test]
async fn a_paid_order_is_neither_paid_nor_cancelled() {
    for id in ["Order:2", "2"] {
        let input = json!({ "id": id });
        let message = "order 2 is paid already";
        assert_refused("payOrder", "order", input.clone(), "ORDER_ALREADY_PAID", "id", message).await;
        let message = "order 2 is paid and can no longer be cancelled";
        assert_refused("cancelOrder", "order", input, "ORDER_NOT_CANCELLABLE", "id", message).await;
    }
}

#[tokio::test]
async fn an_order_that_is_not_there_is_neither_paid_nor_cancelled() {
    for mutation in ["payOrder", "cancelOrder"] {
        for key in ["3", "4", "-1", "9223372036854775807"] {
            let (input, message) = (json!({ "id": key }), format!("there is no order {key}"));
            assert_refused(mutation, "order", input, "ORDER_NOT_FOUND", "id", &message).await;
        }
    }
}

#[tokio::test]
async fn what_is_not_the_id_of_an_order_is_refused() {
    for mutation in ["payOrder", "cancelOrder"] {
        for id in [
            "",
            "x",
            "User:1",
            "order:1",
            "Order:",
            "Order:01",
            "Order:+1",
            " 1",
            "1.0",
            "9223372036854775808",
        ] {
            let (input, message) = (json!({ "id": id }), format!("`{id}` is not the id of an order"));
            assert_refused(mutation, "order", input, "INVALID_ID", "id", &message).await;
        }
    }
}
