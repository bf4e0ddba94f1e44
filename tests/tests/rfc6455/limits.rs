//! Section 9 (limits).

use crate::{
    case::{Case, PROTOCOL_ERROR, TOO_BIG, case},
    frames::{
        BINARY, CONTINUATION, FINAL, PING, TEXT, ask, ask_of, first_part, header_only, last_part, next_part,
        ping, text, text_of,
    },
    framing::in_frames,
};

/// The server's `ORDERCAST_SOCKET_MESSAGE_LIMIT`, in bytes.
pub(crate) const LIMIT: usize = 262_144;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = taken();
    cases.extend(refused());
    cases
}

fn taken() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [131_072, LIMIT - 1, LIMIT] {
        let name = format!("9.1 a text of {length} bytes");
        cases.push(case(name).sends(text(&ask_of(length))).echoes(text_of(length)));
    }
    for bytes in [64, 256, 1_024, 4_096, 16_384, 65_536] {
        let name = format!("9.3 a text of the most bytes in frames of {bytes}");
        cases.push(case(name).sends(in_frames(&ask_of(LIMIT), bytes).concat()).echoes(text_of(LIMIT)));
    }
    for bytes in [256, 1_024, 16_384] {
        let name = format!("9.5 a text of the most bytes in pieces of {bytes}");
        cases.push(case(name).sends(text(&ask_of(LIMIT))).in_pieces_of(bytes).echoes(text_of(LIMIT)));
    }
    let many = (0..500).map(|number| number.to_string());
    let asked = many.clone().fold(case("9.7 500 texts"), |case, number| case.sends(text(&ask(&number))));
    cases.push(many.fold(asked.in_pieces_of(usize::MAX), Case::echoes));
    let start = case("9.7 10,000 empty parts").sends(first_part(b"")).sends(next_part(b"").repeat(10_000));
    cases.push(start.sends(last_part(&ask("parts"))).echoes("parts"));
    cases.push(
        case("9.7 a message of the most bytes, with pings between its frames")
            .sends(in_frames(&ask_of(LIMIT), LIMIT / 2).join(&ping(b"between")[..]))
            .pongs(b"between")
            .echoes(text_of(LIMIT)),
    );
    cases
}

/// By what the header promises: the payload is never sent.
fn refused() -> Vec<Case> {
    let over = LIMIT as u64 + 1;
    let mut cases = Vec::new();
    for (name, length) in
        [("one more than the limit", over), ("4 GiB", 1 << 32), ("the most that there is", (1 << 63) - 1)]
    {
        for (what, first) in [("text", FINAL | TEXT), ("binary", FINAL | BINARY), ("first part", TEXT)] {
            cases.push(
                case(format!("9.8 a {what} of {name}")).sends(header_only(first, length)).closes(TOO_BIG),
            );
        }
    }
    cases.extend([
        // The most significant bit must be 0 (RFC 6455, section 5.2), and the length is over the limit.
        case("9.8 a text of a length that there is not")
            .sends(header_only(FINAL | TEXT, 1 << 63))
            .closes_with_one_of(&[Some(PROTOCOL_ERROR), Some(TOO_BIG)]),
        // Pings have at most 125 bytes (section 5.5), and it is over the limit.
        case("9.8 a ping of 4 GiB")
            .sends(header_only(FINAL | PING, 1 << 32))
            .closes_with_one_of(&[Some(PROTOCOL_ERROR), Some(TOO_BIG)]),
        case("9.8 a text whose last part is over the limit")
            .sends(first_part(&[b' '; 10]))
            .sends(header_only(FINAL | CONTINUATION, over))
            .closes(TOO_BIG),
        case("9.8 a text whose parts together are over the limit")
            .sends(first_part(&vec![b' '; LIMIT]))
            .sends(last_part(b" "))
            .closes(TOO_BIG),
        case("9.8 a text with ever more parts")
            .sends(first_part(&vec![b' '; LIMIT / 2]))
            .sends(next_part(&vec![b' '; LIMIT / 2]))
            .sends(next_part(b" "))
            .closes(TOO_BIG),
        case("9.8 a text over the limit after a ping")
            .sends(ping(b"before"))
            .sends(header_only(FINAL | TEXT, over))
            .pongs(b"before")
            .closes(TOO_BIG),
        case("9.8 a text over the limit that is sent as a whole")
            .sends(text(&ask_of(LIMIT + 1)))
            .closes(TOO_BIG),
    ]);
    cases
}
