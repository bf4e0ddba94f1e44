use actix_web::{
    HttpMessage, HttpRequest,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web::{BytesMut, Payload},
};
use futures_util::StreamExt;
use serde_json::Value as Json;
use tokio::time::timeout_at;

use super::refusal::Refusal;
use crate::limits::{has_received, read_body};

/// Reads a body of JSON with at most `limit` bytes.
pub(super) async fn read_json(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Json, Refusal> {
    check_media_type(request)?;
    let too_large = || {
        let message = format!("the body must have at most {limit} bytes (ORDERCAST_BODY_LIMIT)");
        Refusal::over_limit(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    let announced = content_length(request.headers());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
    let deadline = read_body(request);
    let too_late = |_| Refusal::too_late("the request took longer than it may (ORDERCAST_REQUEST_TIMEOUT)");
    while let Some(chunk) = timeout_at(deadline, payload.next()).await.map_err(too_late)? {
        let chunk = chunk.map_err(|_| Refusal::bad_request("the body could not be read to its end"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    has_received(request);
    serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("the body is not a GraphQL request in JSON: {error}")))
}

/// Takes JSON in UTF-8 only. A web page cannot have a browser send that to another site without asking the server first.
fn check_media_type(request: &HttpRequest) -> Result<(), Refusal> {
    let refused = |message| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    if encodings.into_iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refused("the body must not be compressed");
    }
    let json = request.mime_type().ok().flatten().filter(|kind| kind.essence_str() == "application/json");
    let Some(json) = json else {
        return refused("the content type must be application/json");
    };
    match json.get_param("charset") {
        Some(charset) if charset != "utf-8" => refused("the charset must be utf-8"),
        _ => Ok(()),
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
