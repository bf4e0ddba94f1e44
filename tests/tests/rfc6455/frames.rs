//! Frames as a client sends them (RFC 6455, section 5.2), right and wrong ones.

pub(crate) const FINAL: u8 = 0x80;
pub(crate) const RESERVED_1: u8 = 0x40;
pub(crate) const RESERVED_2: u8 = 0x20;
pub(crate) const RESERVED_3: u8 = 0x10;

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// Any but zero, which would hide a server that does not unmask.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MASKED: u8 = 0x80;

/// A frame with that first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    with_mask(MASK, first, payload)
}

/// A frame under that mask (section 5.3).
pub(crate) fn with_mask(mask: [u8; 4], first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, MASKED, payload.len() as u64);
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame that is not masked, as a client must not send it (section 5.1).
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, 0, payload.len() as u64);
    frame.extend(payload);
    frame
}

/// The header of a frame that promises so many bytes, and none of them.
pub(crate) fn header_only(first: u8, length: u64) -> Vec<u8> {
    let mut header = header(first, MASKED, length);
    header.extend(MASK);
    header
}

/// A text message in one frame.
pub(crate) fn text(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | TEXT, payload)
}

/// A binary message in one frame.
pub(crate) fn binary(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | BINARY, payload)
}

pub(crate) fn ping(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | PING, payload)
}

pub(crate) fn pong(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | PONG, payload)
}

/// The first part of a text message.
pub(crate) fn first_part(payload: &[u8]) -> Vec<u8> {
    frame(TEXT, payload)
}

/// A part after which others come.
pub(crate) fn next_part(payload: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, payload)
}

/// The last part of a message.
pub(crate) fn last_part(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | CONTINUATION, payload)
}

/// The end of the connection, with a status code and a reason.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FINAL | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

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

fn header(first: u8, mask: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => header.push(mask + length),
        (_, Ok(length)) => {
            header.push(mask + 126);
            header.extend(length.to_be_bytes());
        }
        _ => {
            header.push(mask + 127);
            header.extend(length.to_be_bytes());
        }
    }
    header
}
