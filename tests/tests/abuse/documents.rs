//! Documents that are made to cost: what they ask for, how often, and how deep.

use crate::{
    case::Case,
    graphql::{Data, GraphqlCase, INVALID, Limit, PARSE, document, in_user, times},
};

pub(crate) fn cases() -> Vec<Case> {
    let tables = [fragments(), repeated(), deep()];
    tables.into_iter().flatten().map(|case| case.into_case("documents")).collect()
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
        document("a chain of 100 fragments that doubles", doubling(100), Limit("depth")),
        document("a chain of 500 fragments that doubles", doubling(500), Limit("document")),
        document("a chain of 1,000 fragments that doubles", doubling(1_000), Limit("document")),
        document("a fragment in itself", circle(1), INVALID),
        document("two fragments in a circle", circle(2), INVALID),
        document("twenty fragments in a circle", circle(20), INVALID),
        document("a thousand fragments in a circle", circle(1_000), Limit("document")),
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
            Limit("document"),
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
        document("3,000 aliases", aliases(3_000), Limit("document")),
        document("a field 4,000 times", in_user(&"id ".repeat(4_000)), Data),
        document("a field 5,200 times", in_user(&"id ".repeat(5_200)), Limit("tokens")),
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
            "a directive 500 times",
            in_user(&format!("id {}", "@skip(if: false) ".repeat(500))),
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
        document("16,000 commas", format!("{{ __typename {} }}", ",".repeat(16_000)), Data),
        document("a comment of 16,000 brackets", format!("{{ __typename }} #{}", "{".repeat(16_000)), Data),
        document("4,000 comments", format!("{}{{ __typename }}", "# a\n".repeat(4_000)), Data),
        document(
            "a document of 17 KB",
            format!("{{ __typename }} #{}", "a".repeat(16_600)),
            Limit("document"),
        ),
        document(
            "a document of 60 KB",
            format!("{{ __typename }} #{}", "a".repeat(60_000)),
            Limit("document"),
        ),
        document("a name of 16,000 letters", format!("{{ {} }}", "a".repeat(16_000)), INVALID),
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
        document("16,000 brackets", "{".repeat(16_000), Limit("depth")),
        document("4,000 fields in each other", "{ a ".repeat(4_000), Limit("depth")),
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
        document("a value of 8,000 lists in each other", value("[", 8_000, "]"), Limit("valueDepth")),
        document("a value of 17 objects in each other", value("{a:", 17, "}"), Limit("valueDepth")),
        document("a value of 5,000 objects that do not end", value("{a:", 5_000, ""), Limit("valueDepth")),
        document(
            "a type of 4,000 lists",
            format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(4_000), "]".repeat(4_000)),
            Limit("valueDepth"),
        ),
        document("6,000 parentheses", "(".repeat(6_000), Limit("tokens")),
    ]
}
