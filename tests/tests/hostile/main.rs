//! Those who hold connections and give nothing, beside a client that works as usual: they are ended by the limits, and neither
//! keep it waiting nor cost memory that does not come back.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tests::{Bystander, Installation, PATIENCE, Protocol, RawSocket, Server};

/// Connections on which half a request comes, or nothing.
const HALF_OPEN: usize = 1000;
/// WebSockets whose clients never read.
const SILENT: usize = 200;
/// The most memory that all of them may cost: what the web framework keeps for a connection, and a queue for each socket.
const MEMORY: u64 = 96 * 1024 * 1024;

const HEAD: &[u8] = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

fn main() {
    let trials = [
        libtest_mimic::Trial::test("half-open connections are ended beside normal work", || {
            half_open_connections_are_ended_beside_normal_work();
            Ok(())
        }),
        libtest_mimic::Trial::test("clients that never read are ended beside normal work", || {
            clients_that_never_read_are_ended_beside_normal_work();
            Ok(())
        }),
    ];
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), trials.into()).exit();
}

fn half_open_connections_are_ended_beside_normal_work() {
    let server = Installation::new()
        .set("ORDERCAST_REQUEST_TIMEOUT", "3s")
        .set("ORDERCAST_CONNECTIONS_PER_ADDRESS", "5000")
        .start();
    let mut bystander = Bystander::start(server.api());
    let before = server.memory();
    let connections: Vec<TcpStream> = (0..HALF_OPEN).map(|number| half_open(&server, number)).collect();
    // A byte at a time, where there is one to send; whoever is ended takes none.
    let dripping: Vec<TcpStream> =
        connections.iter().map(|stream| stream.try_clone().expect("a connection")).collect();
    let drips = thread::spawn(move || {
        let until = Instant::now() + PATIENCE;
        let mut open = dripping;
        while !open.is_empty() && Instant::now() < until {
            open.retain_mut(|stream| stream.write_all(b"a").is_ok());
            thread::sleep(Duration::from_millis(500));
        }
        open.len()
    });
    bystander.works();
    let grown = server.memory().saturating_sub(before);
    assert!(grown < MEMORY, "{HALF_OPEN} connections cost {grown} bytes");
    for (number, stream) in connections.into_iter().enumerate() {
        if number % 100 == 0 {
            bystander.works();
        }
        ended(stream);
    }
    assert_eq!(drips.join().expect("dripping does not panic"), 0, "connections that drip are open still");
    bystander.works();
}

fn clients_that_never_read_are_ended_beside_normal_work() {
    let server = Installation::new()
        .set("ORDERCAST_SLOW_TIMEOUT", "2s")
        .set("ORDERCAST_KEEP_ALIVE", "5s")
        .set("ORDERCAST_PONG_TIMEOUT", "5s")
        .start();
    let mut bystander = Bystander::start(server.api());
    let before = server.memory();
    // They ask and do not read what they are told.
    let document =
        json!({ "query": "{ __schema { types { name description fields { name description } } } }" });
    let silent: Vec<TcpStream> = (0..SILENT)
        .map(|number| {
            if number % 20 == 0 {
                bystander.works();
            }
            let mut socket =
                RawSocket::start_with_receive_buffer(server.api(), Protocol::GraphqlTransportWs, 4096);
            socket.start_operation("1", &json!({ "query": "subscription { orderEvents { order { id } } }" }));
            for id in 2..20 {
                socket.start_operation(&id.to_string(), &document);
            }
            socket.into_stream()
        })
        .collect();
    bystander.works();
    let grown = server.memory().saturating_sub(before);
    assert!(grown < MEMORY, "{SILENT} sockets cost {grown} bytes");
    let waits = Instant::now();
    while !metrics(&server).contains("ordercast_connections_websocket 1\n") {
        assert!(waits.elapsed() < PATIENCE, "sockets are open still: {}", metrics(&server));
        bystander.works();
        thread::sleep(Duration::from_millis(200));
    }
    drop(silent);
    bystander.works();
}

fn metrics(server: &Server) -> String {
    let answer = server.api().request(reqwest::Method::GET, "/metrics").send();
    answer.and_then(reqwest::blocking::Response::text).expect("metrics")
}

/// A connection that is one of those that never come to a request: nothing, half a head, half a body, the half of a second
/// request, half a chunk.
fn half_open(server: &Server, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.api().address()).expect("the server accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    let whole = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let sent = match number % 5 {
        0 => Vec::new(),
        1 => HEAD.to_vec(),
        2 => [HEAD, b"Content-Length: 1000\r\n\r\n{"].concat(),
        3 => [whole, HEAD].concat(),
        _ => [HEAD, b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n{"].concat(),
    };
    stream.write_all(&sent).expect("the connection is open");
    stream
}

/// Waits for the end of a connection.
fn ended(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                panic!("a connection was open for {PATIENCE:?}")
            }
            Err(_) => return,
        }
    }
}
