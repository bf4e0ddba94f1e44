//! What is sent in frames: questions whose answers carry the same text.

pub(crate) use tests::frames::{
    BINARY, CLOSE, CONTINUATION, FINAL, PING, PONG, RESERVED_1, RESERVED_2, RESERVED_3, TEXT, binary, close,
    first_part, frame, header_only, last_part, next_part, ping, pong, text, unmasked, with_mask,
};

/// A message that is answered with the same text.
pub(crate) fn ask(text: &str) -> Vec<u8> {
    ask_bytes(text.as_bytes())
}

/// The same with what may be no text.
pub(crate) fn ask_bytes(text: &[u8]) -> Vec<u8> {
    [br#"{"type":"ping","payload":{"echo":""#, text, br#""}}"#].concat()
}

/// One of exactly so many bytes.
pub(crate) fn ask_of(bytes: usize) -> Vec<u8> {
    ask(&text_of(bytes))
}

/// What [`ask_of`] asks for.
pub(crate) fn text_of(bytes: usize) -> String {
    "*".repeat(bytes - ask("").len())
}
