use std::{num::NonZeroUsize, sync::LazyLock};

use async_graphql::{ServerError, parser::parse_query};
use fastrand::Rng;
use serde_json::Map;

use super::fuzz;
use crate::{
    documents::Documents,
    limits::{Limit, PageSizes, QueryLimits, measure, scan},
};

const EXECUTIONS: u64 = 20_000;

/// Low ones, which many documents come to.
static LIMITS: LazyLock<QueryLimits> = LazyLock::new(|| {
    let limit = |most| Limit { most, setting: "ORDERCAST_SOME_LIMIT" };
    QueryLimits {
        document: limit(2_000),
        tokens: limit(300),
        depth: limit(8),
        selections: limit(60),
        aliases: limit(3),
        directives: limit(6),
        root_fields: limit(6),
        complexity: limit(60),
        value_depth: limit(4),
        errors: limit(5),
        ..QueryLimits::all(limit(1_000))
    }
});

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| {
    let pages = PageSizes { default: 5, limit: 50, all_orders: 20 };
    Documents::new(NonZeroUsize::MIN, &LIMITS, pages)
});

const SEEDS: [&str; 13] = [
    "{ viewer { a: username b: username c: permissions ...D ...D ...D ...D ...D ...D } } fragment D on Viewer { username user { id username email id username email } }",
    "{ getOrders { id date state user { username email } } }",
    "query Q($n: Int = 2, $where: OrderFilter) { orders(first: $n, where: $where) { cursor nodes { ...F } edges { node { ...F } } } } fragment F on Order { id user { ...G } } fragment G on User { username orders { totalCount } }",
    "mutation M($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } cursor errors { code field message } } }",
    "mutation { a: payOrder(input: {id: \"Order:1\"}) { errors { code } } b: cancelOrder(input: { id: 2 }) { errors { code } } }",
    "subscription S($after: Cursor) { orderEvents(after: $after, where: { state: PAID, dateFrom: \"2026-04-12\" }) { kind cursor order { id } occurredAt previousState } }",
    "subscription { ...F } fragment F on Subscription { getOrder { id } }",
    "query A { viewer { username @include(if: true) ... on Viewer @skip(if: false) { permissions } } } query B { node(id: \"User:1\") { __typename id ... on User { email } } }",
    "{ __schema { types { name kind fields { name args { name type { ...T } } } } } } fragment T on __Type { name ofType { name ofType { name } } }",
    "{ user(username: \"\"\"a \\\"\"\" b\"\"\") { id } order(id: \"\\u0041\\\"\\\\\") { id } # comment {{{\n }",
    "{ ...A } fragment A on Query { ...B ...B } fragment B on Query { viewer { ...C ...C } } fragment C on Viewer { user { ...D ...D } } fragment D on User { id }",
    "query($a: [[Int!]!] = [[1, 2], []], $b: Float = -1.5e10) @skip(if: true) { viewer { username } }",
    "fragment A on User { ...B } fragment B on User { ...A } { viewer { user { ...A } } }",
];

const PIECES: [&str; 42] = [
    " d: id ",
    " ...D ",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "[[[[[[",
    "{a:{a:{a:",
    "{ ... { ... ",
    "...",
    "... on User",
    "...A",
    "...F",
    ":",
    "=",
    "!",
    "$",
    "$n",
    "@skip(if: $n)",
    "@include(if: true)",
    "@a",
    "a: id",
    "\"",
    "\"\"\"",
    "\\\"\"\"",
    "\\u",
    "\\ud800",
    "#",
    "\n",
    "\r",
    ",",
    "\u{feff}",
    "\u{0}",
    "é",
    "99999999999999999999",
    "1e999",
    "-0",
    "null",
    "fragment Z on User { id }",
    "query Z",
];

/// A document that may be none, made from a few that are, following from the number.
fn input(number: u64) -> String {
    let mut rng = Rng::with_seed(number);
    let mut text = SEEDS[rng.usize(0..SEEDS.len())].to_owned();
    for _ in 0..rng.usize(0..6) {
        let at = boundary(&text, rng.usize(0..=text.len()));
        let to = boundary(&text, (at + rng.usize(0..40)).min(text.len()));
        match rng.u8(0..8) {
            0 => text.replace_range(at..to, ""),
            1 => text.insert_str(at, &text[at..to].repeat(rng.usize(1..60))),
            2 => {
                let other = SEEDS[rng.usize(0..SEEDS.len())];
                text.insert_str(at, &other[boundary(other, rng.usize(0..other.len()))..]);
            }
            3 => text.truncate(at),
            4 => text.insert(at, rng.char(..)),
            5 => text.insert_str(at, &PIECES[rng.usize(0..PIECES.len())].repeat(rng.usize(1..80))),
            _ => text.insert_str(at, PIECES[rng.usize(0..PIECES.len())]),
        }
    }
    text
}

fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

/// Says what became of it: an error's code or its limit, or how far it came.
fn execute(text: &String) -> String {
    let outcome = |error: &ServerError| {
        let extensions = error.extensions.as_ref().expect("a code");
        let value = extensions.get("limit").or(extensions.get("code")).expect("a code");
        value.to_string().trim_matches('"').to_owned()
    };
    let checked = DOCUMENTS.check(text.clone());
    if let Ok(tokens) = scan(text, &LIMITS) {
        assert!(tokens as usize <= text.len());
        if let Ok(parsed) = parse_query(text)
            && let Ok(selections) = measure(&parsed, &LIMITS, 8)
        {
            assert!(selections <= tokens, "{selections} selections were looked at, of {tokens} tokens");
        }
    } else {
        assert!(checked.is_err());
    }
    let document = match checked {
        Ok(document) => document,
        Err(errors) => {
            assert!((1..=5).contains(&errors.len()), "{errors:?}");
            return outcome(&errors[0]);
        }
    };
    assert_eq!(document.parsed.operations.iter().count(), document.operations().count());
    for (name, operation) in document.operations() {
        if let Err(errors) = DOCUMENTS.check_variables(&document, name, operation, Map::new()) {
            return outcome(&errors[0]);
        }
    }
    "valid".to_owned()
}

#[test]
fn any_text_as_a_document_is_taken_or_refused() {
    let outcomes = [
        "valid",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "document",
        "tokens",
        "depth",
        "selections",
        "aliases",
        "directives",
        "rootFields",
        "complexity",
        "valueDepth",
    ];
    fuzz(EXECUTIONS, &outcomes, input, execute);
}
