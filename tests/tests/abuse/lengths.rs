//! Where a request ends: what proxies and servers must not understand differently (RFC 9112, section 6 and 7).

use tests::{AbuseCase, abuse};

use crate::{BODY, get, post, query};

/// A request in the body of another.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub(crate) fn cases() -> Vec<AbuseCase> {
    let length = BODY.len();
    let chunk = format!("{length:x}\r\n{BODY}\r\n");
    let whole = format!("{chunk}0\r\n\r\n");
    let chunked = |body: &str| post("Transfer-Encoding: chunked\r\n", body);
    let of_length = |value: &str| post(&format!("Content-Length: {value}\r\n"), BODY);
    let encoded = |value: &str| post(&format!("Transfer-Encoding: {value}\r\n"), &whole);
    vec![
        abuse(
            "a length and chunks",
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), &whole),
        )
        .answers(&[400]),
        abuse("chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", &whole))
            .answers(&[400]),
        abuse(
            "chunks that hide a request behind a length",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{HIDDEN}")),
        )
        .answers(&[400]),
        abuse("two lengths that differ", query("Content-Length: 3\r\n")).answers(&[400]),
        abuse("two lengths that are equal", query(&format!("Content-Length: {length}\r\n"))).answers(&[400]),
        abuse("a list of lengths", of_length(&format!("{length}, {length}"))).answers(&[400]),
        abuse("a length below zero", of_length("-1")).answers(&[400]),
        abuse("a length with a plus sign", of_length(&format!("+{length}"))).answers(&[400]),
        abuse("a length in hexadecimal", of_length("0x18")).answers(&[400]),
        abuse("a length with a fraction", of_length("24.0")).answers(&[400]),
        abuse("a length and more", of_length(&format!("{length} 0"))).answers(&[400]),
        abuse("an empty length", of_length("")).answers(&[400]),
        abuse("a length that no number holds", of_length("18446744073709551616")).answers(&[400]),
        abuse("the largest length", of_length("18446744073709551615"))
            .answers(&[413])
            .containing("LIMIT_EXCEEDED"),
        abuse("a length over the limit", of_length("65537")).answers(&[413]).containing("65536"),
        abuse("a length that is longer than the body", of_length("100")).answers(&[400]),
        abuse(
            "a length that is shorter than the body",
            post("Content-Length: 24\r\n", &format!("{BODY}\r\n\0\r\n\r\n")),
        )
        .answers(&[200, 400]),
        abuse("a request behind a request is answered after it", query("") + &get("")).answers(&[200, 200]),
        abuse(
            "a request in the body of one that has none",
            get(&format!("Content-Length: {}\r\n", HIDDEN.len())) + HIDDEN,
        )
        .answers(&[200]),
        abuse("chunks twice", encoded("chunked, chunked")).answers(&[400]),
        abuse(
            "chunks in two headers",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &whole),
        )
        .answers(&[400]),
        abuse(
            "chunks and an identity",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", &whole),
        )
        .answers(&[400]),
        abuse("chunks of what is compressed", encoded("gzip, chunked")).answers(&[400]),
        abuse("no chunks at all", encoded("identity")).answers(&[400]),
        abuse("an encoding that looks like chunks", encoded("xchunked")).answers(&[400]),
        abuse("an encoding that ends like chunks", encoded("chunked\u{b}")).answers(&[400]),
        abuse("chunks in capitals are chunks", encoded("CHUNKED")).answers(&[200]),
        abuse("chunks behind a tab are chunks", encoded("\tchunked")).answers(&[200]),
        abuse("a space before the colon", post("Transfer-Encoding : chunked\r\n", &whole)).answers(&[400]),
        abuse("chunks in HTTP/1.0", chunked(&whole).replace("HTTP/1.1", "HTTP/1.0")).answers(&[400]),
        abuse("chunks are read", chunked(&whole)).answers(&[200]),
        abuse("a chunk with an extension is read", chunked(&whole.replacen("\r\n", ";a=b\r\n", 1)))
            .answers(&[200]),
        abuse("a chunk of a size below zero", chunked("-1\r\n")).answers(&[400]),
        abuse("a chunk of a size that is no number", chunked("G\r\n{}\r\n0\r\n\r\n")).answers(&[400]),
        abuse("a chunk of a size with a prefix", chunked(&format!("0x{whole}"))).answers(&[400]),
        abuse("a chunk without a size", chunked("\r\n{}\r\n0\r\n\r\n")).answers(&[400]),
        abuse("a chunk of a size that no number holds", chunked("10000000000000000\r\n")).answers(&[400]),
        abuse("a chunk of the largest size", chunked("ffffffffffffffff\r\n{")).answers(&[400]),
        abuse(
            "a chunk that is longer than its size",
            chunked(&format!("{length:x}\r\n{BODY}}}\r\n0\r\n\r\n")),
        )
        .answers(&[400]),
        abuse("a chunk without an end", chunked(&format!("{length:x}\r\n{BODY}0\r\n\r\n"))).answers(&[400]),
        abuse("chunks whose lines end with line feeds", chunked(&whole.replace("\r\n", "\n")))
            .answers(&[400]),
        abuse("chunks that end too early", chunked(&chunk)).answers(&[400]),
        abuse("chunks over the limit", chunked(&format!("50000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x50000))))
            .answers(&[413])
            .containing("65536"),
        abuse(
            "a million chunks of a byte are as much as the limit",
            chunked(&("1\r\n \r\n".repeat(300_000) + "0\r\n\r\n")),
        )
        .answers(&[413]),
    ]
}
