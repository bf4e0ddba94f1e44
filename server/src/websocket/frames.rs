//! The frames of answers that many sockets get: made once, with a gap for each socket's own operation id.

use arrayvec::ArrayString;
use graphql_api::Answer;

use super::protocol::{Protocol, ServerMessage};

/// An operation's id as a JSON string, held where it is used.
#[derive(Clone, Debug)]
pub(crate) enum MemberId {
    /// Long enough for those that clients make of UUIDs.
    Short(ArrayString<46>),
    Long(Box<str>),
}

/// The frames of some answers, for ids of one length.
pub(crate) struct Frames {
    protocol: Protocol,
    id_length: usize,
    bytes: Vec<u8>,
    /// Where the ids are.
    gaps: Vec<usize>,
}

impl Frames {
    /// The frames of these answers for this id.
    pub(crate) fn new(protocol: Protocol, id: &str, answers: &[Answer]) -> Self {
        let mut frames = Self { protocol, id_length: id.len(), bytes: Vec::new(), gaps: Vec::new() };
        for answer in answers {
            let start = frames.bytes.len();
            protocol.write(&ServerMessage::Next { id, payload: &answer.json }, &mut frames.bytes);
            frames.gaps.push(start + frame_header(&frames.bytes[start..]) + Protocol::ID_OFFSET);
        }
        frames
    }

    /// Whether they can be filled in for this id.
    pub(crate) fn fit(&self, protocol: Protocol, id: &str) -> bool {
        self.id_length == id.len() && self.protocol == protocol
    }

    /// The frames with this id.
    pub(crate) fn with(&mut self, id: &str) -> &[u8] {
        for gap in &self.gaps {
            self.bytes[*gap..gap + id.len()].copy_from_slice(id.as_bytes());
        }
        &self.bytes
    }
}

/// How long the header of a server's frame is (RFC 6455, section 5.2).
fn frame_header(frame: &[u8]) -> usize {
    match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    }
}

impl MemberId {
    pub(crate) fn new(id: &str) -> Self {
        ArrayString::from(id).map_or_else(|_| Self::Long(id.into()), Self::Short)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short(id) => id,
            Self::Long(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_is_kept_as_it_is() {
        for length in [1, 46, 47, 1000] {
            let id = "x".repeat(length);
            assert_eq!(MemberId::new(&id).as_str(), id);
        }
    }

    #[test]
    fn a_gap_is_where_the_id_is() {
        for length in [1, 100, 70_000] {
            let payload = "p".repeat(length);
            for protocol in [Protocol::TransportWs, Protocol::SubscriptionsTransportWs] {
                let message = |id| {
                    let mut frame = Vec::new();
                    protocol.write(&ServerMessage::Next { id, payload: &payload }, &mut frame);
                    frame
                };
                let frame = message("\"one\"");
                let start = frame_header(&frame) + Protocol::ID_OFFSET;
                assert_eq!(&frame[start..start + 5], b"\"one\"");
            }
        }
    }
}
