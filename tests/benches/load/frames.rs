//! WebSocket frames (RFC 6455, section 5.2) as a client that keeps up with thousands of connections needs them: nothing
//! is copied, and nothing is checked but what would make it count wrongly.

/// A text message.
pub(crate) const TEXT: u8 = 1;
/// The end of the connection.
pub(crate) const CLOSE: u8 = 8;
/// Asks for a [`PONG`].
pub(crate) const PING: u8 = 9;
/// The answer to a [`PING`].
pub(crate) const PONG: u8 = 10;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;

/// A frame that was received.
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
    /// The bytes of the whole frame.
    pub(crate) length: usize,
}

/// A frame as clients send it. The mask is zero, which leaves the payload as it is.
pub(crate) fn from_client(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, MASKED, payload.len());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A frame as servers send it.
pub(crate) fn from_server(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(opcode, 0, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// The first frame of a server in these bytes; `None` while it is not there as a whole.
pub(crate) fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    let [first, second, ..] = *bytes else { return None };
    let (start, size) = match second & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        size => (2, u64::from(size)),
    };
    let length = start + usize::try_from(size).ok()?;
    Some(Frame { opcode: first & 0x0f, payload: bytes.get(start..length)?, length })
}

fn header(opcode: u8, mask: u8, size: usize) -> Vec<u8> {
    let mut header = vec![FINAL | opcode];
    match (u8::try_from(size), u16::try_from(size)) {
        (Ok(size @ 0..126), _) => header.push(mask + size),
        (_, Ok(size)) => {
            header.push(mask + 126);
            header.extend_from_slice(&size.to_be_bytes());
        }
        _ => {
            header.push(mask + 127);
            header.extend_from_slice(&(size as u64).to_be_bytes());
        }
    }
    header
}
