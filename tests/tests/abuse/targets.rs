//! What a request is for: paths, hosts, methods (RFC 9110, sections 7 and 9).

use tests::{AbuseCase, abuse};

pub(crate) fn cases() -> Vec<AbuseCase> {
    let to = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let by =
        |method: &str| format!("{method} /graphql HTTP/1.1\r\nHost: localhost\r\nX-Secret: echo\r\n\r\n");
    let document = |document: &str| to(&format!("/graphql?query={document}"));
    vec![
        abuse("a path that is not there", to("/hidden")).answers(&[404]),
        abuse("a path out of the root", to("/../../etc/passwd")).answers(&[404]),
        abuse("an escaped path out of the root", to("/assets/..%2f..%2fCargo.toml")).answers(&[404]),
        abuse("a path out of the assets", to("/assets/../graphql?query={__typename}")).answers(&[404]),
        abuse("two slashes", to("//graphql?query={__typename}")).answers(&[404]),
        abuse("an escaped letter is that letter", to("/%67raphql?query={__typename}")).answers(&[200]),
        abuse("an escape that is none", to("/%zz")).answers(&[404]),
        abuse("half an escape", to("/graphql%2")).answers(&[404]),
        abuse("an escaped null in the path", to("/graphql%00")).answers(&[404]),
        abuse("a null in the path", to("/graphql\0")).answers(&[400]),
        abuse("what is no ASCII in the path", to("/gr\u{e4}phql")).answers(&[400]),
        abuse("a fragment", to("/graphql?query={__typename}#fragment")).answers(&[200]),
        abuse("a target without a slash", to("graphql")).answers(&[404]),
        abuse("the whole server", to("*")).answers(&[404]),
        abuse("a whole URL is its path", to("http://evil.example/graphql?query={__typename}"))
            .answers(&[200]),
        abuse("a whole URL with a user", to("http://user:secret@localhost/hidden"))
            .answers(&[404])
            .without("secret"),
        abuse("a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n").answers(&[404]),
        abuse("a tunnel to a path", "CONNECT /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n").answers(&[405]),
        abuse(
            "a host that is not ours is of no concern",
            to("/health/live").replace("localhost", "evil.example"),
        )
        .answers(&[200])
        .without("evil.example"),
        abuse("a host that is none", to("/health/live").replace("localhost", "<script>"))
            .answers(&[200])
            .without("<script>"),
        abuse("TRACE tells nothing back", by("TRACE")).answers(&[405]).without("X-Secret"),
        abuse("a method that is none", by("BREW"))
            .answers(&[405])
            .containing("allow: GET, POST, PUT, DELETE"),
        abuse("a method in small letters", by("get")).answers(&[405]),
        abuse("PATCH", by("PATCH")).answers(&[405]),
        abuse("OPTIONS without an origin", by("OPTIONS")).answers(&[405]),
        abuse("a method of WebDAV elsewhere", by("PROPFIND").replace("/graphql", "/")).answers(&[405]),
        abuse("no document", to("/graphql")).answers(&[400]),
        abuse("a document with an escaped null", document("{__typename%00}"))
            .answers(&[200])
            .containing("GRAPHQL_PARSE_FAILED"),
        abuse("a document that is no UTF-8", document("{%ff}"))
            .answers(&[200])
            .containing("GRAPHQL_PARSE_FAILED"),
        abuse("a document given twice", document("{__typename}&query={__typename}")).answers(&[400]),
        abuse(
            "a change by GET",
            document("mutation{createUser(input:{username:%22x%22,email:%22x@dev.io%22}){user{id}}}"),
        )
        .answers(&[405])
        .containing("allow: POST"),
        abuse("a query string over the limit", document(&"a".repeat(16_385)))
            .answers(&[414])
            .containing("16384"),
        abuse("a URL of 70 KB", document(&"a".repeat(70_000))).answers(&[431]),
        abuse(
            "the metrics through a proxy",
            to("/metrics").replace("\r\n\r\n", "\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"),
        )
        .answers(&[404]),
        abuse(
            "the metrics for another site's page",
            to("/metrics").replace("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n"),
        )
        .answers(&[404]),
    ]
}
