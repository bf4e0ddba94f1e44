//! Messages of `graphql-transport-ws`, told apart without parsing their JSON: the client shares the machine with what it
//! measures.

use std::hash::{DefaultHasher, Hash, Hasher};

use memchr::memmem;

/// What a message is.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Acknowledged,
    Next,
    Ping,
    Error,
    Other,
}

/// What the message is, by its `type`.
pub(crate) fn kind(message: &[u8]) -> Kind {
    match value(message, b"\"type\"") {
        Some(b"next") => Kind::Next,
        Some(b"connection_ack") => Kind::Acknowledged,
        Some(b"ping") => Kind::Ping,
        Some(b"error") => Kind::Error,
        _ => Kind::Other,
    }
}

/// Which event it tells of: a hash of the first cursor in it. Peers that have no cursors tell none.
pub(crate) fn event(message: &[u8]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    value(message, b"\"cursor\"")?.hash(&mut hasher);
    Some(hasher.finish())
}

/// The text after the first `name`, as long as it has no escapes.
fn value<'a>(json: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let after = &json[memmem::find(json, name)? + name.len()..];
    let start = after.iter().position(|byte| !matches!(byte, b' ' | b':'))?;
    let text = after[start..].strip_prefix(b"\"")?;
    Some(&text[..memchr::memchr(b'"', text)?])
}

/// `connection_init`.
pub(crate) fn init() -> &'static [u8] {
    br#"{"type":"connection_init"}"#
}

/// `pong`.
pub(crate) fn pong() -> &'static [u8] {
    br#"{"type":"pong"}"#
}

/// `subscribe`, under an id of the form and length that npm's `graphql-ws` gives it, different for each client.
pub(crate) fn subscribe(client: usize, document: &str) -> Vec<u8> {
    let id = format!("{client:08x}-0000-4000-8000-000000000000");
    let message = serde_json::json!({ "id": id, "type": "subscribe", "payload": { "query": document } });
    message.to_string().into_bytes()
}

/// A `next` of exactly that many bytes, or the fewest that one can have, which tells of that event.
pub(crate) fn next_of_size(bytes: usize, event: usize) -> Vec<u8> {
    let message = |padding: &str| {
        format!(r#"{{"id":"1","type":"next","payload":{{"data":"{padding}"}},"cursor":"{event:08}"}}"#)
    };
    let padding = "x".repeat(bytes.saturating_sub(message("").len()));
    message(&padding).into_bytes()
}
