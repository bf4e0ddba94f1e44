//! Section 7 (close handling).

use crate::{
    case::{Case, INVALID_TEXT, PROTOCOL_ERROR, case},
    frames::{CLOSE, FINAL, ask, ask_of, close, first_part, frame, last_part, ping, text, text_of},
};

/// Those that RFC 6455 defines for the wire, those registered after it, and those for libraries and applications.
/// Of the registered ones, 1014 (Bad Gateway) is not known to the codec, which takes it for an error.
const VALID: [u16; 15] =
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999];
/// Those that nobody may send (section 7.4).
const INVALID: [u16; 13] = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = after_the_close();
    for code in VALID {
        cases.push(case(format!("7.7 close with code {code}")).sends(close(code, b"")).closes(code));
        let name = format!("7.7 close with code {code} and a reason");
        cases.push(case(name).sends(close(code, b"reason")).closes(code));
    }
    for code in INVALID {
        cases
            .push(case(format!("7.9 close with code {code}")).sends(close(code, b"")).closes(PROTOCOL_ERROR));
        let name = format!("7.9 close with code {code} and a reason");
        cases.push(case(name).sends(close(code, b"reason")).closes(PROTOCOL_ERROR));
    }
    cases.extend([
        // There is no code to echo; a server may say that all is well.
        case("7.3.1 close without payload")
            .sends(frame(FINAL | CLOSE, b""))
            .closes_with_one_of(&[None, Some(1000)]),
        case("7.3.2 close with half a code").sends(frame(FINAL | CLOSE, b"\x03")).closes(PROTOCOL_ERROR),
        case("7.3.5 close with a reason of 123 bytes").sends(close(1000, &[b'*'; 123])).closes(1000),
        case("7.3.6 close with a reason of 124 bytes")
            .sends(close(1000, &[b'*'; 124]))
            .closes(PROTOCOL_ERROR),
        case("7.3.4 close with a reason in Greek").sends(close(1000, "κόσμε".as_bytes())).closes(1000),
        case("7.5.1 close with a reason that is no text")
            .sends(close(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"))
            .closes(INVALID_TEXT),
        case("7.5.1 close with a reason that ends within a character")
            .sends(close(1000, b"\xce"))
            .closes(INVALID_TEXT),
    ]);
    cases
}

fn after_the_close() -> Vec<Case> {
    let message = ask("after");
    let mut cases = Vec::new();
    for case in [
        case("7.1.1 a text, and close").sends(text(&ask("before"))).sends(close(1000, b"")).echoes("before"),
        case("7.1.2 close twice").sends(close(1000, b"")).sends(close(1000, b"")),
        case("7.1.3 a ping after close").sends(close(1000, b"")).sends(ping(b"after")),
        case("7.1.4 a text after close").sends(close(1000, b"")).sends(text(&message)),
        case("7.1.5 close within a message, and its last part")
            .sends(first_part(&message[..9]))
            .sends(close(1000, b""))
            .sends(last_part(&message[9..])),
        case("7.1.5 bytes that are no frame after close").sends(close(1000, b"")).sends(vec![0xff; 10]),
    ] {
        cases.extend(case.closes(1000).however_cut());
    }
    cases.push(
        case("7.1.6 a text of 131,072 bytes, close and a ping")
            .sends(text(&ask_of(131_072)))
            .sends(close(1000, b""))
            .sends(ping(b"after"))
            .echoes(text_of(131_072))
            .closes(1000),
    );
    cases.push(
        case("7.1.6 a fault after close").sends(close(1000, b"")).sends(frame(FINAL | 3, b"")).closes(1000),
    );
    cases
}
