use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use async_graphql::Request;
use serde_json::Map;

use crate::{
    documents::Documents,
    limits::{Limit, PageSizes, QueryLimits},
    prepared::PreparedRequest,
};

/// The server's defaults.
const LIMITS: QueryLimits = {
    const fn limit(most: u32) -> Limit {
        Limit { most, setting: "a setting" }
    }
    QueryLimits {
        tokens: limit(5_000),
        depth: limit(32),
        selections: limit(10_000),
        aliases: limit(100),
        directives: limit(100),
        root_fields: limit(50),
        complexity: limit(100_000),
        value_depth: limit(16),
        errors: limit(20),
        ..QueryLimits::all(limit(16_384))
    }
};

fn repeated(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

/// Documents that are as dear to check as the limits allow, each in a way of its own.
fn dear() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let fields = |count: usize| "id ".repeat(count);
    all.push(("fields of one name", format!("{{ viewer {{ user {{ {} }} }} }}", fields(4_980))));
    for depth in [1, 10, 28] {
        let (open, close) = ("... { ".repeat(depth), "}".repeat(depth));
        all.push((
            "fields in nested fragments",
            format!("{{ viewer {{ user {{ {open} {} {close} }} }} }}", fields(4_850)),
        ));
    }
    for fragments in [1, 2, 4, 8, 16, 64, 200] {
        // Each fragment spreads the next one; all of them come to about as many selections as there may be.
        let chain = repeated(fragments.min(28), |n| {
            format!("fragment F{n} on User {{ ...F{} {} }} ", n + 1, fields(3_000 / fragments))
        });
        let last = fragments.min(28);
        all.push((
            "a chain of fragments",
            format!("{{ viewer {{ user {{ ...F0 }} }} }} {chain} fragment F{last} on User {{ id }}"),
        ));
        let size = 9_000 / (fragments + 1);
        let spread = format!(
            "{{ viewer {{ user {{ {} }} }} }} fragment F on User {{ {} }}",
            "...F ".repeat(fragments),
            fields(size.min(4_500 - 2 * fragments))
        );
        all.push(("a fragment that is spread again and again", spread));
        let wide = format!(
            "{{ viewer {{ user {{ {} }} }} }} {} fragment F on User {{ {} }}",
            repeated(fragments, |n| format!("...A{n} ")),
            repeated(fragments, |n| format!("fragment A{n} on User {{ ...F }} ")),
            fields((4_500 / fragments).min(3_000))
        );
        all.push(("fragments that spread one", wide));
    }
    all.push((
        "errors of unknown fields",
        format!("{{ viewer {{ {} }} }}", repeated(4_900, |n| format!("x{n} "))),
    ));
    all.push((
        "long unknown fields",
        format!("{{ viewer {{ {} }} }}", repeated(60, |n| format!("{}{n} ", "usernam".repeat(150)))),
    ));
    all.push(("one long unknown field", format!("{{ viewer {{ {} }} }}", "usernam".repeat(9_000))));
    all.push((
        "other arguments",
        format!(
            "{{ viewer {{ user {{ {} }} }} }}",
            repeated(380, |n| format!("orders(first: {n} last: {n}) {{ id }} "))
        ),
    ));
    all.push((
        "arguments of strings",
        format!("{{ {} }}", repeated(49, |n| format!("order(id: \"{}{n}\") {{ id }} ", "x".repeat(1_200)))),
    ));
    all.push((
        "variables",
        format!("query({}) {{ viewer {{ username }} }}", repeated(1_200, |n| format!("$a{n}: Int "))),
    ));
    all.push((
        "used variables",
        format!(
            "query({}) {{ viewer {{ user {{ {} }} }} }}",
            repeated(400, |n| format!("$a{n}: Int ")),
            repeated(350, |n| format!("orders(first: $a{n}) {{ id }} "))
        ),
    ));
    all.push((
        "undefined variables",
        format!(
            "{{ viewer {{ user {{ {} }} }} }}",
            repeated(450, |n| format!("orders(first: $a{n}) {{ id }} "))
        ),
    ));
    let chain = repeated(28, |n| {
        format!(
            "fragment F{n} on User {{ ...F{} {} }} ",
            n + 1,
            repeated(5, |m| format!("orders(first: $a{n}_{m}) {{ id }} "))
        )
    });
    all.push((
        "operations that share fragments",
        format!(
            "{} {chain} fragment F28 on User {{ id }}",
            repeated(130, |n| format!("query Q{n} {{ viewer {{ user {{ ...F0 }} }} }} "))
        ),
    ));
    all.push(("operations", repeated(800, |n| format!("query Q{n} {{ __typename }} "))));
    all.push(("a long list", format!("{{ orders(first: [{}]) {{ id }} }}", "1 ".repeat(4_900))));
    all.push((
        "a long object",
        format!("{{ orders(where: {{ {} }}) {{ id }} }}", repeated(1_600, |n| format!("a{n}: 1 "))),
    ));
    all.push(("a long string", format!("{{ order(id: \"{}\") {{ id }} }}", "\\u00e9".repeat(10_000))));
    all.push(("a long comment", format!("#{}\n{{ viewer {{ username }} }}", "x".repeat(65_000))));
    all.push(("what does not parse", format!("{{ viewer {{ {} ", fields(4_900))));
    all.push(("lines", format!("{{ viewer {{ {} }} }}", "a\n".repeat(4_900))));
    all.push(("directives", format!("{{ viewer {{ {} }} }}", "username @skip(if: true) ".repeat(100))));
    all
}

/// What the dearest document costs to check, for the README: `cargo test --release -p graphql-api worst -- --nocapture`. How
/// long that takes depends on the machine; that it is not seconds does not.
#[test]
fn no_document_costs_much_to_check() {
    let mut dearest = (Duration::ZERO, "");
    for (name, document) in dear() {
        // Nothing is kept: the document is checked whenever it comes.
        let documents = Documents::new(
            NonZeroUsize::MIN,
            &LIMITS,
            PageSizes { default: 50, limit: 1000, all_orders: 10_000 },
        );
        let check = || {
            let request = Request::new(&document);
            let started = Instant::now();
            let outcome = PreparedRequest::new(request, Map::new(), &documents)
                .map_err(|errors| errors[0].message.clone());
            (started.elapsed(), outcome.err())
        };
        let (cost, error) = check();
        dearest = dearest.max((cost, name));
        eprintln!("{cost:>12.2?} {name}, {} bytes: {}", document.len(), error.as_deref().unwrap_or("valid"));
        let (kept, _) = check();
        assert!(
            document.len() > 16 * 1024 || kept < Duration::from_secs(1),
            "{name} is checked again in {kept:?}"
        );
    }
    eprintln!("{dearest:?}");
    assert!(dearest.0 < Duration::from_secs(5), "{dearest:?}");
}
