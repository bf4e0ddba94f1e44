//! Arguments and variables: values that are too large, too deep, of another type, or of another language.

use serde_json::{Value, json};

use crate::{
    case::Case,
    graphql::{
        Data, Exactly, Field, GraphqlCase, INPUT, INVALID, Limit, NO_VALUE, PARSE, TurnedDown, document,
        request,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    let tables = [arguments(), variables(), changes(), requests()];
    tables.into_iter().flatten().map(|case| case.into_case("values")).collect()
}

const ORDERS: &str =
    "query($first: Int, $where: OrderFilter) { orders(first: $first, where: $where) { totalCount } }";

fn arguments() -> Vec<GraphqlCase> {
    let order = |id: &str| format!("{{ order(id: {id}) {{ id }} }}");
    let node = |id: &str| format!("{{ node(id: {id}) {{ id }} }}");
    let orders = |arguments: &str| format!("{{ orders({arguments}) {{ totalCount }} }}");
    let user = |name: &str| format!("{{ user(username: {name}) {{ id }} }}");
    let nobody = || Exactly(json!({ "user": null }));
    vec![
        document("an id of SQL", order(r#""1 OR 1=1""#), NO_VALUE),
        document("an id of an operator", order(r#""{\"$gt\": \"\"}""#), NO_VALUE),
        document("an id of a path", order(r#""../../etc/passwd""#), NO_VALUE),
        document("an id of a user", order(r#""User:1""#), NO_VALUE),
        document("an id with a zero in front", order(r#""01""#), NO_VALUE),
        document("an id with a space in front", order(r#"" 1""#), NO_VALUE),
        document("an id in Arabic digits", order("\"\u{661}\""), NO_VALUE),
        document("an id with a null", order(r#""1\u0000""#), NO_VALUE),
        document("an empty id", order(r#""""#), NO_VALUE),
        document("an id of 16,000 digits", order(&format!("\"{}\"", "9".repeat(16_000))), NO_VALUE),
        document("an id that no number holds", order(r#""9223372036854775808""#), NO_VALUE),
        document("the largest id", order(r#""9223372036854775807""#), Exactly(json!({ "order": null }))),
        document("an id below zero", order("-1"), Exactly(json!({ "order": null }))),
        document("an id with a fraction", order("1.5"), INVALID),
        document("an id of a list", order("[1]"), INVALID),
        document("an id of an object", order("{ id: 1 }"), INVALID),
        document("no id", order("null"), INVALID),
        document("a node that is none", node(r#""Password:1""#), NO_VALUE),
        document("a node of an empty type", node(r#"":1""#), NO_VALUE),
        document("a user of SQL", user(r#""caty88' OR '1'='1""#), NO_VALUE),
        document("a user of a comment of SQL", user(r#""caty88'--""#), NO_VALUE),
        document("a user of a wildcard", user(r#""%""#), NO_VALUE),
        document("a user in other letters", user(r#""CATY88""#), nobody()),
        document("a user in letters that look alike", user("\"c\u{430}ty88\""), NO_VALUE),
        document("a user of 16,000 letters", user(&format!("\"{}\"", "a".repeat(16_000))), NO_VALUE),
        document("a page below zero", orders("first: -1"), NO_VALUE),
        document("a page over the limit", orders("first: 1001"), Field("LIMIT_EXCEEDED")),
        document("the largest page", orders("first: 2147483647"), Field("LIMIT_EXCEEDED")),
        document("a page that no number holds", orders("first: 2147483648"), INPUT),
        document("a page of 400 digits", orders(&format!("first: {}", "9".repeat(400))), PARSE),
        document("a page with a fraction", orders("first: 1.5"), INVALID),
        document("a page with an exponent", orders("first: 1e3"), INVALID),
        document("a page of infinity", orders("first: 1e999"), PARSE),
        document("a page from both ends", orders("first: 1, last: 1"), NO_VALUE),
        document("a place that is none", orders(r#"first: 1, after: "yesterday""#), NO_VALUE),
        document(
            "a place of 16,000 letters",
            orders(&format!("after: \"{}\"", "A".repeat(16_000))),
            NO_VALUE,
        ),
        document("a state that there is not", orders("where: { state: REFUNDED }"), INVALID),
        document("a state in quotes", orders(r#"where: { state: "PAID" }"#), INVALID),
        document("a state given twice", orders("where: { state: PAID, state: UNPAID }"), INVALID),
        document("a day that there is not", orders(r#"where: { dateFrom: "2026-02-30" }"#), INPUT),
        document("a day of the year 0", orders(r#"where: { dateFrom: "0000-00-00" }"#), INPUT),
        document("a day of the year 999999", orders(r#"where: { dateFrom: "999999-01-01" }"#), INPUT),
        document("a filter that there is not", orders("where: { password: 1 }"), INVALID),
        document("an argument that there is not", orders("offset: 1"), INVALID),
    ]
}

fn variables() -> Vec<GraphqlCase> {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let with = |variables: Value| json!({ "query": ORDERS, "variables": variables });
    let many: Value = (0..4_000).map(|number| (number.to_string(), json!({}))).collect();
    vec![
        request("a variable of text", with(json!({ "first": "1" })), INPUT),
        request("a variable with a fraction", with(json!({ "first": 1.5 })), INPUT),
        request("a variable that no number holds", with(json!({ "first": u64::MAX })), INPUT),
        request("a variable of 1e300", with(json!({ "first": 1e300 })), INPUT),
        request("a variable of a list", with(json!({ "first": [1] })), INPUT),
        request("a variable of an object", with(json!({ "first": { "$gt": 0 } })), INPUT),
        request("a variable that is true", with(json!({ "first": true })), INPUT),
        request("a field that its type has not", with(json!({ "where": { "password": 1 } })), INPUT),
        request("a prototype as a variable", with(json!({ "where": { "__proto__": { "a": 1 } } })), INPUT),
        request("an operator as a variable", with(json!({ "where": { "username": { "$ne": "" } } })), INPUT),
        request("a day with a null", with(json!({ "where": { "dateTo": "2026-01-01\0" } })), INPUT),
        request(
            "a variable of 17 lists in each other",
            with(json!({ "where": nested(17) })),
            Limit("valueDepth"),
        ),
        request(
            "an unused variable of 100 lists in each other",
            with(json!({ "a": nested(100) })),
            Limit("valueDepth"),
        ),
        request("a variable of 17 KB", with(json!({ "a": "a".repeat(17_000) })), Limit("variables")),
        request(
            "a variable whose name has 17 KB",
            with(json!({ "a".repeat(17_000): 1 })),
            Limit("variables"),
        ),
        request("10,000 numbers", with(json!({ "a": vec![1; 10_000] })), Limit("variables")),
        request("4,000 objects", with(many), Limit("variables")),
        request("variables that are not asked for", with(json!({ "password": "a" })), Data),
        request(
            "no variable where one is needed",
            json!({ "query": "query($id: ID!) { order(id: $id) { id } }" }),
            INPUT,
        ),
        request(
            "null where it cannot be",
            json!({ "query": "query($id: ID!) { order(id: $id) { id } }", "variables": { "id": null } }),
            INPUT,
        ),
    ]
}

/// Nothing of them is done.
fn changes() -> Vec<GraphqlCase> {
    let create = |username: &str, email: &str| {
        let input = json!({ "input": { "username": username, "email": email } });
        let query = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code } } }";
        json!({ "query": query, "variables": input })
    };
    let change = |mutation: &str, id: &str| {
        format!("mutation {{ {mutation}(input: {{ id: {id:?} }}) {{ cursor errors {{ code }} }} }}")
    };
    let place = |input: &str| {
        format!("mutation {{ placeOrder(input: {{ {input} }}) {{ cursor errors {{ code }} }} }}")
    };
    let key = |key: &str| place(&format!("username: \"joe\", idempotencyKey: {key:?}"));
    vec![
        request("a user of a script", create("<script>", "a@dev.io"), TurnedDown("INVALID_USERNAME")),
        request("a user with a null", create("a\0", "a@dev.io"), TurnedDown("INVALID_USERNAME")),
        request(
            "a user of 1,000 letters",
            create(&"a".repeat(1_000), "a@dev.io"),
            TurnedDown("INVALID_USERNAME"),
        ),
        request("a user that there is", create("caty88", "a@dev.io"), TurnedDown("USERNAME_TAKEN")),
        request(
            "an address with a second header",
            create("mallory", "a@dev.io\r\nBcc: all@dev.io"),
            TurnedDown("INVALID_EMAIL"),
        ),
        request(
            "an address of 16,000 letters",
            create("mallory", &("a".repeat(16_000) + "@dev.io")),
            TurnedDown("INVALID_EMAIL"),
        ),
        document("an order of nobody", place(r#"username: "nobody""#), TurnedDown("USER_NOT_FOUND")),
        document(
            "an order of SQL",
            place(r#"username: "'; DROP TABLE orders; --""#),
            TurnedDown("INVALID_USERNAME"),
        ),
        document(
            "an order on a day that there is not",
            place(r#"username: "joe", date: "2026-13-01""#),
            INPUT,
        ),
        document("an order in a state that there is not", place(r#"username: "joe", state: FREE"#), INVALID),
        document("an order with an id of its own", place(r#"username: "joe", id: "1""#), INVALID),
        document("an empty key", key(""), TurnedDown("INVALID_IDEMPOTENCY_KEY")),
        document("a key of 1,000 letters", key(&"a".repeat(1_000)), TurnedDown("INVALID_IDEMPOTENCY_KEY")),
        document("a key with a new line", key("a\nb"), TurnedDown("INVALID_IDEMPOTENCY_KEY")),
        document(
            "a payment of what is not there",
            change("payOrder", "9223372036854775807"),
            TurnedDown("ORDER_NOT_FOUND"),
        ),
        document("a payment of SQL", change("payOrder", "1; DELETE FROM orders"), TurnedDown("INVALID_ID")),
        document("a cancellation of a user", change("cancelOrder", "User:1"), TurnedDown("INVALID_ID")),
        document("a change of a prototype", "mutation { __proto__(input: {}) { cursor } }", INVALID),
    ]
}

/// What is beside the document.
fn requests() -> Vec<GraphqlCase> {
    let two = "query A { __typename } query B { __typename }";
    vec![
        request("two operations without a name", json!({ "query": two }), INVALID),
        request("an operation that is not there", json!({ "query": two, "operationName": "C" }), INVALID),
        request("an operation of an empty name", json!({ "query": two, "operationName": "" }), INVALID),
        request(
            "an operation of 60,000 letters",
            json!({ "query": two, "operationName": "C".repeat(60_000) }),
            INVALID,
        ),
        request(
            "members that nobody knows",
            json!({ "query": "{ __typename }", "admin": true, "__proto__": { "a": 1 } }),
            Data,
        ),
    ]
}
