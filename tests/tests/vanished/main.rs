//! Clients that vanish without a word, as when their power or their network fails: nothing that is sent to them arrives, and
//! no end of their connections ever comes. Here the network vanishes, and the clients' ends of the connections stay.

mod network;

use std::{
    collections::BTreeMap,
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
    let free = open_sockets(&server);
    let clients = connect(&server);
    let names: Clients = clients.iter().map(|(name, stream)| (port_of(stream), *name)).collect();
    wait_until(&server, &names, clients.len(), free + clients.len());

    network.go_down();
    // There is more than signs of life to tell, too.
    server.installation().execute("UPDATE orders SET state = 'PAID' WHERE state = 'UNPAID'");
    wait_until(&server, &names, 0, free);

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

/// Those of the clients to whom the server's kernel has a connection.
fn connected(server: &Server, names: &Clients) -> Vec<&'static str> {
    let table =
        fs::read_to_string(format!("/proc/{}/net/tcp", server.id())).expect("the server's connections");
    let port = |address: &str| u16::from_str_radix(address.split(':').nth(1)?, 16).ok();
    let own: u16 =
        server.api().address().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let mut found: Vec<_> = table
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            let (local, remote) = (port(columns.next()?)?, port(columns.next()?)?);
            (local == own).then(|| names.get_key_value(&remote))?
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| *name).collect()
}

/// Waits until the server's kernel has connections to so many of the clients, and the server so many sockets.
fn wait_until(server: &Server, names: &Clients, clients: usize, sockets: usize) {
    let since = Instant::now();
    loop {
        let (connected, open) = (connected(server, names), open_sockets(server));
        if connected.len() == clients && open == sockets {
            return;
        }
        let found = format!("there are {open} sockets and not {sockets}, and connections to {connected:?}");
        assert!(since.elapsed() < PATIENCE, "after {PATIENCE:?} {found}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many sockets the server's process holds.
fn open_sockets(server: &Server) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", server.id())).expect("the files of the process");
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}
