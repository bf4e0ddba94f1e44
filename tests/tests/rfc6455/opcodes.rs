//! Sections 3 (reserved bits) and 4 (opcodes).

use crate::{
    case::{Case, PROTOCOL_ERROR, case},
    frames::{
        BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, RESERVED_1, RESERVED_2, RESERVED_3, TEXT, ask,
        first_part, frame, ping, text,
    },
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = reserved_bits();
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let section = if opcode < 8 { "4.1" } else { "4.2" };
        cases.push(
            case(format!("{section} opcode {opcode} without payload"))
                .sends(frame(FINAL | opcode, b""))
                .closes(PROTOCOL_ERROR),
        );
        cases.push(
            case(format!("{section} opcode {opcode} between texts"))
                .sends(text(&ask("before")))
                .sends(frame(FINAL | opcode, b"reserved opcode"))
                .sends(text(&ask("after")))
                .echoes("before")
                .closes(PROTOCOL_ERROR),
        );
    }
    for opcode in [3, 7, 11, 15] {
        cases.push(
            case(format!("4.3 opcode {opcode} within a message"))
                .sends(first_part(&ask("")))
                .sends(frame(FINAL | opcode, b""))
                .closes(PROTOCOL_ERROR),
        );
    }
    cases.extend(
        case("4.1.5 opcode 7 after a text, and a ping")
            .sends(text(&ask("before")))
            .sends(frame(FINAL | 7, b"reserved opcode"))
            .sends(ping(b""))
            .echoes("before")
            .closes(PROTOCOL_ERROR)
            .however_cut(),
    );
    cases
}

fn reserved_bits() -> Vec<Case> {
    let mut cases = Vec::new();
    // No extension is agreed on that would give them a meaning.
    for bits in 1..8u8 {
        let reserved = bits << 4;
        let name = format!("3.{bits} a text with the reserved bits {bits:03b}");
        cases.push(case(name).sends(frame(FINAL | reserved | TEXT, &ask("reserved"))).closes(PROTOCOL_ERROR));
    }
    let others = [
        ("binary", RESERVED_1 | RESERVED_3 | BINARY, b"reserved".as_slice()),
        ("ping", RESERVED_1 | RESERVED_2 | PING, b"reserved"),
        ("pong", RESERVED_3 | PONG, b"reserved"),
        ("close", RESERVED_1 | RESERVED_2 | RESERVED_3 | CLOSE, b"\x03\xe8"),
        ("continuation", RESERVED_2 | CONTINUATION, b"reserved"),
    ];
    for (what, first, payload) in others {
        cases.push(
            case(format!("3 a {what} with reserved bits"))
                .sends(frame(FINAL | first, payload))
                .closes(PROTOCOL_ERROR),
        );
    }
    cases.push(
        case("3 a last part with reserved bits")
            .sends(first_part(&ask("")[..9]))
            .sends(frame(FINAL | RESERVED_1 | CONTINUATION, &ask("")[9..]))
            .closes(PROTOCOL_ERROR),
    );
    cases.extend(
        case("3.2 a text, one with a reserved bit, and a ping")
            .sends(text(&ask("before")))
            .sends(frame(FINAL | RESERVED_2 | TEXT, &ask("reserved")))
            .sends(ping(b""))
            .echoes("before")
            .closes(PROTOCOL_ERROR)
            .however_cut(),
    );
    cases
}
