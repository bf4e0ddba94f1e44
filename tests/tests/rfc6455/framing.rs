//! Sections 1 (framing), 2 (pings and pongs) and 10 (miscellaneous), and the masking that RFC 6455 asks of clients.

use crate::{
    case::{Case, NO_MESSAGE, PROTOCOL_ERROR, case},
    frames::{
        BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, TEXT, ask, ask_of, binary, first_part, last_part,
        ping, pong, text, text_of, unmasked, with_mask,
    },
};

/// Where the length of a payload takes another form, and its neighbours (RFC 6455, section 5.2).
const LENGTHS: [usize; 8] = [124, 125, 126, 127, 128, 65_534, 65_535, 65_536];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("1.1.1 a text without payload is no message").sends(text(b"")).closes(NO_MESSAGE),
        case("1.1.1 a text that is no JSON is no message").sends(text(b"Hello")).closes(NO_MESSAGE),
        case("1.1.1 JSON that is no message").sends(text(b"[1, 2]")).closes(NO_MESSAGE),
    ];
    for length in LENGTHS {
        let name = format!("1.1 a text of {length} bytes");
        cases.push(case(name).sends(text(&ask_of(length))).echoes(text_of(length)));
    }
    let name = "1.1.8 a text of 65,536 bytes in pieces of 997";
    cases.push(case(name).sends(text(&ask_of(65_536))).in_pieces_of(997).echoes(text_of(65_536)));
    for length in [0].into_iter().chain(LENGTHS) {
        let name = format!("1.2 a binary of {length} bytes is no message");
        cases.push(case(name).sends(binary(&vec![0xfe; length])).closes(NO_MESSAGE));
    }
    cases.extend(masks());
    cases.extend(pings());
    cases.push(
        case("10.1.1 a text of 65,536 bytes in frames of 1,300")
            .sends(in_frames(&ask_of(65_536), 1_300).concat())
            .echoes(text_of(65_536)),
    );
    cases
}

/// A text message in frames of so many bytes.
pub(crate) fn in_frames(message: &[u8], bytes: usize) -> Vec<Vec<u8>> {
    let mut parts = message.chunks(bytes);
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    let mut frames = vec![first_part(first)];
    frames.extend(parts.map(crate::frames::next_part));
    frames.push(last_part(last));
    frames
}

fn masks() -> Vec<Case> {
    let mut cases = Vec::new();
    for mask in [[0; 4], [0xff; 4], [0, 0, 0, 1], *br#"{"ty"#] {
        let name = format!("10.2 a text under the mask {mask:02x?}");
        cases.push(case(name).sends(with_mask(mask, FINAL | TEXT, &ask("mask"))).echoes("mask"));
    }
    let message = ask("masks");
    cases.push(
        case("10.2 a mask for each frame")
            .sends(with_mask([1, 2, 3, 4], TEXT, &message[..7]))
            .sends(with_mask([5, 6, 7, 8], FINAL | PING, b"between"))
            .sends(with_mask([9, 10, 11, 12], FINAL | CONTINUATION, &message[7..]))
            .pongs(b"between")
            .echoes("masks"),
    );
    let unmasked_frames = [
        ("text", FINAL | TEXT, ask("unmasked")),
        ("text without payload", FINAL | TEXT, Vec::new()),
        ("binary", FINAL | BINARY, vec![1, 2, 3]),
        ("first part", TEXT, ask("unmasked")),
        ("ping", FINAL | PING, b"unmasked".to_vec()),
        ("pong", FINAL | PONG, Vec::new()),
        ("close", FINAL | CLOSE, vec![0x03, 0xe8]),
    ];
    for (what, first, payload) in unmasked_frames {
        let name = format!("10.3 an unmasked {what}");
        cases.push(case(name).sends(unmasked(first, &payload)).closes(PROTOCOL_ERROR));
    }
    cases.push(
        case("10.3 an unmasked last part")
            .sends(first_part(&ask("")[..9]))
            .sends(unmasked(FINAL | CONTINUATION, &ask("")[9..]))
            .closes(PROTOCOL_ERROR),
    );
    cases.push(
        case("10.3 an unmasked text after a masked one")
            .sends(text(&ask("masked")))
            .sends(unmasked(FINAL | TEXT, &ask("unmasked")))
            .echoes("masked")
            .closes(PROTOCOL_ERROR),
    );
    cases
}

fn pings() -> Vec<Case> {
    let all_bytes: Vec<u8> = (131..=255).collect();
    let mut cases = vec![
        case("2.1 a ping without payload").sends(ping(b"")).pongs(b""),
        case("2.2 a ping with a text").sends(ping(b"Hello, world!")).pongs(b"Hello, world!"),
        case("2.3 a ping with bytes that are no text")
            .sends(ping(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"))
            .pongs(b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        case("2.4 a ping of 125 bytes").sends(ping(&all_bytes)).pongs(&all_bytes),
        case("2.5 a ping of 126 bytes").sends(ping(&[0xfe; 126])).closes(PROTOCOL_ERROR),
        case("2.5 a ping of 65,536 bytes").sends(ping(&[0xfe; 65_536])).closes(PROTOCOL_ERROR),
        case("2.6 a ping of 125 bytes, octet by octet")
            .sends(ping(&all_bytes))
            .in_pieces_of(1)
            .pongs(&all_bytes),
        case("2.7 a pong that nobody asked for").sends(pong(b"")),
        case("2.8 a pong with a payload that nobody asked for").sends(pong(b"unsolicited")),
        case("2.8 a pong of 126 bytes").sends(pong(&[0xfe; 126])).closes(PROTOCOL_ERROR),
    ];
    cases.extend(
        case("2.9 a pong that nobody asked for, and a ping")
            .sends(pong(b"unsolicited"))
            .sends(ping(b"asks"))
            .pongs(b"asks")
            .however_cut(),
    );
    let mut ten = case("2.10 ten pings");
    for number in 0..10 {
        ten = ten.sends(ping(format!("payload-{number}").as_bytes()));
    }
    for number in 0..10 {
        ten = ten.pongs(format!("payload-{number}").as_bytes());
    }
    cases.extend(ten.however_cut());
    cases.extend(
        case("2.12 a ping between texts")
            .sends(text(&ask("before")))
            .sends(ping(b"between"))
            .sends(text(&ask("after")))
            .echoes("before")
            .pongs(b"between")
            .echoes("after")
            .however_cut(),
    );
    cases
}
