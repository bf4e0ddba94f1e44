//! RFC 6455 on the wire: raw frames at the started server, in the sections of the Autobahn test suite. Each case is a row of
//! data: what is sent, in which pieces, and what comes back. After a case that does not end the connection, it must still
//! be open, with nothing more to read, and close as asked.
//!
//! The suite's echo is a `ping` of `graphql-transport-ws`, whose `pong` carries the same payload.

mod case;
mod closing;
mod connection;
mod fragments;
mod frames;
mod framing;
mod limits;
mod opcodes;
mod utf8;

use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Trial};
use tests::{Installation, Server};

use crate::{case::Case, connection::Connection};

fn main() {
    let server: Arc<OnceLock<Server>> = Arc::default();
    let trial = |case: Case| {
        let server = Arc::clone(&server);
        Trial::test(case.name.clone(), move || {
            case.run(server.get_or_init(start).api().address());
            Ok(())
        })
    };
    let sections = [
        framing::cases(),
        opcodes::cases(),
        fragments::cases(),
        utf8::cases(),
        closing::cases(),
        limits::cases(),
    ];
    let mut trials: Vec<Trial> = sections.into_iter().flatten().map(trial).collect();
    trials.push({
        let server = Arc::clone(&server);
        Trial::test("10.4 connections that end anywhere in a frame leave the server well", move || {
            end_anywhere(server.get_or_init(start).api().address());
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // `exit` drops nothing, and this ends the server.
    drop(server);
    conclusion.exit();
}

fn end_anywhere(address: &str) {
    let frame = frames::text(&frames::ask_of(65_536));
    for length in [0, 1, 2, 5, 9, 13, 14, 15, 40_000, frame.len() - 1] {
        let mut connection = Connection::open(address);
        connection.send(&frame[..length]);
    }
    let mut connection = Connection::open(address);
    connection.send(&frames::text(&frames::ask("well")));
    assert_eq!(connection.next(), connection::Received::Echo("well".to_owned()));
}

/// A server that takes messages of the lengths at which frames differ.
fn start() -> Server {
    Installation::new().set("ORDERCAST_SOCKET_MESSAGE_LIMIT", &limits::LIMIT.to_string()).start()
}
