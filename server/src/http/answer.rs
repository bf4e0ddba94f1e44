use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{
        Method, StatusCode,
        header::{self, ETag, EntityTag, Header, IfNoneMatch},
    },
    web::Bytes,
};
use async_graphql::{ServerError, Value};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use graphql_api::{Answer, Message};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::accept::JsonType;

/// A response with `errors` alone: nothing was executed (GraphQL, October 2021, section 7.1).
#[derive(Serialize)]
pub(super) struct RequestErrors<'e> {
    pub(super) errors: &'e [ServerError],
}

/// The answer of a query or a mutation in one piece.
pub(super) fn message(message: Message, json: JsonType, request: &HttpRequest) -> HttpResponse {
    match message {
        Message::Error(errors) => request_errors(&errors, json),
        Message::Next(answer) if request.method() == Method::GET && !answer.has_errors() => {
            validated(answer, json, request)
        }
        Message::Next(answer) => head(StatusCode::OK, json).body(Bytes::from_owner(Json(answer.json))),
    }
}

/// An answer that the client may keep, and ask each time whether it is still the answer (RFC 9110, section 13).
fn validated(answer: Answer, json: JsonType, request: &HttpRequest) -> HttpResponse {
    let digest = Sha256::digest(answer.json.as_bytes());
    let tag = EntityTag::new_strong(BASE64_URL_SAFE_NO_PAD.encode(&digest[..16]));
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let mut head = head(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK }, json);
    head.insert_header((header::CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag));
    if is_known { head.finish() } else { head.body(Bytes::from_owner(Json(answer.json))) }
}

/// An answer as bytes that are not copied.
struct Json(Arc<str>);

impl AsRef<[u8]> for Json {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The answer to a well-formed request that could not be executed.
pub(super) fn request_errors(list: &[ServerError], json: JsonType) -> HttpResponse {
    let status = match json {
        JsonType::GraphqlResponse => status(list),
        JsonType::Json => StatusCode::OK,
    };
    errors(status, list, json)
}

/// Errors alone, with that status.
pub(super) fn errors(status: StatusCode, list: &[ServerError], json: JsonType) -> HttpResponse {
    head(status, json).body(to_json(&RequestErrors { errors: list }))
}

/// What every answer in one piece starts with.
pub(super) fn head(status: StatusCode, json: JsonType) -> HttpResponseBuilder {
    let mut head = HttpResponse::build(status);
    head.content_type(json.content_type());
    // Answers differ by who asks and when, and by what the client can read.
    head.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::VARY, "Accept"));
    head
}

/// JSON, in which names are never anything but text.
pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("GraphQL responses have names only as keys")
}

/// What the first error means to HTTP.
fn status(list: &[ServerError]) -> StatusCode {
    let extensions = list.first().and_then(|error| error.extensions.as_ref());
    match extensions.and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => match code.as_str() {
            "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
            "FORBIDDEN" => StatusCode::FORBIDDEN,
            "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            "INTERNAL_SERVER_ERROR" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        },
        _ => StatusCode::BAD_REQUEST,
    }
}
