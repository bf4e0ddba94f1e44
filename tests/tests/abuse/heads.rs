//! The head of a request: its lines, its headers, and how many (RFC 9112, sections 2 to 5).

use tests::{AbuseCase, abuse};

use crate::get;

pub(crate) fn cases() -> Vec<AbuseCase> {
    let line = |line: &str| format!("{line}\r\nHost: localhost\r\n\r\n");
    let many = |count: usize| {
        let headers: Vec<String> = (0..count).map(|number| format!("X-{number}: a\r\n")).collect();
        headers.concat()
    };
    vec![
        abuse("nothing", "").ends(),
        abuse("an empty line", "\r\n").ends(),
        abuse("half a head", "GET /health/live HTTP/1.1\r\nHost: loc").ends(),
        abuse("what TLS begins with", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec())
            .answers(&[400]),
        abuse("bytes of every kind", (0..=255).collect::<Vec<u8>>()).answers(&[400]),
        abuse("empty lines before a request are passed over", format!("\r\n\r\n{}", get(""))).answers(&[200]),
        abuse("HTTP/0.9", "GET /\r\n\r\n").answers(&[400]),
        abuse("no version", line("GET /health/live")).answers(&[400]),
        abuse("HTTP/1.2", line("GET /health/live HTTP/1.2")).answers(&[400]),
        abuse("HTTP/1.10", line("GET /health/live HTTP/1.10")).answers(&[400]),
        abuse("HTTP/2.0 in a line", line("GET /health/live HTTP/2.0")).answers(&[400]),
        abuse("a version in small letters", line("GET /health/live http/1.1")).answers(&[400]),
        abuse("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .answers(&[400]),
        abuse(
            "HTTP/2 by an upgrade is left alone",
            get(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
            ),
        )
        .answers(&[200]),
        abuse("two spaces in the first line", line("GET  /health/live HTTP/1.1")).answers(&[400]),
        abuse("a space in the path", line("GET /health /live HTTP/1.1")).answers(&[400]),
        abuse("a method with a sign that none has", line("G@T /health/live HTTP/1.1")).answers(&[400]),
        abuse("no method", line(" /health/live HTTP/1.1")).answers(&[400]),
        abuse("a method of a thousand letters", line(&format!("{} /health/live HTTP/1.1", "A".repeat(1000))))
            .answers(&[404]),
        abuse("no host", "GET /health/live HTTP/1.1\r\n\r\n").answers(&[400]),
        abuse("two hosts", get("Host: evil.example\r\n")).answers(&[400]),
        abuse("HTTP/1.0 needs no host", "GET /health/live HTTP/1.0\r\n\r\n").answers(&[200]),
        abuse("a header that goes on in the next line", get("X-A: a\r\n b\r\n")).answers(&[400]),
        abuse(
            "a header before the first that goes on",
            "GET /health/live HTTP/1.1\r\n Host: localhost\r\n\r\n",
        )
        .answers(&[400]),
        abuse("a header without a colon", get("X-A\r\n")).answers(&[400]),
        abuse("a header without a name", get(": a\r\n")).answers(&[400]),
        abuse("a header whose name has a space", get("X A: a\r\n")).answers(&[400]),
        abuse("a header whose name has a null", get("X\0A: a\r\n")).answers(&[400]),
        abuse("a header whose name is no ASCII", get("X-\u{e4}: a\r\n")).answers(&[400]),
        abuse("a header whose value has a null", get("X-A: a\0b\r\n")).answers(&[400]),
        abuse("a header whose value has a carriage return", get("X-A: a\rX-B: b\r\n")).answers(&[400]),
        abuse("a header whose value is no ASCII is passed over", get("X-A: \u{e4}\r\n")).answers(&[200]),
        abuse("95 headers", get(&many(95))).answers(&[200]),
        abuse("97 headers", get(&many(96))).answers(&[431]),
        abuse("ten thousand headers", get(&many(10_000))).answers(&[431]),
        abuse("a header of 20 KB", get(&format!("X-A: {}\r\n", "a".repeat(20_000)))).answers(&[200]),
        abuse("a header of 60 KB", get(&format!("X-A: {}\r\n", "a".repeat(60_000)))).answers(&[431]),
        abuse("a header whose name has 70 KB", get(&format!("{}: a\r\n", "a".repeat(70_000))))
            .answers(&[431]),
        abuse("the same behind a request", get("") + &get(&format!("{}: a\r\n", "a".repeat(70_000))))
            .answers(&[200, 431]),
        abuse("a head of a megabyte", get(&format!("X-A: {}\r\n", "a".repeat(1_000_000)))).answers(&[431]),
        abuse("an expectation that is met", get("Expect: 100-continue\r\n")).answers(&[100, 200]),
        abuse("an expectation that nobody knows is passed over", get("Expect: a-miracle\r\n"))
            .answers(&[200]),
        abuse("a connection that names other headers", get("Connection: close, Host, Content-Length\r\n"))
            .answers(&[200]),
        abuse("sixteen requests at once are answered each", get("").repeat(16)).answers(&[200; 16]),
        abuse("a thousand requests at once are answered each", get("").repeat(1000)).answers(&[200; 1000]),
    ]
}
