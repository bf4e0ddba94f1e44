//! Handshakes of WebSockets that are none (RFC 6455, section 4.2.1), and what comes with them.

use tests::{AbuseCase, abuse};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
const PROTOCOL: &str = "Sec-WebSocket-Protocol: graphql-transport-ws\r\n";

pub(crate) fn cases() -> Vec<AbuseCase> {
    let handshake =
        |lines: &[&str]| format!("GET /graphql HTTP/1.1\r\nHost: localhost\r\n{}\r\n", lines.concat());
    let whole = handshake(&[UPGRADE, KEY, VERSION, PROTOCOL]);
    vec![
        abuse("a handshake is one", whole.clone())
            .answers(&[101])
            .containing("sec-websocket-protocol: graphql-transport-ws"),
        abuse("a handshake without a version", handshake(&[UPGRADE, KEY, PROTOCOL]))
            .answers(&[426])
            .containing("sec-websocket-version: 13"),
        abuse("a handshake of an older version", handshake(&[UPGRADE, KEY, "Sec-WebSocket-Version: 8\r\n"]))
            .answers(&[426]),
        abuse("a handshake of two versions", handshake(&[UPGRADE, KEY, "Sec-WebSocket-Version: 13, 8\r\n"]))
            .answers(&[426]),
        abuse("a handshake without a key", handshake(&[UPGRADE, VERSION, PROTOCOL])).answers(&[400]),
        abuse("a handshake with an empty key", handshake(&[UPGRADE, "Sec-WebSocket-Key:\r\n", VERSION]))
            .answers(&[400]),
        abuse(
            "a handshake with a key that is too short",
            handshake(&[UPGRADE, "Sec-WebSocket-Key: YQ==\r\n", VERSION]),
        )
        .answers(&[400]),
        abuse("a handshake with two keys", handshake(&[UPGRADE, KEY, KEY, VERSION])).answers(&[400]),
        abuse(
            "a handshake that does not ask for an upgrade",
            handshake(&["Upgrade: websocket\r\n", KEY, VERSION]),
        )
        .answers(&[400]),
        abuse("a handshake by POST", whole.replace("GET", "POST")).answers(&[405]).containing("allow: GET"),
        abuse("a handshake in HTTP/1.0", whole.replace("HTTP/1.1", "HTTP/1.0")).answers(&[400]),
        abuse("a handshake elsewhere", whole.replace("/graphql ", "/hidden ")).answers(&[404]),
        abuse(
            "a handshake for a page of another site",
            handshake(&[UPGRADE, KEY, VERSION, PROTOCOL, "Origin: https://evil.example\r\n"]),
        )
        .answers(&[403]),
        abuse(
            "a handshake for a page without a name",
            handshake(&[UPGRADE, KEY, VERSION, PROTOCOL, "Origin: null\r\n"]),
        )
        .answers(&[403]),
        abuse(
            "a handshake with a body is read as frames",
            handshake(&[UPGRADE, KEY, VERSION, PROTOCOL, "Content-Length: 5\r\n"]) + "hello",
        )
        .answers(&[101]),
        abuse(
            "a handshake in chunks",
            handshake(&[UPGRADE, KEY, VERSION, PROTOCOL, "Transfer-Encoding: chunked\r\n"]) + "0\r\n\r\n",
        )
        .answers(&[400]),
        abuse(
            "a request in place of frames",
            whole.clone() + "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
        .answers(&[101]),
        abuse(
            "compression is not offered",
            handshake(&[UPGRADE, KEY, VERSION, PROTOCOL, "Sec-WebSocket-Extensions: permessage-deflate\r\n"]),
        )
        .answers(&[101])
        .without("permessage-deflate"),
        abuse(
            "a name that is no protocol",
            handshake(&[UPGRADE, KEY, VERSION, "Sec-WebSocket-Protocol: \u{e4}, <script>\r\n"]),
        )
        .answers(&[101])
        .without("<script>"),
        abuse("an upgrade to something else", whole.replace("websocket", "tls/1.0")).answers(&[400]),
    ]
}
