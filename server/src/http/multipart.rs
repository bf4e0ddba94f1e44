//! Apollo's protocol for subscriptions over HTTP: `multipart/mixed;subscriptionSpec=1.0`, whose parts are answers.
//!
//! A part counts as ended when the boundary after it came, so each part is sent with that boundary.

use std::convert::Infallible;

use actix_web::{HttpResponse, http::header, web::Bytes};
use async_graphql::ServerError;
use futures_util::{StreamExt, stream};
use graphql_api::{Message, Operation};

use super::{
    answer::{RequestErrors, to_json},
    refusal::Refusal,
    told::{Event, StreamContext, Told},
};
use crate::authentication::Identity;

const OPENING: Bytes = Bytes::from_static(b"\r\n--graphql");
const STOPPING: &str = concat!(
    r#"{"payload":null,"errors":[{"message":"the server stops; subscribe again","#,
    r#""extensions":{"code":"UNAVAILABLE"}}]}"#
);

/// A subscription under way.
struct Parts {
    told: Told,
    /// Whether it was answered.
    was_answered: bool,
}

/// Answers with the operation's messages as parts.
pub(super) fn respond(operation: Operation, identity: &Identity, context: &StreamContext) -> HttpResponse {
    let told = Told::new(operation, identity, context, context.metrics.multipart());
    let parts = Parts { told, was_answered: false };
    let parts = stream::unfold(Some(parts), async |parts| {
        let mut parts = parts?;
        Some(match parts.told.next().await {
            Event::Message(Message::Next(answer)) => {
                parts.was_answered = true;
                (part(&format!(r#"{{"payload":{}}}"#, answer.json)), Some(parts))
            }
            Event::Message(Message::Error(errors)) => (last_part(&failed(&errors, parts.was_answered)), None),
            Event::Unauthenticated(error) => {
                let errors = [Refusal::unauthenticated(error).to_server_error()];
                (last_part(&failed(&errors, true)), None)
            }
            Event::Silence | Event::Started(_) => (part("{}"), Some(parts)),
            Event::Complete => (Bytes::from_static(b"--\r\n"), None),
            Event::Stopping => (last_part(STOPPING), None),
        })
    });
    HttpResponse::Ok()
        .content_type(r#"multipart/mixed;boundary="graphql";subscriptionSpec=1.0"#)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::iter([OPENING]).chain(parts).map(Ok::<_, Infallible>))
}

/// What the client is told of errors: those of a request are its answer, those of a subscription under way end it.
fn failed(errors: &[ServerError], was_answered: bool) -> String {
    let errors = to_json(&RequestErrors { errors });
    if was_answered {
        errors.replacen('{', r#"{"payload":null,"#, 1)
    } else {
        format!(r#"{{"payload":{errors}}}"#)
    }
}

fn part(json: &str) -> Bytes {
    format!("\r\nContent-Type: application/json\r\n\r\n{json}\r\n--graphql").into()
}

fn last_part(json: &str) -> Bytes {
    format!("\r\nContent-Type: application/json\r\n\r\n{json}\r\n--graphql--\r\n").into()
}
