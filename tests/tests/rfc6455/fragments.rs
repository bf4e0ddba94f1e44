//! Section 5 (fragmentation).

use crate::{
    case::{Case, NO_MESSAGE, PROTOCOL_ERROR, case},
    frames::{
        BINARY, CLOSE, FINAL, PING, PONG, TEXT, ask, first_part, frame, last_part, next_part, ping, pong,
        text,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = control_frames();
    cases.extend(whole_messages());
    cases.extend(stray_parts());
    cases
}

fn control_frames() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, what, opcode) in [("5.1", "ping", PING), ("5.2", "pong", PONG), ("5.2", "close", CLOSE)] {
        cases.push(
            case(format!("{section} a {what} in two parts"))
                .sends(frame(opcode, b"fragment1"))
                .sends(last_part(b"fragment2"))
                .closes(PROTOCOL_ERROR),
        );
        cases.push(
            case(format!("{section} a {what} that is not the last part of itself, without payload"))
                .sends(frame(opcode, b""))
                .closes(PROTOCOL_ERROR),
        );
    }
    cases
}

fn whole_messages() -> Vec<Case> {
    let message = ask("fragments");
    let (begin, rest) = message.split_at(11);
    let (middle, end) = rest.split_at(17);
    let mut cases = Vec::new();
    let two =
        case("5.3 a text in two parts").sends(first_part(begin)).sends(last_part(rest)).echoes("fragments");
    cases.extend(two.however_cut());
    cases.extend(
        case("5.6 a ping between two parts")
            .sends(first_part(begin))
            .sends(ping(b"ping"))
            .sends(last_part(rest))
            .pongs(b"ping")
            .echoes("fragments")
            .however_cut(),
    );
    cases.extend(
        case("5.19 pings between three parts, and between two texts")
            .sends(first_part(begin))
            .sends(ping(b"first"))
            .sends(next_part(middle))
            .sends(ping(b"second"))
            .sends(last_part(end))
            .sends(ping(b"third"))
            .sends(text(&ask("after")))
            .pongs(b"first")
            .pongs(b"second")
            .echoes("fragments")
            .pongs(b"third")
            .echoes("after")
            .however_cut(),
    );
    cases.extend([
        case("5.19 a pong between two parts")
            .sends(first_part(begin))
            .sends(pong(b"unsolicited"))
            .sends(last_part(rest))
            .echoes("fragments"),
        case("5.19 the first part is empty")
            .sends(first_part(b""))
            .sends(last_part(&message))
            .echoes("fragments"),
        case("5.19 the last part is empty")
            .sends(first_part(&message))
            .sends(last_part(b""))
            .echoes("fragments"),
        case("5.19 every part is empty, which is no message")
            .sends(first_part(b""))
            .sends(next_part(b""))
            .sends(last_part(b""))
            .closes(NO_MESSAGE),
        case("5.19 a binary in two parts is no message")
            .sends(frame(BINARY, b"fragment1"))
            .sends(last_part(b"fragment2"))
            .closes(NO_MESSAGE),
        message
            .iter()
            .enumerate()
            .fold(case("5.19 a part for each byte"), |case, (place, byte)| {
                let first = if place == 0 { TEXT } else { 0 };
                let last = if place + 1 == message.len() { FINAL } else { 0 };
                case.sends(frame(first | last, &[*byte]))
            })
            .in_pieces_of(usize::MAX)
            .echoes("fragments"),
    ]);
    cases
}

/// Parts of a message that nobody began, and messages within a message.
fn stray_parts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, what, part) in [
        ("5.9", "last", last_part(b"stray")),
        ("5.12", "next", next_part(b"stray")),
        ("5.9", "empty last", last_part(b"")),
    ] {
        cases.extend(
            case(format!("{section} a {what} part of no message, and a text"))
                .sends(part.clone())
                .sends(text(&ask("after")))
                .closes(PROTOCOL_ERROR)
                .however_cut(),
        );
        cases.push(
            case(format!("5.15 a {what} part after a message in two parts"))
                .sends(first_part(&ask("whole")[..9]))
                .sends(last_part(&ask("whole")[9..]))
                .sends(part)
                .sends(text(&ask("after")))
                .echoes("whole")
                .closes(PROTOCOL_ERROR),
        );
    }
    for (what, first) in [
        ("text", FINAL | TEXT),
        ("binary", FINAL | BINARY),
        ("first part of a text", TEXT),
        ("first part of a binary", BINARY),
    ] {
        cases.push(
            case(format!("5.18 a {what} within a message"))
                .sends(first_part(&ask("")[..9]))
                .sends(frame(first, &ask("within")))
                .closes(PROTOCOL_ERROR),
        );
    }
    cases
}
