//! Frames as a client sends them (RFC 6455, section 5.2), right and wrong ones.

/// The last part of a message, or the only one.
pub const FINAL: u8 = 0x80;
/// The first bit that nobody may set.
pub const RESERVED_1: u8 = 0x40;
/// The second one.
pub const RESERVED_2: u8 = 0x20;
/// The third one.
pub const RESERVED_3: u8 = 0x10;

/// A further part of a message.
pub const CONTINUATION: u8 = 0x0;
/// A text, or its first part.
pub const TEXT: u8 = 0x1;
/// A binary message, or its first part.
pub const BINARY: u8 = 0x2;
/// The end of the connection.
pub const CLOSE: u8 = 0x8;
/// A question whether the other end is there.
pub const PING: u8 = 0x9;
/// Its answer.
pub const PONG: u8 = 0xa;

/// Any but zero, which would hide a server that does not unmask.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MASKED: u8 = 0x80;

/// A frame with that first byte.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    with_mask(MASK, first, payload)
}

/// A frame under that mask (section 5.3).
pub fn with_mask(mask: [u8; 4], first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, MASKED, payload.len() as u64);
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame that is not masked, as a client must not send it (section 5.1).
pub fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, 0, payload.len() as u64);
    frame.extend(payload);
    frame
}

/// The header of a frame that promises so many bytes, and none of them.
pub fn header_only(first: u8, length: u64) -> Vec<u8> {
    let mut header = header(first, MASKED, length);
    header.extend(MASK);
    header
}

/// A text message in one frame.
pub fn text(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | TEXT, payload)
}

/// A binary message in one frame.
pub fn binary(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | BINARY, payload)
}

/// A ping in one frame.
pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | PING, payload)
}

/// A pong in one frame.
pub fn pong(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | PONG, payload)
}

/// The first part of a text message.
pub fn first_part(payload: &[u8]) -> Vec<u8> {
    frame(TEXT, payload)
}

/// A part after which others come.
pub fn next_part(payload: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, payload)
}

/// The last part of a message.
pub fn last_part(payload: &[u8]) -> Vec<u8> {
    frame(FINAL | CONTINUATION, payload)
}

/// The end of the connection, with a status code and a reason.
pub fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FINAL | CLOSE, &[&code.to_be_bytes(), reason].concat())
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
