//! What documents ask for that their client may not see: the schema where the introspection is off, and others' orders.

use serde_json::json;

use crate::{
    case::Case,
    graphql::{Exactly, Expected, GraphqlCase, INVALID, Limit, TurnedDown, document},
};

pub(crate) fn cases() -> Vec<Case> {
    introspective().into_iter().chain(hidden()).map(|case| case.into_case("access")).collect()
}

fn introspective() -> Vec<GraphqlCase> {
    let types = "fields { type { ".repeat(5) + "name" + &" } }".repeat(5);
    let off = |name: &str, text: &str| document(name, text, INVALID).of_a_customer();
    vec![
        document(
            "the types of the types of the schema",
            format!("{{ __schema {{ types {{ {types} }} }} }}"),
            Limit("complexity"),
        ),
        document(
            "the schema through its interfaces",
            "{ __schema { types { ".to_owned()
                + &"possibleTypes { interfaces { ".repeat(4)
                + "name"
                + &" }".repeat(11),
            Limit("complexity"),
        ),
        document(
            "a type that there is not",
            r#"{ __type(name: "Password") { name } }"#,
            Exactly(json!({ "__type": null })),
        ),
        off("the schema, where the introspection is off", "{ __schema { types { name } } }"),
        off("a type, where the introspection is off", r#"{ __type(name: "Order") { name } }"#),
        off(
            "the schema under another name, where the introspection is off",
            "{ typename: __schema { types { name } } }",
        ),
        off(
            "the schema in a fragment, where the introspection is off",
            "{ ...F } fragment F on Query { __schema { types { name } } }",
        ),
        off(
            "the schema in a change, where the introspection is off",
            "mutation { __schema { types { name } } }",
        ),
        off(
            "the schema that may be skipped, where the introspection is off",
            "{ __typename __schema @skip(if: true) { types { name } } }",
        ),
        document(
            "a name of a type, where the introspection is off",
            "{ __typename }",
            Exactly(json!({ "__typename": "Query" })),
        )
        .of_a_customer(),
    ]
}

/// What a customer may not see or change is not there. Of the sample data order 1 is joe's.
fn hidden() -> Vec<GraphqlCase> {
    let nobody = json!({ "errors": [{ "code": "USER_NOT_FOUND" }] });
    let case = |name: &str, text: &str, expected: Expected| document(name, text, expected).of_a_customer();
    vec![
        case("another user's order", r#"{ order(id: "1") { id } }"#, Exactly(json!({ "order": null }))),
        case(
            "another user's order as a node",
            r#"{ node(id: "Order:1") { id } }"#,
            Exactly(json!({ "node": null })),
        ),
        case("another user", r#"{ user(username: "joe") { id email } }"#, Exactly(json!({ "user": null }))),
        case(
            "another user's orders",
            r#"{ orders(where: { username: "joe" }) { totalCount } }"#,
            Exactly(json!({ "orders": { "totalCount": 0 } })),
        ),
        case(
            "a user for a customer",
            r#"mutation { createUser(input: { username: "mallory", email: "m@dev.io" }) { cursor errors { code } } }"#,
            TurnedDown("NOT_ALLOWED"),
        ),
        case(
            "an order for another user",
            r#"mutation { placeOrder(input: { username: "joe" }) { errors { code } } }"#,
            Exactly(json!({ "placeOrder": nobody })),
        ),
        case(
            "a payment of another user's order",
            r#"mutation { payOrder(input: { id: "1" }) { cursor errors { code } } }"#,
            TurnedDown("ORDER_NOT_FOUND"),
        ),
        case(
            "a cancellation of another user's order",
            r#"mutation { cancelOrder(input: { id: "1" }) { cursor errors { code } } }"#,
            TurnedDown("ORDER_NOT_FOUND"),
        ),
    ]
}
