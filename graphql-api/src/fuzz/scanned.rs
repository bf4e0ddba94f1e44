use async_graphql::parser::parse_query;
use proptest::prelude::*;

use crate::limits::{Limit, QueryLimits, scan};

const WIDE: QueryLimits = QueryLimits::all(Limit { most: 1_000_000, setting: "ORDERCAST_SOME_LIMIT" });

/// Tokens of a value, without variables where they may not be.
fn value() -> impl Strategy<Value = Vec<String>> {
    let one = |token: &str| Just(vec![token.to_owned()]);
    let leaf = prop_oneof![
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?".prop_map(|number| vec![number]),
        "\"([^\"\\\\\\r\\n\\x00]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-f]{2})*\"".prop_map(|text| vec![text]),
        "\"\"\"([^\"\\\\\\x00]|\\\\\"\"\"|\"[^\"\\\\\\x00])*\"\"\"".prop_map(|text| vec![text]),
        one("true"),
        one("null"),
        one("PAID"),
        "[a-z][a-z0-9_]{0,3}".prop_map(|name| vec!["$".to_owned(), name]),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| wrapped("[", items.concat(), "]")),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let fields =
                    items.into_iter().map(|item| [vec!["k".to_owned(), ":".to_owned()], item].concat());
                wrapped("{", fields.collect::<Vec<_>>().concat(), "}")
            }),
        ]
    })
}

fn field() -> impl Strategy<Value = Vec<String>> {
    let name = || "[a-zA-Z_][a-zA-Z0-9_]{0,4}".prop_map(|name| vec![name]);
    let arguments = prop::option::of(value()).prop_map(|value| {
        value.map_or(Vec::new(), |value| {
            wrapped("(", [vec!["x".to_owned(), ":".to_owned()], value].concat(), ")")
        })
    });
    let directive =
        prop::option::of(Just(vec!["@".to_owned(), "d".to_owned()])).prop_map(Option::unwrap_or_default);
    let alias =
        prop::option::of(Just(vec!["b".to_owned(), ":".to_owned()])).prop_map(Option::unwrap_or_default);
    let leaf = (alias, name(), arguments, directive)
        .prop_map(|(alias, name, arguments, directive)| [alias, name, arguments, directive].concat());
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop::collection::vec(inner, 1..4).prop_flat_map(|fields| {
            let set = wrapped("{", fields.concat(), "}");
            prop_oneof![
                Just([vec!["f".to_owned()], set.clone()].concat()),
                Just([vec!["...".to_owned()], set.clone()].concat()),
                Just([vec!["...".to_owned(), "on".to_owned(), "T".to_owned()], set].concat()),
            ]
        })
    })
}

fn wrapped(open: &str, inner: Vec<String>, close: &str) -> Vec<String> {
    [vec![open.to_owned()], inner, vec![close.to_owned()]].concat()
}

/// The tokens, with what means nothing between them.
fn document(tokens: &[String], ignored: &[String]) -> String {
    let between = ignored.iter().cycle();
    let last = [String::from(" ")];
    tokens
        .iter()
        .zip(between)
        .flat_map(|(token, ignored)| [token, ignored])
        .chain(&last)
        .map(String::as_str)
        .collect()
}

proptest! {
    #[test]
    fn the_tokens_of_a_document_are_counted_as_the_parser_reads_them(
        fields in prop::collection::vec(field(), 1..4),
        ignored in prop::collection::vec("[ \\t\\n,]|\\r\\n|\u{feff} |#[^\\r\\n]*\n", 1..6),
    ) {
        let tokens = wrapped("{", fields.concat(), "}");
        let text = document(&tokens, &ignored);
        prop_assert!(parse_query(&text).is_ok(), "{text:?} is {:?}", parse_query(&text));
        prop_assert_eq!(scan(&text, &WIDE).ok(), u32::try_from(tokens.len()).ok(), "{}", text);
    }

    #[test]
    fn any_text_is_scanned(text in any::<String>()) {
        let _ = scan(&text, &WIDE);
    }
}
