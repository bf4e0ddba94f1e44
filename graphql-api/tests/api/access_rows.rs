//! What each field of the schema shows, to staff; to the customer whose order or user it is about; to another customer; to
//! one who is no user. Order 1 is caty88's, order 2 is joe's, both are unpaid.

/// A field, how to ask for it, and the data for each of the viewers, with what stands in the field as `?`.
pub(crate) type Row = (&'static str, &'static str, [&'static str; 4]);

pub(crate) const ORDER: [&str; 4] =
    [r#"{"order":?}"#, r#"{"order":?}"#, r#"{"order":null}"#, r#"{"order":null}"#];
pub(crate) const USER: [&str; 4] = [r#"{"user":?}"#, r#"{"user":?}"#, r#"{"user":null}"#, r#"{"user":null}"#];
pub(crate) const EACH: [&str; 4] = ["?", "?", "?", "?"];

/// Fields that show the same to whoever sees what they are a field of: the third is that.
pub(crate) const SHOWN: [(&str, &str, [&str; 4], &str); 14] = [
    ("Order.id", "{ order(id: 2) { id } }", ORDER, r#"{"id":"Order:2"}"#),
    ("Order.date", "{ order(id: 2) { date } }", ORDER, r#"{"date":"2026-04-12"}"#),
    ("Order.state", "{ order(id: 2) { state } }", ORDER, r#"{"state":"UNPAID"}"#),
    ("Order.user", "{ order(id: 2) { user { id } } }", ORDER, r#"{"user":{"id":"User:2"}}"#),
    ("User.id", r#"{ user(username: "joe") { id } }"#, USER, r#"{"id":"User:2"}"#),
    ("User.username", r#"{ user(username: "joe") { username } }"#, USER, r#"{"username":"joe"}"#),
    ("User.email", r#"{ user(username: "joe") { email } }"#, USER, r#"{"email":"joe@dev.io"}"#),
    (
        "User.orders",
        r#"{ user(username: "joe") { orders { nodes { id } } } }"#,
        USER,
        r#"{"orders":{"nodes":[{"id":"Order:2"}]}}"#,
    ),
    ("Query.order", "{ order(id: 2) { id } }", ORDER, r#"{"id":"Order:2"}"#),
    ("Query.user", r#"{ user(username: "joe") { id } }"#, USER, r#"{"id":"User:2"}"#),
    ("OrderConnection.cursor", "{ orders { cursor } }", EACH, r#"{"orders":{"cursor":"*"}}"#),
    (
        "PageInfo.hasPreviousPage",
        "{ orders { pageInfo { hasPreviousPage } } }",
        EACH,
        r#"{"orders":{"pageInfo":{"hasPreviousPage":false}}}"#,
    ),
    ("Node.id", r#"{ order: node(id: "Order:2") { id } }"#, ORDER, r#"{"id":"Order:2"}"#),
    ("Query.node", r#"{ user: node(id: "User:2") { id } }"#, USER, r#"{"id":"User:2"}"#),
];

/// Lists, and the viewer, which are there for everyone.
pub(crate) const ROWS: [Row; 12] = [
    (
        "Query.getOrders",
        "{ getOrders { id } }",
        [
            r#"{"getOrders":[{"id":"Order:1"},{"id":"Order:2"}]}"#,
            r#"{"getOrders":[{"id":"Order:2"}]}"#,
            r#"{"getOrders":[{"id":"Order:1"}]}"#,
            r#"{"getOrders":[]}"#,
        ],
    ),
    (
        "Query.orders",
        "{ orders(last: 1) { nodes { id } } }",
        [
            r#"{"orders":{"nodes":[{"id":"Order:2"}]}}"#,
            r#"{"orders":{"nodes":[{"id":"Order:2"}]}}"#,
            r#"{"orders":{"nodes":[{"id":"Order:1"}]}}"#,
            r#"{"orders":{"nodes":[]}}"#,
        ],
    ),
    (
        "OrderConnection.nodes",
        r#"{ orders(where: { username: "joe" }) { nodes { id } } }"#,
        [
            r#"{"orders":{"nodes":[{"id":"Order:2"}]}}"#,
            r#"{"orders":{"nodes":[{"id":"Order:2"}]}}"#,
            r#"{"orders":{"nodes":[]}}"#,
            r#"{"orders":{"nodes":[]}}"#,
        ],
    ),
    (
        "OrderConnection.edges",
        "{ orders { edges { __typename } } }",
        [
            r#"{"orders":{"edges":[{"__typename":"OrderEdge"},{"__typename":"OrderEdge"}]}}"#,
            r#"{"orders":{"edges":[{"__typename":"OrderEdge"}]}}"#,
            r#"{"orders":{"edges":[{"__typename":"OrderEdge"}]}}"#,
            r#"{"orders":{"edges":[]}}"#,
        ],
    ),
    (
        "OrderEdge.cursor",
        "{ orders { edges { cursor } } }",
        [
            r#"{"orders":{"edges":[{"cursor":"*"},{"cursor":"*"}]}}"#,
            r#"{"orders":{"edges":[{"cursor":"*"}]}}"#,
            r#"{"orders":{"edges":[{"cursor":"*"}]}}"#,
            r#"{"orders":{"edges":[]}}"#,
        ],
    ),
    (
        "OrderEdge.node",
        "{ orders { edges { node { user { username email } } } } }",
        [
            r#"{"orders":{"edges":[{"node":{"user":{"username":"caty88","email":"caty88@dev.io"}}},{"node":{"user":{"username":"joe","email":"joe@dev.io"}}}]}}"#,
            r#"{"orders":{"edges":[{"node":{"user":{"username":"joe","email":"joe@dev.io"}}}]}}"#,
            r#"{"orders":{"edges":[{"node":{"user":{"username":"caty88","email":"caty88@dev.io"}}}]}}"#,
            r#"{"orders":{"edges":[]}}"#,
        ],
    ),
    (
        "OrderConnection.totalCount",
        "{ orders { totalCount } }",
        [
            r#"{"orders":{"totalCount":2}}"#,
            r#"{"orders":{"totalCount":1}}"#,
            r#"{"orders":{"totalCount":1}}"#,
            r#"{"orders":{"totalCount":0}}"#,
        ],
    ),
    (
        "PageInfo.hasNextPage",
        "{ orders(first: 1) { pageInfo { hasNextPage } } }",
        [
            r#"{"orders":{"pageInfo":{"hasNextPage":true}}}"#,
            r#"{"orders":{"pageInfo":{"hasNextPage":false}}}"#,
            r#"{"orders":{"pageInfo":{"hasNextPage":false}}}"#,
            r#"{"orders":{"pageInfo":{"hasNextPage":false}}}"#,
        ],
    ),
    (
        "Query.viewer",
        "{ viewer { __typename } }",
        [
            r#"{"viewer":{"__typename":"Viewer"}}"#,
            r#"{"viewer":{"__typename":"Viewer"}}"#,
            r#"{"viewer":{"__typename":"Viewer"}}"#,
            r#"{"viewer":{"__typename":"Viewer"}}"#,
        ],
    ),
    (
        "Viewer.username",
        "{ viewer { username } }",
        [
            r#"{"viewer":{"username":"boss"}}"#,
            r#"{"viewer":{"username":"joe"}}"#,
            r#"{"viewer":{"username":"caty88"}}"#,
            r#"{"viewer":{"username":"nobody"}}"#,
        ],
    ),
    (
        "Viewer.user",
        "{ viewer { user { id email orders { totalCount } } } }",
        [
            r#"{"viewer":{"user":null}}"#,
            r#"{"viewer":{"user":{"id":"User:2","email":"joe@dev.io","orders":{"totalCount":1}}}}"#,
            r#"{"viewer":{"user":{"id":"User:1","email":"caty88@dev.io","orders":{"totalCount":1}}}}"#,
            r#"{"viewer":{"user":null}}"#,
        ],
    ),
    (
        "Viewer.permissions",
        "{ viewer { permissions } }",
        [
            r#"{"viewer":{"permissions":["SEE_ALL_ORDERS","CHANGE_ALL_ORDERS","SEE_ALL_EMAILS","CREATE_USERS"]}}"#,
            r#"{"viewer":{"permissions":["SEE_OWN_ORDERS","CHANGE_OWN_ORDERS"]}}"#,
            r#"{"viewer":{"permissions":["SEE_OWN_ORDERS","CHANGE_OWN_ORDERS"]}}"#,
            r#"{"viewer":{"permissions":["SEE_OWN_ORDERS","CHANGE_OWN_ORDERS"]}}"#,
        ],
    ),
];

/// The ends of a page: `null` where there is nothing.
pub(crate) const ENDS: [(&str, &str); 3] = [
    ("PageInfo.startCursor", "{ orders { pageInfo { end: startCursor } } }"),
    ("PageInfo.endCursor", "{ orders { pageInfo { end: endCursor } } }"),
    ("OrderConnection.pageInfo", "{ orders { pageInfo { end: endCursor } } }"),
];

/// Mutations of what is joe's: what is done for the first two is as if it were not there for the others. The input, the
/// payload's object and its id, the code and the field of the error.
pub(crate) const MUTATIONS: [(&str, &str, &str, &str, &str, &str); 4] = [
    ("placeOrder", r#"{ username: "joe" }"#, "order", "Order:3", "USER_NOT_FOUND", "username"),
    ("payOrder", "{ id: 2 }", "order", "Order:2", "ORDER_NOT_FOUND", "id"),
    ("cancelOrder", "{ id: 2 }", "order", "Order:2", "ORDER_NOT_FOUND", "id"),
    ("createUser", r#"{ username: "new", email: "new@dev.io" }"#, "user", "User:3", "NOT_ALLOWED", ""),
];

/// Fields of events: what stands in them when joe's order 2 is paid, and when caty88 places order 3.
pub(crate) const EVENTS: [(&str, &str, &str, &str); 6] = [
    ("Subscription.orderEvents", "kind", r#"{"kind":"STATE_CHANGED"}"#, r#"{"kind":"PLACED"}"#),
    ("OrderEvent.kind", "kind", r#"{"kind":"STATE_CHANGED"}"#, r#"{"kind":"PLACED"}"#),
    ("OrderEvent.cursor", "cursor", r#"{"cursor":"*"}"#, r#"{"cursor":"*"}"#),
    (
        "OrderEvent.order",
        "order { id user { email } }",
        r#"{"order":{"id":"Order:2","user":{"email":"joe@dev.io"}}}"#,
        r#"{"order":{"id":"Order:3","user":{"email":"caty88@dev.io"}}}"#,
    ),
    (
        "OrderEvent.previousState",
        "previousState",
        r#"{"previousState":"UNPAID"}"#,
        r#"{"previousState":null}"#,
    ),
    ("OrderEvent.occurredAt", "occurredAt", r#"{"occurredAt":"*"}"#, r#"{"occurredAt":"*"}"#),
];
