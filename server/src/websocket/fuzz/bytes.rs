use fastrand::Rng;

use crate::websocket::protocol::Protocol;

/// What an execution works on.
pub(super) struct Input {
    pub(super) protocol: Protocol,
    pub(super) bytes: Vec<u8>,
    /// How many bytes came together with the handshake.
    pub(super) read_with_handshake: usize,
    /// How many bytes come at a time then.
    pub(super) piece: usize,
}

/// The most bytes of a message. Few, so that many executions come to it.
pub(super) const MESSAGE_LIMIT: usize = 2048;

const MESSAGES: [&str; 16] = [
    r#"{"type":"connection_init"}"#,
    r#"{"type":"connection_init","payload":{"resume":"AQAAAAAAAAAB","Authorization":"Bearer x"}}"#,
    r#"{"type":"subscribe","id":"1","payload":{"query":"subscription { getOrder { id } }"}}"#,
    r#"{"id":"6f2c1a52-94a8-4a1c-a8b7-3ac0c0b5d9a1","type":"subscribe","payload":{"query":"query a($b:Int){c}","variables":{"b":1},"operationName":"a","extensions":{}}}"#,
    r#"{"type":"start","id":"1","payload":{"query":"subscription { getOrder { id } }","variables":null}}"#,
    r#"{"id":"\u0000\"\ud83e\udd80","type":"start","payload":{"query":"{ __typename }","extensions":{"a":[{"b":null}]}}}"#,
    r#"{"type":"complete","id":"1"}"#,
    r#"{"type":"stop","id":"1"}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"ping","payload":{"sent":1.5e300,"text":"\u00f6\\","list":[[],{}]}}"#,
    r#"{"type":"pong","payload":null}"#,
    r#"{"type":"connection_terminate"}"#,
    r#"{"type":"next","id":"1","payload":{}}"#,
    r"[]",
    "{\"type\":\"ping\",\"payload\":{\"\u{f6}\u{1f980}\":\"\u{7f}\"}}",
    "",
];

/// What parsers take for something of its own.
const TOKENS: [&[u8]; 20] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b":",
    b"null",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-",
    b"0",
    b"\"type\":",
    b"\"id\":",
    b"\"payload\":",
    b"\0",
    b"\xff",
    b"\xf0\x9f",
];

/// Frames that clients send, and some that they must not, all following from the number.
pub(super) fn input(number: u64) -> Input {
    let mut rng = Rng::with_seed(number);
    let mut bytes = Vec::new();
    for _ in 0..rng.usize(1..=4) {
        match rng.u8(0..10) {
            0 => control_frame(&mut rng, &mut bytes),
            1 => any_frame(&mut rng, &mut bytes),
            _ => message(&mut rng, &mut bytes),
        }
    }
    if rng.u8(0..4) == 0 {
        mutate(&mut rng, &mut bytes);
    }
    Input {
        protocol: if rng.bool() { Protocol::TransportWs } else { Protocol::SubscriptionsTransportWs },
        read_with_handshake: if rng.bool() { 0 } else { rng.usize(0..=bytes.len()) },
        piece: [1, 2, 7, usize::MAX, usize::MAX, usize::MAX][rng.usize(0..6)],
        bytes,
    }
}

/// A message, as it is or spoilt, in one frame or in several.
fn message(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let mut text = MESSAGES[rng.usize(0..MESSAGES.len())].as_bytes().to_vec();
    match rng.u8(0..40) {
        0..12 => mutate(rng, &mut text),
        // Long ids, and messages of about the limit.
        12 => {
            let long = "y".repeat(rng.usize(900..1100));
            text =
                String::from_utf8_lossy(&text).replacen(r#""id":"1"#, &format!(r#""id":"{long}"#), 1).into();
        }
        13 => text.extend(std::iter::repeat_n(b' ', rng.usize(MESSAGE_LIMIT - 200..MESSAGE_LIMIT + 10))),
        14 => {
            let depth = rng.usize(1..200);
            text = [
                b"{\"type\":\"ping\",\"payload\":".as_slice(),
                &b"{\"a\":".repeat(depth),
                b"1",
                &b"}".repeat(depth),
                b"}",
            ]
            .concat();
        }
        _ => {}
    }
    let opcode = if rng.u8(0..30) == 0 { 2 } else { 1 };
    let pieces = if rng.u8(0..4) == 0 { rng.usize(2..=4) } else { 1 };
    let mut rest = text.as_slice();
    for piece in 0..pieces {
        let is_last = piece + 1 == pieces;
        let length = if is_last { rest.len() } else { rng.usize(0..=rest.len()) };
        let (part, behind) = rest.split_at(length);
        rest = behind;
        frame(rng, u8::from(is_last) << 7 | if piece == 0 { opcode } else { 0 }, part, bytes);
        if !is_last && rng.u8(0..4) == 0 {
            control_frame(rng, bytes);
        }
    }
}

/// A ping, a pong or a close frame.
fn control_frame(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let opcode = 0x80 | rng.u8(8..=10);
    let length = if rng.u8(0..20) == 0 { rng.usize(120..130) } else { rng.usize(0..10) };
    let mut payload: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
    if opcode == 0x88 && length >= 2 && rng.bool() {
        let code = [999, 1000, 1001, 1005, 1006, 1012, 1015, 2999, 3000, 4400, 5000][rng.usize(0..11)];
        payload[..2].copy_from_slice(&u16::to_be_bytes(code));
        payload[2..].fill(b'r');
    }
    frame(rng, opcode, &payload, bytes);
}

/// A header of any kind, which may promise more than comes.
fn any_frame(rng: &mut Rng, bytes: &mut Vec<u8>) {
    bytes.push(rng.u8(..));
    bytes.push(rng.u8(..));
    for _ in 0..rng.usize(0..20) {
        bytes.push(if rng.bool() { 0 } else { rng.u8(..) });
    }
}

/// A frame of a client (RFC 6455, section 5.2), with its length in any of the three forms that hold it.
fn frame(rng: &mut Rng, first: u8, payload: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(first);
    let long = rng.u8(0..50) == 0;
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..126), _) if !long => bytes.push(0x80 | short),
        (_, Ok(medium)) if !long || rng.bool() => {
            bytes.push(0xfe);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(0xff);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = if rng.u8(0..4) == 0 { [0; 4] } else { rng.u32(..).to_be_bytes() };
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// Spoils a few places.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..=3) {
        let at = rng.usize(0..=bytes.len());
        let end = (at + rng.usize(0..8)).min(bytes.len());
        match rng.u8(0..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(0..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let token = TOKENS[rng.usize(0..TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
}
