//! Clients that do not read what they are told.
//!
//! The kernel takes a lot for a client that does not read, so that what is told here is more: an event is as long as this
//! user's address and the document that asks for it many times make it.

use std::{fs, iter};

use serde_json::{Value, json};
use tests::{Api, Installation, Protocol, RawSocket, Received, Server};

const ORDERS: usize = 400;

/// How often a document asks for the address.
const ADDRESSES: usize = 80;

/// What a stalled client's end of the connection takes.
const RECEIVE_BUFFER: usize = 4096;

#[test]
fn a_reader_that_makes_no_progress_in_time_is_closed_with_4290_and_stalls_nobody() {
    for protocol in Protocol::ALL {
        let server =
            server(&[("ORDERCAST_SLOW_TIMEOUT", "300ms"), ("ORDERCAST_LOG", "info,ordercast=debug")]);
        let mut stalled = follow(server.api(), protocol, &events(), true);
        let mut reader = follow(server.api(), protocol, &events(), false);
        let dates = place_orders(&server);
        assert_eq!(read_events(&mut reader, dates.len()), dates, "the reader beside it");

        server.log().wait_for("close with 4290", |lines| {
            lines.iter().any(|line| line.contains(r#""code":4290"#)).then_some(())
        });
        let mut told = Vec::new();
        let reason = loop {
            match stalled.receive() {
                Received::Message(message) => told.push(event_date(&message["payload"])),
                Received::Close { code: 4290, reason } => break reason,
                other => panic!("after {} events: {other:?}", told.len()),
            }
        };
        assert_eq!(reason, "Slow consumer");
        assert!(told.len() < dates.len(), "nothing was left to tell");
        assert_eq!(told, dates[..told.len()], "what came before the close frame");

        place(server.api(), "2030-01-01");
        assert_eq!(read_events(&mut reader, 1), ["2030-01-01"], "the reader beside it, afterwards");
    }
}

#[test]
fn a_stalled_reader_that_comes_back_in_time_is_told_every_event_once_and_in_order() {
    for protocol in Protocol::ALL {
        // What does not fit into the queue is read again, some of it from the database.
        let server = server(&[
            ("ORDERCAST_SOCKET_QUEUE", "1000"),
            ("ORDERCAST_SHARED_MESSAGES", "10"),
            ("ORDERCAST_EVENTS_IN_MEMORY", "50"),
        ]);
        let mut stalled = follow(server.api(), protocol, &events(), true);
        let mut reader = follow(server.api(), protocol, &events(), false);
        let dates = place_orders(&server);
        assert_eq!(read_events(&mut reader, dates.len()), dates, "the reader beside it");
        assert_eq!(read_events(&mut stalled, dates.len()), dates, "the one that stalled");
        // Both go on alike.
        place(server.api(), "2030-01-01");
        for socket in [&mut reader, &mut stalled] {
            assert_eq!(read_events(socket, 1), ["2030-01-01"]);
        }
    }
}

#[test]
fn two_subscriptions_of_a_stalled_reader_are_both_told_every_event() {
    let server = server(&[("ORDERCAST_SOCKET_QUEUE", "1000"), ("ORDERCAST_SHARED_MESSAGES", "10")]);
    let mut stalled = follow(server.api(), Protocol::GraphqlTransportWs, &events(), true);
    stalled.start_operation("2", &json!({ "query": events() }));
    stalled.expect_silence();
    let dates = place_orders(&server);
    let mut told: [Vec<String>; 2] = Default::default();
    while told.iter().any(|told| told.len() < dates.len()) {
        let message = stalled.next_message();
        let index = usize::from(message["id"] == "2");
        told[index].push(event_date(&message["payload"]));
    }
    assert_eq!(told, [dates.clone(), dates]);
}

#[test]
fn a_stalled_reader_of_the_newest_order_skips_to_the_newest() {
    for protocol in Protocol::ALL {
        let server = server(&[("ORDERCAST_SOCKET_QUEUE", "1000")]);
        let document = format!("subscription {{ getOrder {{ date user {{ {} }} }} }}", addresses());
        let mut stalled = follow(server.api(), protocol, &document, true);
        let mut reader = follow(server.api(), protocol, &document, false);
        for socket in [&mut stalled, &mut reader] {
            assert_eq!(socket.next_answer("1")["data"], json!({ "getOrder": null }));
        }
        let dates: Vec<String> = dates().collect();
        for date in &dates {
            place(server.api(), date);
            // Each is told before the next is placed.
            assert_eq!(reader.next_answer("1")["data"]["getOrder"]["date"], **date, "the reader beside it");
        }
        let mut told = Vec::new();
        while told.last() != dates.last() {
            let answer = stalled.next_answer("1");
            told.push(answer["data"]["getOrder"]["date"].as_str().expect("a date").to_owned());
        }
        assert!(told.len() < dates.len(), "nothing was skipped");
        assert!(told.is_sorted(), "an older state came behind a newer one: {told:?}");
        stalled.stop_operation("1");
        stalled.start_operation("2", &json!({ "query": "{ __typename }" }));
        assert_eq!(stalled.next_message()["id"], "2", "nothing is left to tell");
    }
}

#[test]
fn a_client_that_asks_and_does_not_read_the_answers_is_closed_with_4290() {
    let server = server(&[("ORDERCAST_SLOW_TIMEOUT", "300ms"), ("ORDERCAST_LOG", "info,ordercast=debug")]);
    for date in dates().take(100) {
        place(server.api(), &date);
    }
    let mut stalled =
        RawSocket::start_with_receive_buffer(server.api(), Protocol::GraphqlTransportWs, RECEIVE_BUFFER);
    let query = format!("{{ getOrders {{ user {{ {} }} }} }}", addresses());
    for id in 0..6 {
        stalled.start_operation(&id.to_string(), &json!({ "query": query }));
    }
    server.log().wait_for("close with 4290", |lines| {
        lines.iter().any(|line| line.contains(r#""code":4290"#)).then_some(())
    });
    let last =
        iter::from_fn(|| Some(stalled.receive())).find(|received| !matches!(received, Received::Message(_)));
    assert!(matches!(last, Some(Received::Close { code: 4290, .. })), "{last:?}");
}

/// A server whose one worker has a user with a long address.
fn server(settings: &[(&str, &str)]) -> Server {
    let installation = Installation::new()
        .set("ORDERCAST_DATABASE_URL", "sqlite://orders.db")
        .set("ORDERCAST_WORKERS", "1")
        .set("ORDERCAST_ALIAS_LIMIT", "1000")
        .set("ORDERCAST_COMPLEXITY_LIMIT", "10000000");
    let installation =
        settings.iter().fold(installation, |installation, (name, value)| installation.set(name, value));
    installation.run_successfully(&["migrate"]);
    // As long as RFC 5321, section 4.5.3.1, lets its parts be, about.
    let address = format!("{}@{}io", "a".repeat(60), format!("{}.", "b".repeat(60)).repeat(3));
    installation.execute(&format!("INSERT INTO users (username, email) VALUES ('caty88', '{address}')"));
    assert_more_than_the_kernel_takes(ORDERS * ADDRESSES * address.len());
    installation.start()
}

/// Otherwise nothing would stall.
fn assert_more_than_the_kernel_takes(bytes: usize) {
    let sizes = fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").expect("the sizes of send buffers");
    let most: usize = sizes.split_whitespace().last().and_then(|most| most.parse().ok()).expect("a size");
    assert!(bytes > most + 2 * RECEIVE_BUFFER, "{bytes} bytes, and the kernel takes {most}: tell more");
}

fn addresses() -> String {
    let addresses: Vec<_> = (0..ADDRESSES).map(|number| format!("e{number}: email")).collect();
    addresses.join(" ")
}

/// Every event, with its date.
fn events() -> String {
    format!("subscription {{ orderEvents {{ order {{ date user {{ {} }} }} }} }}", addresses())
}

/// Follows on a socket that takes little unless it is read, or on a usual one.
fn follow(api: &Api, protocol: Protocol, document: &str, stalls: bool) -> RawSocket {
    let mut socket = if stalls {
        RawSocket::start_with_receive_buffer(api, protocol, RECEIVE_BUFFER)
    } else {
        RawSocket::start(api, protocol)
    };
    // Events are told from when the subscription was started: the answer of another that was asked for later tells.
    socket.start_operation("1", &json!({ "query": document }));
    if document.contains("orderEvents") {
        socket.expect_silence();
    }
    socket
}

fn dates() -> impl Iterator<Item = String> {
    (0..ORDERS)
        .map(|number| format!("20{:02}-{:02}-{:02}", number / 336, number / 28 % 12 + 1, number % 28 + 1))
}

/// Places orders in one transaction, and returns their dates.
fn place_orders(server: &Server) -> Vec<String> {
    let dates: Vec<String> = dates().collect();
    let rows: Vec<String> =
        dates.iter().map(|date| format!("('{date}', 'UNPAID', (SELECT id FROM users))")).collect();
    server
        .installation()
        .execute(&format!("INSERT INTO orders (date, state, user_id) VALUES {}", rows.join(", ")));
    dates
}

fn place(api: &Api, date: &str) {
    api.place_order(&json!({ "username": "caty88", "date": date }));
}

fn read_events(socket: &mut RawSocket, count: usize) -> Vec<String> {
    (0..count).map(|_| event_date(&socket.next_answer("1"))).collect()
}

fn event_date(answer: &Value) -> String {
    answer["data"]["orderEvents"]["order"]["date"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
