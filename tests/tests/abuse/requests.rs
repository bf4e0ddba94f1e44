//! What is no request of GraphQL, and what browsers are made to send.

use tests::{AbuseCase, abuse};

use crate::{BODY, POST, post, query};

pub(crate) fn cases() -> Vec<AbuseCase> {
    let body = |body: &str| post(&format!("Content-Length: {}\r\n", body.len()), body);
    let kind = |kind: &str| format!("{POST}{kind}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    let nested = |depth: usize| format!(r#"{{"query":"{{__typename}}","variables":{}}}"#, "[".repeat(depth));
    vec![
        abuse("a form", kind("Content-Type: application/x-www-form-urlencoded\r\n")).answers(&[415]),
        abuse("plain text", kind("Content-Type: text/plain\r\n")).answers(&[415]),
        abuse("plain text that ends like JSON", kind("Content-Type: text/plain; application/json\r\n"))
            .answers(&[415]),
        abuse("no type", kind("")).answers(&[415]),
        abuse("a type that is none", kind("Content-Type: application/json/json\r\n")).answers(&[415]),
        abuse("a type that is no ASCII", kind("Content-Type: \u{e4}\r\n")).answers(&[415]),
        abuse("an attached file", kind("Content-Type: multipart/form-data; boundary=a\r\n")).answers(&[415]),
        abuse("another charset", kind("Content-Type: application/json; charset=utf-7\r\n")).answers(&[415]),
        abuse("two bytes a letter", kind("Content-Type: application/json; charset=utf-16le\r\n"))
            .answers(&[415]),
        abuse("a charset in capitals", kind("Content-Type: application/json; charset=UTF-8\r\n"))
            .answers(&[200]),
        abuse("a compressed body", query("Content-Encoding: gzip\r\n"))
            .answers(&[415])
            .containing("compressed"),
        abuse("a body compressed twice", query("Content-Encoding: identity, br\r\n")).answers(&[415]),
        abuse(
            "an uncompressed and compressed body",
            query("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"),
        )
        .answers(&[415]),
        abuse("a type that is not accepted", query("Accept: image/png\r\n")).answers(&[406]),
        abuse("what is accepted is no list of types", query("Accept: \0\r\n")).answers(&[400]),
        abuse("an empty body", body("")).answers(&[400]),
        abuse("half of JSON", body(r#"{"query":"#)).answers(&[400]),
        abuse("JSON with a null byte", body("{\"query\":\"{__typename}\"}\0")).answers(&[400]),
        abuse("JSON with a mark of its byte order", body(&format!("\u{feff}{BODY}"))).answers(&[400]),
        abuse("half of a pair of characters", body(r#"{"query":"{ a(b: \"\ud800\") }"}"#)).answers(&[400]),
        abuse("a number", body("1")).answers(&[400]),
        abuse("a batch", body(&format!("[{BODY}]"))).answers(&[400]),
        abuse("a document that is a number", body(r#"{"query":1}"#)).answers(&[400]),
        abuse("the same member twice", body(r#"{"query":"{__typename}","query":"{a}"}"#)).answers(&[200]),
        abuse("variables a hundred levels deep", body(&nested(100))).answers(&[400]),
        abuse("variables fifty thousand levels deep", body(&nested(50_000))).answers(&[400]),
        abuse("a page of another site", query("Origin: https://evil.example\r\n"))
            .answers(&[403])
            .containing("FORBIDDEN"),
        abuse("a page whose origin is hidden", query("Origin: null\r\n")).answers(&[403]),
        abuse(
            "a page of another site, and of ours",
            query("Origin: http://localhost\r\nOrigin: https://evil.example\r\n"),
        )
        .answers(&[403]),
        abuse("a page that is named like ours", query("Origin: http://localhost.evil.example\r\n"))
            .answers(&[403]),
        abuse("a page of ours", query("Origin: http://localhost:3000\r\n"))
            .answers(&[200])
            .containing("access-control-allow-origin: http://localhost:3000"),
        abuse(
            "a forged address is nobody's",
            query("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n"),
        )
        .answers(&[200]),
        abuse("a forged address that is none", query("X-Forwarded-For: ,,<script>\r\n"))
            .answers(&[200])
            .without("<script>"),
        abuse("a method in a header", query("X-HTTP-Method-Override: DELETE\r\n")).answers(&[200]),
        abuse("a stream's token that is none", query("X-GraphQL-Event-Stream-Token: ../../etc\r\n"))
            .answers(&[400]),
        abuse("a cursor that is none", query("Last-Event-ID: \u{e4}\r\n")).answers(&[200]),
    ]
}
