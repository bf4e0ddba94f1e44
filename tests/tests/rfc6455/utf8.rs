//! Section 6 (UTF-8), after the sequences of Markus Kuhn's stress test that the suite takes up. Control characters are
//! left out: JSON has no text with them.

use crate::{
    case::{Case, INVALID_TEXT, case},
    frames::{ask_bytes, first_part, last_part, next_part, ping, text},
};

/// Texts of every length that a character can have, and those at the ends of ranges.
const VALID: [(&str, &str); 13] = [
    ("6.2 text of several scripts", "Hello-µ@ßöäüàá-UTF-8!!"),
    ("6.5 Greek", "κόσμε"),
    ("6.6 one byte, the first that is no control character", " "),
    ("6.6 one byte, the last", "\u{7f}"),
    ("6.6 two bytes, the first", "\u{80}"),
    ("6.6 two bytes, the last", "\u{7ff}"),
    ("6.6 three bytes, the first", "\u{800}"),
    ("6.6 three bytes, the last, which is no character", "\u{ffff}"),
    ("6.6 four bytes, the first", "\u{10000}"),
    ("6.6 four bytes, the last", "\u{10ffff}"),
    ("6.7 the last before the surrogates", "\u{d7ff}"),
    ("6.7 the first after the surrogates", "\u{e000}"),
    ("6.22 the replacement character and no characters", "\u{fffd}\u{fffe}\u{fdd0}\u{1fffe}"),
];

const INVALID: [(&str, &[u8]); 28] = [
    ("6.3 a surrogate among characters", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"),
    ("6.8 five bytes, the first", b"\xf8\x88\x80\x80\x80"),
    ("6.8 six bytes, the first", b"\xfc\x84\x80\x80\x80\x80"),
    ("6.10 four bytes beyond the last character", b"\xf7\xbf\xbf\xbf"),
    ("6.10 five bytes, the last", b"\xfb\xbf\xbf\xbf\xbf"),
    ("6.10 six bytes, the last", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    ("6.11 the first beyond the last character", b"\xf4\x90\x80\x80"),
    ("6.12 a continuation byte, the first", b"\x80"),
    ("6.12 a continuation byte, the last", b"\xbf"),
    ("6.12 seven continuation bytes", b"\x80\xbf\x80\xbf\x80\xbf\x80"),
    ("6.13 a start of two bytes and a space", b"\xc3 "),
    ("6.13 a start of three bytes and a space", b"\xe1 "),
    ("6.13 a start of four bytes and a space", b"\xf1 "),
    ("6.14 two bytes without the last", b"\xc3"),
    ("6.14 three bytes without the last", b"\xe1\x80"),
    ("6.14 four bytes without the last", b"\xf1\x80\x80"),
    ("6.15 sequences without their last bytes", b"\xc3\xe1\x80\xf1\x80\x80"),
    ("6.16 the byte fe", b"\xfe"),
    ("6.16 the byte ff", b"\xff"),
    ("6.17 a slash in two bytes", b"\xc0\xaf"),
    ("6.17 a slash in three bytes", b"\xe0\x80\xaf"),
    ("6.17 a slash in four bytes", b"\xf0\x80\x80\xaf"),
    ("6.18 the last character of one byte in two", b"\xc1\xbf"),
    ("6.18 the last character of two bytes in three", b"\xe0\x9f\xbf"),
    ("6.18 the last character of three bytes in four", b"\xf0\x8f\xbf\xbf"),
    ("6.19 zero in two bytes", b"\xc0\x80"),
    ("6.20 a high surrogate", b"\xed\xa0\x80"),
    ("6.21 a pair of surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, valid) in VALID {
        let message = ask_bytes(valid.as_bytes());
        cases.push(case(name).sends(text(&message)).echoes(valid));
        cases.push(
            a_part_for_each_byte(case(format!("{name}, a part for each byte")), &message).echoes(valid),
        );
    }
    for (name, invalid) in INVALID {
        let message = ask_bytes(invalid);
        cases.push(case(name).sends(text(&message)).closes(INVALID_TEXT));
        let parts = a_part_for_each_byte(case(format!("{name}, a part for each byte")), &message);
        cases.push(parts.closes(INVALID_TEXT));
    }
    let (begin, end) = (ask_bytes("κόσμε".as_bytes()), 36);
    cases.extend([
        case("6.2 a ping within a character")
            .sends(first_part(&begin[..end]))
            .sends(ping(b"within"))
            .sends(last_part(&begin[end..]))
            .pongs(b"within")
            .echoes("κόσμε"),
        case("6.4 a text that is wrong before its last part")
            .sends(first_part(&ask_bytes(b"")[..9]))
            .sends(next_part(b"\xf4\x90\x80\x80"))
            .sends(last_part(&ask_bytes(b"")[9..]))
            .closes(INVALID_TEXT),
        case("6.4 a text that ends within a character").sends(text(b"\xce\xba\xe1")).closes(INVALID_TEXT),
        case("6.4 a text in two parts that ends within a character")
            .sends(first_part(b"\xce\xba\xe1"))
            .sends(last_part(b"\xbd"))
            .closes(INVALID_TEXT),
    ]);
    cases
}

fn a_part_for_each_byte(case: Case, message: &[u8]) -> Case {
    let (last, others) = message.split_last().expect("a message has bytes");
    let start = case.sends(first_part(b""));
    let parts = others.iter().fold(start, |case, byte| case.sends(next_part(&[*byte])));
    parts.sends(last_part(&[*last])).in_pieces_of(usize::MAX)
}
