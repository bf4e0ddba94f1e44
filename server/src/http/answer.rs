use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder,
    http::{StatusCode, header},
};
use async_graphql::{Response, ServerError, Value};
use async_graphql_actix_web::GraphQLResponse;
use graphql_api::is_request_error;
use serde::Serialize;

use super::accept::JsonType;

/// A response with `errors` alone: nothing was executed (GraphQL, October 2021, section 7.1).
#[derive(Serialize)]
pub(super) struct RequestErrors<'e> {
    pub(super) errors: &'e [ServerError],
}

/// The answer of an operation in one piece.
pub(super) fn response(response: Response, json: JsonType, request: &HttpRequest) -> HttpResponse {
    if is_request_error(&response) {
        return request_errors(&response.errors, json);
    }
    let mut answer = GraphQLResponse::from(response).respond_to(request).map_into_boxed_body();
    for (name, value) in head(StatusCode::OK, json).finish().headers() {
        answer.headers_mut().insert(name.clone(), value.clone());
    }
    answer
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
