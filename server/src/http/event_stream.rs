//! Server-sent events, an operation per connection: the "distinct connections mode" of `graphql-sse`'s protocol.

use std::convert::Infallible;

use actix_web::{HttpResponse, http::header, web::Bytes};
use async_graphql::ServerError;
use futures_util::{Stream, StreamExt, stream};
use graphql_api::{Answer, Message, Operation};

use super::{
    answer::{RequestErrors, to_json},
    refusal::Refusal,
    told::{Event, StreamContext, Told},
};
use crate::authentication::Identity;

/// A line that clients pass over. It shows that the connection lives, and it makes browsers see the response's head.
pub(super) const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// The end of the operation. Without an empty `data`, `EventSource` would not tell it.
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// Answers with the operation's messages as events. It ends with the operation; when the server stops, it ends without
/// the event `complete`, so that clients come back. When the client's token ends, it ends with an error and `complete`: a
/// client must get another token before it comes back, and `EventSource`, which does not know that, is answered with 401
/// then and gives up.
pub(super) fn respond(operation: Operation, identity: &Identity, context: &StreamContext) -> HttpResponse {
    let told = Told::new(operation, identity, context, context.metrics.event_streams()).telling_its_start();
    response(stream::unfold(Some(told), async |told| {
        let mut told = told?;
        Some(match told.next().await {
            // An event without data is told to nobody. A browser that is cut off before the first one keeps its id.
            Event::Started(cursor) => (format!("id: {cursor}\n\n").into(), Some(told)),
            Event::Message(Message::Next(answer)) => (next(&answer), Some(told)),
            Event::Message(Message::Error(errors)) => (failed(&errors), None),
            Event::Unauthenticated(error) => {
                (failed(&[Refusal::unauthenticated(error).to_server_error()]), None)
            }
            Event::Silence => (COMMENT, Some(told)),
            Event::Complete => (Bytes::from_static(COMPLETE.as_bytes()), None),
            Event::Stopping => return None,
        })
    }))
}

/// A response whose body is a stream of events.
pub(super) fn response(events: impl Stream<Item = Bytes> + 'static) -> HttpResponse {
    let events = stream::iter([COMMENT]).chain(events);
    HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        // Proxies after nginx's example gather what they pass on unless told not to.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events.map(Ok::<_, Infallible>))
}

/// An answer. Its position in the order log is the event's id: what a browser sends as `Last-Event-ID` when it comes back.
fn next(answer: &Answer) -> Bytes {
    match &answer.cursor {
        Some(cursor) => format!("event: next\nid: {cursor}\ndata: {}\n\n", answer.json).into(),
        None => format!("event: next\ndata: {}\n\n", answer.json).into(),
    }
}

fn failed(errors: &[ServerError]) -> Bytes {
    format!("event: next\ndata: {}\n\n{COMPLETE}", to_json(&RequestErrors { errors })).into()
}
