//! Odd texts as documents: each gets the answer that it should.

use crate::answers::{Data, Expected, FIELD, INPUT, INVALID, Limit, PARSE, assert_answers};

fn cases<const COUNT: usize>(cases: [(&str, Expected); COUNT]) -> Vec<(String, Expected)> {
    cases.into_iter().map(|(document, expected)| (document.to_owned(), expected)).collect()
}

#[tokio::test]
async fn texts_that_are_odd() {
    let long = "x".repeat(16_000);
    let mut odd = cases([
        ("", PARSE),
        (" \n\t,,, ", PARSE),
        ("\u{feff}", PARSE),
        ("# only a comment", PARSE),
        ("{}", PARSE),
        ("{ viewer { username } } }", PARSE),
        ("{ viewer { username }", PARSE),
        ("query", PARSE),
        ("type Query { a: Int }", PARSE),
        ("\u{feff}{ viewer { username } }", Data),
        ("{ viewer { \u{feff} username } }", Data),
        ("{ viewer { username } } # the end", Data),
        ("{\rviewer{\r\nusername}}", Data),
        ("{ viewer { username } }\u{0}", PARSE),
        ("{ viewer\u{0} { username } }", PARSE),
        ("{ viewer { username } }\u{a0}", PARSE),
        ("{ vi\u{202e}ewer { username } }", PARSE),
        ("{ übung }", PARSE),
        (r#"{ order(id: "1) { id } }"#, PARSE),
        (r#"{ order(id: """1"" ) { id } }"#, PARSE),
        ("{ order(id: \"1\n\") { id } }", PARSE),
        (r#"{ order(id: "\"#, PARSE),
        (r#"{ order(id: "\x") { id } }"#, PARSE),
        (r#"{ order(id: "\ud800") { id } }"#, PARSE),
        (r#"{ order(id: "\udc00\ud800") { id } }"#, PARSE),
        (r#"{ order(id: "\u00") { id } }"#, PARSE),
        (r#"{ user(username: "\u0000") { id } }"#, FIELD),
        (r#"{ __type(name: "\u004frder") { name } }"#, Data),
        (r#"{ order(id: """\""" {{{{ """) { id } }"#, FIELD),
        ("{ order(id: 99999999999999999999999999) { id } }", INVALID),
        ("{ order(id: 1e400) { id } }", PARSE),
        ("{ order(id: 01) { id } }", PARSE),
        ("{ order(id: 1a) { id } }", PARSE),
        ("{ orders(first: -0) { totalCount } }", INVALID),
        ("{ orders(first: 9223372036854775808) { totalCount } }", INVALID),
        ("{ orders(first: 2147483648) { totalCount } }", INPUT),
        ("{ orders(first: 1.0) { totalCount } }", INVALID),
    ]);
    odd.push((format!("{{ user(username: \"{long}\") {{ id }} }}"), FIELD));
    odd.push((format!("{{ {long} }}"), INVALID));
    odd.push((format!("{{ {long}: viewer {{ username }} }}"), Data));
    odd.push((format!("{{ order(id: {}) {{ id }} }}", "9".repeat(16_000)), PARSE));
    assert_answers(odd).await;
}

#[tokio::test]
async fn documents_that_break_a_rule() {
    assert_answers(cases([
        ("query($a: Nothing) { viewer { username } }", INVALID),
        ("query($a: [Nothing!]! = [1]) { viewer { username } }", INVALID),
        ("query($a: Order) { viewer { username } }", INVALID),
        ("query($a: Int) { viewer { username } }", INVALID),
        ("{ orders(first: $a) { totalCount } }", INVALID),
        ("query($a: Int = \"1\") { orders(first: $a) { totalCount } }", INVALID),
        ("query($a: String) { orders(first: $a) { totalCount } }", INVALID),
        ("query($a: String) { viewer { username @skip(if: $a) } }", INVALID),
        ("query($a: Boolean) { viewer { username @skip(if: $a) } }", INVALID),
        ("query($a: Boolean = null) { viewer { username @skip(if: $a) } }", INVALID),
        ("query($a: Boolean = true) { viewer { username @skip(if: $a) } }", Data),
        ("query($a: [Int]) { orders(first: $a) { totalCount } }", INVALID),
        ("query($a: Int!) { ...F } fragment F on Query { order(id: $a) { id } }", INVALID),
        ("query($a: String) { orders(where: { state: $a }) { totalCount } }", INVALID),
        ("query($a: OrderState) { orders(where: { state: $a }) { totalCount } }", Data),
        (
            "mutation($a: OrderState) { placeOrder(input: { username: \"joe\", state: $a }) { errors { code } } }",
            Data,
        ),
        ("mutation($a: String) { placeOrder(input: { username: $a }) { errors { code } } }", INVALID),
        ("query($day: Date = \"x\") { orders(where: { dateTo: $day }) { totalCount } }", INPUT),
        ("query($name: String) { orders(where: { username: $name, dateTo: \"x\" }) { totalCount } }", INPUT),
        ("query($name: String) { orders(where: { username: $name, state: X }) { totalCount } }", INPUT),
        ("query($name: String) { orders(where: { username: $name, more: 1 }) { totalCount } }", INPUT),
        ("mutation { placeOrder(input: { username: \"joe\", date: \"x\" }) { errors { code } } }", INPUT),
        ("{ viewer @unknown { username } }", INVALID),
        ("{ viewer { username } viewer }", INVALID),
        ("{ __typename(a: 1) }", INVALID),
        ("{ __typename { a } }", INVALID),
        ("{ __typename @unknown }", INVALID),
        ("{ __typename @skip }", INVALID),
        ("{ __typename @skip(if: $a) }", INVALID),
        (
            "query($a: Boolean! = false) { __typename @skip(if: $a) viewer { __typename @include(if: $a) } }",
            Data,
        ),
        ("{ viewer @skip { username } }", INVALID),
        ("query @skip(if: true) { viewer { username } }", INVALID),
        ("{ viewer { username { x } } }", INVALID),
        ("{ a: b c: d }", INVALID),
        ("{ __proto__ { x } }", INVALID),
        ("mutation { __schema { types { name } } }", INVALID),
        ("subscription { getOrder { id } orderEvents { kind } }", INVALID),
        ("subscription { a: getOrder { id } b: getOrder { id } }", INVALID),
        (
            "subscription { ...F } fragment F on Subscription { getOrder { id } ... { orderEvents { kind } } }",
            INVALID,
        ),
        ("subscription { __typename }", INVALID),
        ("subscription { __schema { types { name } } }", INVALID),
        ("subscription { getOrder { id } __typename }", INVALID),
        ("subscription { getOrder @skip(if: true) { id } }", INVALID),
        ("subscription { ... @include(if: true) { getOrder { id } } }", INVALID),
        ("subscription { ...F @skip(if: false) } fragment F on Subscription { getOrder { id } }", INVALID),
        ("subscription { getOrder { id } } query Q { viewer { username } }", PARSE),
        (
            "{ orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { id } } } } } } } } } } } } } } } } } } } } }",
            Limit("complexity"),
        ),
        (
            "{ getOrders { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { user { orders(first: 5) { nodes { id } } } } } } } } } } } } } }",
            Data,
        ),
    ]))
    .await;
}
