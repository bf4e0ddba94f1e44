//! Documents that are made to cost or to confuse: what they ask for, how often, how deep, and what is no document.

use crate::{
    case::Case,
    graphql::{Data, Exactly, GraphqlCase, INVALID, Limit, NO_VALUE, PARSE, document},
};

use serde_json::json;

pub(crate) fn cases() -> Vec<Case> {
    let tables = [fragments(), repeated(), deep(), broken(), introspective(), hidden()];
    tables.into_iter().flatten().map(|case| case.into_case("documents")).collect()
}

/// The repetitions of an item that is told its number.
fn times(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

fn in_user(inner: &str) -> String {
    format!("{{ viewer {{ user {{ {inner} }} }} }}")
}

fn fragments() -> Vec<GraphqlCase> {
    // Each spreads the next twice: what an answer would have doubles with each.
    let doubling = |count: usize| {
        let chain = times(count, |n| format!("fragment F{n} on User {{ ...F{0} ...F{0} }} ", n + 1));
        format!("{} {chain} fragment F{count} on User {{ id }}", in_user("...F0"))
    };
    let circle = |count: usize| {
        let chain = times(count, |n| format!("fragment F{n} on User {{ ...F{} }} ", (n + 1) % count));
        format!("{} {chain}", in_user("...F0"))
    };
    vec![
        document("a chain of 5 fragments that doubles", doubling(5), Data),
        document("a chain of 24 fragments that doubles", doubling(24), Limit("selections")),
        document("a chain of 100 fragments that doubles", doubling(100), Limit("selections")),
        document("a chain of 500 fragments that doubles", doubling(500), Limit("depth")),
        document("a chain of 2,000 fragments that doubles", doubling(2_000), Limit("document")),
        document("a fragment in itself", circle(1), INVALID),
        document("two fragments in a circle", circle(2), INVALID),
        document("twenty fragments in a circle", circle(20), INVALID),
        document("a thousand fragments in a circle", circle(1_000), Limit("tokens")),
        document(
            "a fragment in itself that nobody uses",
            "{ __typename } fragment F on User { ...F ...F }",
            INVALID,
        ),
        document("a fragment that is not there", in_user("...F"), INVALID),
        document("a fragment that nobody uses", "{ __typename } fragment F on User { id }", INVALID),
        document("a fragment on another type", in_user("... on Order { id }"), INVALID),
        document("a fragment on an input", in_user("... on OrderFilter { state }"), INVALID),
        document("a fragment on a scalar", in_user("id { ... on ID { id } }"), INVALID),
        document(
            "two fragments of a name",
            in_user("...F") + " fragment F on User { id } fragment F on User { email }",
            PARSE,
        ),
        document(
            "a fragment of 400 fields in 400 places",
            in_user(&"...F ".repeat(400)) + " fragment F on User { " + &"id ".repeat(400) + "}",
            Limit("selections"),
        ),
        document(
            "800 fragments that nobody uses",
            format!("{{ __typename }} {}", times(800, |n| format!("fragment F{n} on User {{ id }} "))),
            Limit("tokens"),
        ),
    ]
}

fn repeated() -> Vec<GraphqlCase> {
    let aliases = |count: usize| in_user(&times(count, |n| format!("a{n}: id ")));
    let roots = |count: usize| format!("{{ {} }}", "__typename ".repeat(count));
    vec![
        document("100 aliases", aliases(100), Data),
        document("101 aliases", aliases(101), Limit("aliases")),
        document("1,500 aliases", aliases(1_500), Limit("aliases")),
        document("10,000 aliases", aliases(10_000), Limit("document")),
        document("a field 4,000 times", in_user(&"id ".repeat(4_000)), Data),
        document("a field 6,000 times", in_user(&"id ".repeat(6_000)), Limit("tokens")),
        document("50 root fields", roots(50), Data),
        document("51 root fields", roots(51), Limit("rootFields")),
        document("51 root fields in a fragment", format!("{{ ... {} }}", roots(51)), Limit("rootFields")),
        document(
            "51 changes at once",
            format!(
                "mutation {{ {} }}",
                times(51, |n| format!("a{n}: cancelOrder(input: {{ id: \"{n}\" }}) {{ cursor }} "))
            ),
            Limit("rootFields"),
        ),
        document("100 directives that there are not", in_user(&format!("id {}", "@a ".repeat(100))), INVALID),
        document("101 directives", in_user(&format!("id {}", "@a ".repeat(101))), Limit("directives")),
        document(
            "a directive 1,500 times",
            in_user(&format!("id {}", "@skip(if: false) ".repeat(800))),
            Limit("directives"),
        ),
        document("a directive twice", in_user("id @skip(if: false) @skip(if: false)"), INVALID),
        document(
            "an argument 1,000 times",
            format!("{{ order({}) {{ id }} }}", "id: 1 ".repeat(1_000)),
            INVALID,
        ),
        document(
            "1,000 arguments that there are not",
            format!("{{ order({}) {{ id }} }}", times(1_000, |n| format!("a{n}: 1 "))),
            INVALID,
        ),
        document(
            "900 variables",
            format!("query({}) {{ __typename }}", times(900, |n| format!("$a{n}: Int "))),
            INVALID,
        ),
        document("400 operations", times(400, |n| format!("query Q{n} {{ __typename }} ")), INVALID),
        document(
            "300 fields that cannot be merged",
            in_user(&times(300, |n| format!("orders(first: {n}) {{ totalCount }} "))),
            INVALID,
        ),
        document("60,000 commas", format!("{{ __typename {} }}", ",".repeat(60_000)), Data),
        document("a comment of 60,000 brackets", format!("{{ __typename }} #{}", "{".repeat(60_000)), Data),
        document("10,000 comments", format!("{}{{ __typename }}", "# a\n".repeat(10_000)), Data),
        document(
            "a document of 66 KB",
            format!("{{ __typename }} #{}", "a".repeat(65_600)),
            Limit("document"),
        ),
        document(
            "a document of 200 KB",
            format!("{{ __typename }} #{}", "a".repeat(200_000)),
            Limit("document"),
        ),
        document("a name of 60,000 letters", format!("{{ {} }}", "a".repeat(60_000)), INVALID),
    ]
}

fn deep() -> Vec<GraphqlCase> {
    let nested = |count: usize| in_user(&("... { ".repeat(count) + "id" + &" }".repeat(count)));
    let orders = |count: usize, first: u32| {
        in_user(
            &(format!("orders(first: {first}) {{ nodes {{ user {{ ").repeat(count)
                + "id"
                + &" } } }".repeat(count)),
        )
    };
    let value = |open: &str, count: usize, close: &str| {
        format!("{{ orders(where: {} 1 {}) {{ totalCount }} }}", open.repeat(count), close.repeat(count))
    };
    vec![
        document("29 fragments in each other", nested(29), Data),
        document("30 fragments in each other", nested(30), Limit("depth")),
        document("1,500 fragments in each other", nested(1_500), Limit("depth")),
        document("60,000 brackets", "{".repeat(60_000), Limit("depth")),
        document("10,000 fields in each other", "{ a ".repeat(10_000), Limit("depth")),
        document("orders of users of orders, one each", orders(9, 1), Data),
        document("orders of users of orders, ten each", orders(6, 10), Limit("complexity")),
        document("orders of users of orders, without an end", orders(12, 1), Limit("depth")),
        document(
            "a thousand orders with the hundred orders of each one's user",
            "{ orders(first: 1000) { nodes { user { orders(first: 100) { nodes { id } } } } } }",
            Limit("complexity"),
        ),
        document(
            "every order with the orders of its user",
            "{ getOrders { user { orders(first: 50) { nodes { id } } } } }",
            Limit("complexity"),
        ),
        document(
            "the orders of everyone in many places",
            format!("{{ {} }}", times(20, |n| format!("a{n}: getOrders {{ id }} "))),
            Limit("complexity"),
        ),
        document("a value of 17 lists in each other", value("[", 17, "]"), Limit("valueDepth")),
        document("a value of 30,000 lists in each other", value("[", 30_000, "]"), Limit("valueDepth")),
        document("a value of 17 objects in each other", value("{a:", 17, "}"), Limit("valueDepth")),
        document("a value of 20,000 objects that do not end", value("{a:", 20_000, ""), Limit("valueDepth")),
        document(
            "a type of 4,000 lists",
            format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(4_000), "]".repeat(4_000)),
            Limit("valueDepth"),
        ),
        document("6,000 parentheses", "(".repeat(6_000), Limit("tokens")),
    ]
}

/// What is no document, or breaks its rules.
fn broken() -> Vec<GraphqlCase> {
    vec![
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
            "a subscription a hundred times",
            format!("subscription {{ {} }}", times(40, |n| format!("a{n}: getOrder {{ id }} "))),
            INVALID,
        ),
        document("a subscription to a name", "subscription { __typename }", INVALID),
        document(
            "a subscription that may be none",
            "subscription { getOrder @skip(if: true) { id } }",
            INVALID,
        ),
    ]
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

/// What a customer may not see or change.
fn hidden() -> Vec<GraphqlCase> {
    vec![
        document("another user's order", "{ order(id: \"1\") { id } }", Data).of_a_customer(),
        document("another user", r#"{ user(username: "joe") { id email } }"#, Data).of_a_customer(),
        document("a user for a customer", r#"mutation { createUser(input: { username: "mallory", email: "m@dev.io" }) { user { id } errors { code } } }"#, NO_VALUE).of_a_customer(),
        document("an order of another user", r#"mutation { placeOrder(input: { username: "joe" }) { order { id } errors { code } } }"#, Data).of_a_customer(),
    ]
}
