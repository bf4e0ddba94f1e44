//! Texts that are no document, or break a rule of documents.

use crate::{
    case::Case,
    graphql::{Data, INVALID, PARSE, document, in_user, times},
};

pub(crate) fn cases() -> Vec<Case> {
    let cases = vec![
        document("a document of spaces", " \t\n,", PARSE),
        document("a document of a comment", "# {__typename}", PARSE),
        document("no fields", "{}", PARSE),
        document("a bracket too many", "{ __typename } }", PARSE),
        document("a bracket too few", "{ __typename", PARSE),
        document("a schema", "type Query { a: Int }", PARSE),
        document("a change of the schema", "extend type Query { a: Int }", PARSE),
        document("SQL", "SELECT * FROM users; DROP TABLE orders", PARSE),
        document("JSON", r#"{"query":"{__typename}"}"#, PARSE),
        document("a page", "<script>alert(1)</script>", PARSE),
        document("a null byte behind the end", "{ __typename }\0", PARSE),
        document("a character that turns the text around", "{ \u{202e}__typename }", PARSE),
        document("a text that does not end", r#"{ order(id: "1) { id } }"#, PARSE),
        document("an escape that there is not", r#"{ order(id: "\x31") { id } }"#, PARSE),
        document("half of a pair of characters in an escape", r#"{ order(id: "\ud83d") { id } }"#, PARSE),
        document("a mark of the byte order is passed over", "\u{feff}{ __typename }", Data),
        document("a field that there is not", "{ passwords }", INVALID),
        document("the prototype of an object", "{ __proto__ { polluted } }", INVALID),
        document("a change in a query", r#"{ cancelOrder(input: { id: "1" }) { cursor } }"#, INVALID),
        document("a query in a change", "mutation { getOrders { id } }", INVALID),
        document("a field without its fields", "{ viewer }", INVALID),
        document("a field with fields that it has not", in_user("id { id }"), INVALID),
        document("a variable that is not declared", "{ order(id: $id) { id } }", INVALID),
        document("a variable of an output", "query($a: Order) { __typename }", INVALID),
        document(
            "two subscriptions in one",
            "subscription { getOrder { id } orderEvents { kind } }",
            INVALID,
        ),
        document(
            "forty subscriptions in one",
            format!("subscription {{ {} }}", times(40, |n| format!("a{n}: getOrder {{ id }} "))),
            INVALID,
        ),
        document("a subscription to a name", "subscription { __typename }", INVALID),
        document(
            "a subscription that may be none",
            "subscription { getOrder @skip(if: true) { id } }",
            INVALID,
        ),
    ];
    cases.into_iter().map(|case| case.into_case("texts")).collect()
}
