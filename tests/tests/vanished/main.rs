//! Clients that vanish without a word, as when their power or their network fails: nothing that is sent to them arrives, and
//! no end of their connections ever comes. Here the network vanishes, and the clients' ends of the connections stay.

mod network;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Completion, Trial};
use reqwest::Method;
use serde_json::json;
use tests::{Installation, PATIENCE, Protocol, RawSocket, Server};

use crate::network::Network;

/// Who they are, by the ports of their ends.
type Clients = BTreeMap<u16, &'static str>;

const FOLLOW: &str = "subscription { orderEvents { kind order { id } } }";

fn main() {
    let arguments = Arguments::from_args();
    let network = if arguments.list { Err("only listed".to_owned()) } else { Network::enter() };
    let test =
        Trial::ignorable_test("clients_that_vanish_are_noticed_and_what_they_held_is_freed", move || {
            let network = match network {
                Ok(network) => network,
                Err(reason) => return Ok(Completion::ignored_with(reason)),
            };
            clients_that_vanish_are_noticed_and_what_they_held_is_freed(&network);
            Ok(Completion::Completed)
        });
    libtest_mimic::run(&arguments, vec![test]).exit();
}

fn clients_that_vanish_are_noticed_and_what_they_held_is_freed(network: &Network) {
    let server = Installation::new()
        .set("ORDERCAST_KEEP_ALIVE", "200ms")
        .set("ORDERCAST_PONG_TIMEOUT", "10s")
        .set("ORDERCAST_INIT_TIMEOUT", "10s")
        .set("ORDERCAST_SLOW_TIMEOUT", "1s")
        .set("ORDERCAST_REQUEST_TIMEOUT", "10s")
        .set("ORDERCAST_IDLE_TIMEOUT", "10s")
        .start();
    let clients = connect(&server);
    let names: Clients = clients.iter().map(|(name, stream)| (port_of(stream), *name)).collect();
    let mut connections = Vec::new();
    // The last ones may wait to be accepted.
    wait_until("each is connected", || {
        connections = connections_to(&server, &names);
        let held = held(&server, &connections);
        (held.len() == clients.len()).then_some(()).ok_or(held)
    });

    network.go_down();
    // There is more than signs of life to tell, too.
    server.installation().execute("UPDATE orders SET state = 'PAID' WHERE state = 'UNPAID'");
    wait_until("each is noticed, and freed by the server and by its kernel", || {
        let left = [held(&server, &connections), names_of(&connections_to(&server, &names))].concat();
        if left.is_empty() { Ok(()) } else { Err(left) }
    });

    network.come_up();
    let metrics =
        server.api().request(Method::GET, "/metrics").send().expect("an answer").text().expect("text");
    for line in [
        "ordercast_operations_running{transport=\"sse\"} 0",
        "ordercast_operations_running{transport=\"multipart\"} 0",
        "ordercast_operations_running{transport=\"websocket\"} 0",
        "ordercast_connections_websocket 0",
        "ordercast_connections_http 1",
        "ordercast_sockets_queued_bytes 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no `{line}` in {metrics}");
    }
    let mut follower = RawSocket::start(server.api(), Protocol::GraphqlTransportWs);
    follower.start_operation("1", &json!({ "query": FOLLOW }));
    follower.expect_silence();
    let placed = server.api().place_order(&json!({ "username": "joe" }));
    assert_eq!(follower.next_answer("1")["data"]["orderEvents"]["order"]["id"], json!(placed));
    drop(clients);
}

/// Clients of every kind. Those who follow were told that their connection lives.
fn connect(server: &Server) -> Vec<(&'static str, TcpStream)> {
    let query = FOLLOW.replace(' ', "%20");
    let beats = |beat: &str| beat.repeat(3);
    let mut clients = Vec::new();

    let request = format!("GET /graphql?query={query} HTTP/1.1\r\nAccept: text/event-stream\r\n");
    clients.push(("events", talk(server, &request, "", &beats("3\r\n:\n\n\r\n"))));

    let token = reserve(server);
    let request = format!("GET /graphql?token={token} HTTP/1.1\r\nAccept: text/event-stream\r\n");
    let stream = talk(server, &request, "", "\r\n\r\n");
    let body = json!({ "query": FOLLOW, "extensions": { "operationId": "1" } }).to_string();
    let request =
        format!("POST /graphql HTTP/1.1\r\nX-GraphQL-Event-Stream-Token: {token}\r\nConnection: close\r\n");
    talk(server, &json_request(&request, body.len()), &body, "202 Accepted");
    clients.push(("events of many operations", read_until(stream, &beats("3\r\n:\n\n\r\n"))));

    let body = json!({ "query": FOLLOW }).to_string();
    let accept = "Accept: multipart/mixed;subscriptionSpec=1.0\r\n";
    let request = json_request(&format!("POST /graphql HTTP/1.1\r\n{accept}"), body.len());
    let stream = talk(server, &request, &body, "\r\n{}\r\n--graphql");
    let stream = read_until(stream, "\r\n{}\r\n--graphql");
    clients.push(("parts", stream));

    for protocol in Protocol::ALL {
        let mut socket = RawSocket::start(server.api(), protocol);
        socket.start_operation("1", &json!({ "query": FOLLOW }));
        socket.expect_silence();
        clients.push((protocol.name(), socket.into_stream()));
    }
    let socket = RawSocket::open(server.api(), Protocol::GraphqlTransportWs);
    clients.push(("a socket that says nothing", socket.into_stream()));

    let live = "GET /health/live HTTP/1.1\r\n";
    clients.push(("a connection between two requests", talk(server, live, "", "\r\n\r\n")));
    let request = json_request("POST /graphql HTTP/1.1\r\n", 100);
    clients.push(("a body that has no end", talk(server, &request, "{", "")));
    clients
}

/// A token for a stream of many operations.
fn reserve(server: &Server) -> String {
    let mut stream = talk(server, "PUT /graphql HTTP/1.1\r\nConnection: close\r\n", "", "\r\n\r\n");
    let mut token = String::new();
    stream.read_to_string(&mut token).expect("a token, and the end");
    token
}

fn json_request(line_and_headers: &str, length: usize) -> String {
    format!("{line_and_headers}Content-Type: application/json\r\nContent-Length: {length}\r\n")
}

/// Sends a request on a new connection, and reads the answer until that comes.
fn talk(server: &Server, line_and_headers: &str, body: &str, until: &str) -> TcpStream {
    let address = server.api().address();
    let mut stream = TcpStream::connect(address).expect("the server accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    let request = format!("{line_and_headers}Host: {address}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).expect("the connection is open");
    read_until(stream, until)
}

fn read_until(mut stream: TcpStream, until: &str) -> TcpStream {
    let mut read = Vec::new();
    while !read.ends_with(until.as_bytes()) {
        let mut byte = [0];
        let text = || String::from_utf8_lossy(&read);
        stream
            .read_exact(&mut byte)
            .unwrap_or_else(|error| panic!("{error}: no {until:?} behind {:?}", text()));
        read.push(byte[0]);
    }
    stream
}

fn port_of(stream: &TcpStream) -> u16 {
    stream.local_addr().expect("an address").port()
}

/// Waits until it holds. Until then it tells which clients are there.
fn wait_until(what: &str, mut holds: impl FnMut() -> Result<(), Vec<&'static str>>) {
    let since = Instant::now();
    while let Err(there) = holds() {
        assert!(since.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}, there are {there:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A connection of the server's kernel: to whom, and the number of its socket.
type Connection = (&'static str, String);

fn names_of(connections: &[Connection]) -> Vec<&'static str> {
    connections.iter().map(|(name, _)| *name).collect()
}

/// Those to the clients that have not come to their end (`/proc/net/tcp` in proc(5)).
fn connections_to(server: &Server, names: &Clients) -> Vec<Connection> {
    let table = fs::read_to_string(format!("/proc/{}/net/tcp", server.id()));
    let port = |address: &str| u16::from_str_radix(address.split(':').nth(1)?, 16).ok();
    let own = server.api().address().rsplit(':').next().and_then(|port| port.parse().ok());
    let connection = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let name = names.get(&port(columns.get(2)?)?)?;
        (port(columns[1]) == own && columns[3] != TIME_WAIT).then(|| (*name, columns[9].to_owned()))
    };
    table.expect("the server's connections").lines().filter_map(connection).collect()
}

const TIME_WAIT: &str = "06";

/// To whom of the connections the server's process has the socket.
fn held(server: &Server, connections: &[Connection]) -> Vec<&'static str> {
    let files = fs::read_dir(format!("/proc/{}/fd", server.id())).expect("the files of the process");
    let files = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let targets: BTreeSet<_> = files.map(|target| target.to_string_lossy().into_owned()).collect();
    let is_held = |(_, number): &&Connection| targets.contains(&format!("socket:[{number}]"));
    connections.iter().filter(is_held).map(|(name, _)| *name).collect()
}
