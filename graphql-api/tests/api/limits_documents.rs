//! Documents that are made to cost, under the server's own limits: each gets the answer that it should.

use crate::answers::{Data, INPUT, INVALID, Limit, PARSE, assert_answers, repeated};

/// `A0` spreads `A1` twice, which spreads `A2` twice, and so on.
fn doubling(fragments: usize) -> String {
    let chain: String =
        repeated(fragments, &|n| format!("fragment A{n} on User {{ ...A{0} ...A{0} }} ", n + 1));
    format!("{{ viewer {{ user {{ ...A0 }} }} }} {chain} fragment A{fragments} on User {{ id }}")
}

#[tokio::test]
async fn fragments_that_multiply_or_go_in_circles() {
    let circle = |count: usize| -> String {
        let chain: String =
            repeated(count, &|n| format!("fragment A{n} on User {{ ...A{} }} ", (n + 1) % count));
        format!("{{ viewer {{ user {{ ...A0 }} }} }} {chain}")
    };
    let wide = format!(
        "{{ viewer {{ user {{ {} }} }} }} fragment F on User {{ {} }}",
        "...F ".repeat(500),
        "id ".repeat(500)
    );
    let unused: String = repeated(300, &|n| format!("fragment F{n} on User {{ ...F }} "));
    assert_answers(vec![
        (doubling(5), Data),
        (doubling(24), Limit("selections")),
        (doubling(1000), Limit("document")),
        (doubling(380), Limit("depth")),
        (circle(1), INVALID),
        (circle(2), INVALID),
        (circle(20), INVALID),
        (circle(400), Limit("depth")),
        ("fragment F on User { ...F ...F ...F } { viewer { user { ...F ...F } } }".into(), INVALID),
        ("fragment F on Query { viewer { username } ...F } { ...F }".into(), INVALID),
        (wide, Limit("selections")),
        (
            format!("{{ viewer {{ username }} }} fragment F on User {{ {} }} {unused}", "id ".repeat(500)),
            Limit("selections"),
        ),
        ("{ viewer { ...F } }".into(), INVALID),
        ("{ viewer { username } } fragment F on Viewer { username }".into(), INVALID),
        ("{ viewer { ...F } } fragment F on Order { id }".into(), INVALID),
        ("{ viewer { ...F } } fragment F on Nothing { id }".into(), INVALID),
        ("{ viewer { ...F } } fragment F on OrderState { id }".into(), INVALID),
        (
            "{ viewer { ...F ...F } } fragment F on Viewer { username } fragment F on Viewer { username }"
                .into(),
            PARSE,
        ),
        ("{ ...on }".into(), INVALID),
        ("{ viewer { ... on Viewer @skip(if: true) { username } } }".into(), Data),
    ])
    .await;
}

#[tokio::test]
async fn documents_that_repeat_themselves() {
    let in_viewer = |inner: String| format!("{{ viewer {{ {inner} }} }}");
    assert_answers(vec![
        (in_viewer(repeated(100, &|n| format!("a{n}: username "))), Data),
        (in_viewer(repeated(101, &|n| format!("a{n}: username "))), Limit("aliases")),
        (in_viewer(repeated(10_000, &|n| format!("a{n}: username "))), Limit("document")),
        (in_viewer("id ".repeat(5_000)), Limit("tokens")),
        (in_viewer(format!("username {}", "@skip(if: false) ".repeat(2))), INVALID),
        (in_viewer(format!("username {}", "@a ".repeat(101))), Limit("directives")),
        (in_viewer(format!("username {}", "@a ".repeat(3_000))), Limit("tokens")),
        (in_viewer(format!("username {}", "@include(if: true) ".repeat(101))), Limit("directives")),
        (
            repeated(1, &|_| format!("query {} {{ viewer {{ username }} }}", "@a ".repeat(101))),
            Limit("directives"),
        ),
        (in_viewer("username ".repeat(1_700)), Data),
        (format!("{{ {} }}", "__typename ".repeat(51)), Limit("rootFields")),
        (format!("{{ {} }}", "viewer { username } ".repeat(51)), Limit("rootFields")),
        (format!("{{ {} }}", repeated(50, &|n| format!("a{n}: viewer {{ username }} "))), Data),
        // Fields of one name with other arguments: each is compared with the first, argument by argument.
        (format!("{{ {} }}", repeated(50, &|n| format!("order(id: {n}) {{ id }} "))), INVALID),
        (
            format!(
                "{{ viewer {{ user {{ {} }} }} }}",
                repeated(600, &|n| format!("orders(first:{n}){{id}}"))
            ),
            Limit("tokens"),
        ),
        (
            format!(
                "{{ viewer {{ user {{ {} }} }} }}",
                repeated(400, &|n| format!("orders(first: {n}) {{ totalCount }} "))
            ),
            INVALID,
        ),
        (format!("{{ a({}) {} }}", repeated(1_500, &|n| format!("a{n}: 1 ")), "a ".repeat(40)), INVALID),
        (format!("{{ order({}) {{ id }} }}", "id: 1 ".repeat(6)), INVALID),
        (format!("{{ order({}) {{ id }} }}", "id: 1 ".repeat(2)), INVALID),
        (format!("{{ viewer {{ username @skip({}) }} }}", "if: true ".repeat(1_000)), INVALID),
        (repeated(300, &|n| format!("query Q{n} {{ viewer {{ username }} }} ")), INVALID),
        (
            format!("query({}) {{ viewer {{ username }} }}", repeated(800, &|n| format!("$a{n}: Int "))),
            INVALID,
        ),
        (format!("query({}) {{ viewer {{ username }} }}", "$a: Int ".repeat(800)), INVALID),
        (repeated(20_000, &|n| format!("# {n}\n")) + "{ viewer { username } }", Limit("document")),
        (format!("{{ viewer {{ username }} {} }}", ",".repeat(16_000)), Data),
        (format!("{{ viewer {{ username }} }} #{}", "{[(\"".repeat(4_000)), Data),
    ])
    .await;
}

#[tokio::test]
async fn documents_that_are_deep() {
    let nested = |count: usize| {
        format!("{{ viewer {{ user {{ {} id {} }} }} }}", "... {".repeat(count), "}".repeat(count))
    };
    let lists = |count: usize| {
        format!("{{ orders(where: {} 1 {}) {{ totalCount }} }}", "[".repeat(count), "]".repeat(count))
    };
    let objects = |count: usize| {
        format!("{{ orders(where: {} 1 {}) {{ totalCount }} }}", "{a:".repeat(count), "}".repeat(count))
    };
    let users = |count: usize| {
        format!(
            "{{ viewer {{ {} user {{ id }} {} }} }}",
            "user { orders(first: 1) { nodes { ".repeat(count),
            "} } }".repeat(count)
        )
    };
    let types = "fields { type { ".repeat(4) + "name" + &" } }".repeat(4);
    assert_answers(vec![
        (nested(29), Data),
        (nested(30), Limit("depth")),
        (nested(2_000), Limit("depth")),
        ("{".repeat(16_000), Limit("depth")),
        ("{ a ".repeat(4_000), Limit("depth")),
        (lists(15), INPUT),
        (lists(17), Limit("valueDepth")),
        (lists(60_000), Limit("document")),
        (lists(8_000), Limit("valueDepth")),
        (objects(17), Limit("valueDepth")),
        (objects(4_000), Limit("valueDepth")),
        (format!("{{ a(b: {}", "[".repeat(16_000)), Limit("valueDepth")),
        (format!("query($a: {}Int{}) {{ viewer {{ username }} }}", "[".repeat(5_000), "]".repeat(5_000)), Limit("valueDepth")),
        (format!("query($a: Int = {}) {{ viewer {{ username }} }}", "[".repeat(5_000)), Limit("valueDepth")),
        (format!("{{ viewer @a(b: {}", "{c: ".repeat(4_000)), Limit("valueDepth")),
        ("(".repeat(6_000), Limit("tokens")),
        (")({".repeat(1_000), PARSE),
        (users(1), Data),
        ("{ __schema { types { fields { args { type { name } } } } } }".into(), Data),
        (format!("{{ __schema {{ types {{ {types} }} }} }}"), Limit("complexity")),
        (format!("{{ __type(name: \"Query\") {{ {types} }} }}"), Data),
        (format!("{{ __type(name: \"Query\") {{ fields {{ type {{ fields {{ type {{ fields {{ type {{ {types} }} }} }} }} }} }} }} }}"), Limit("complexity")),
        ("{ __schema { types { possibleTypes { interfaces { possibleTypes { interfaces { possibleTypes { interfaces { possibleTypes { name } } } } } } } } } }".into(), Limit("complexity")),
        ("{ __type(name: \"Order\") { ofType { ofType { ofType { ofType { name } } } } } }".into(), Data),
    ])
    .await;
}
