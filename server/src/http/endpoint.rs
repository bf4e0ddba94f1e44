//! The path `/graphql`, by HTTP method (GraphQL over HTTP, sections 5 and 6, and `graphql-sse`'s protocol).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode},
    web::{Data, Payload},
};
use async_graphql::ServerError;
use graphql_api::{Operation, OperationKind};
use serde_json::Value as Json;
use url::form_urlencoded;

use super::{
    ServerState,
    accept::{Accepted, Format, JsonType},
    answer, authorization, batch, body, channel_stream, event_stream, multipart, origin,
    refusal::Refusal,
};
use crate::{
    authentication::Identity,
    limits::{EndsWithClient, admit_operations},
    metrics::Outcome,
    request::{self, NotPrepared, Parameters},
};

/// The header that carries the token of a channel.
const TOKEN: &str = "X-GraphQL-Event-Stream-Token";

/// Executes a request in the body.
pub(super) async fn post(state: Data<ServerState>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let accepted = Accepted::by(&request);
    let answer = async {
        origin::check(&request, &state.origins)?;
        admit_operations(&state, &request, 1)?;
        let identity = authorization::identify(&state, &request).await?;
        match body::read_json(&request, payload, state.limits.body).await? {
            Json::Array(requests) => {
                let json = accepted.json().ok_or_else(not_acceptable)?;
                batch::check_size(&requests, state.limits.batch)?;
                admit_operations(&state, &request, requests.len() - 1)?;
                batch::respond(&state, &identity.viewer, requests, json).await
            }
            body => execute(&state, &request, &identity, &accepted, Parameters::from_json(body)?).await,
        }
    };
    answer.await.unwrap_or_else(|refusal: Refusal| refusal.answer(json_or_default(&accepted)))
}

/// Executes a request in the query string, or opens a channel.
pub(super) async fn get(state: Data<ServerState>, request: HttpRequest) -> HttpResponse {
    let accepted = Accepted::by(&request);
    let answer = async {
        origin::check(&request, &state.origins)?;
        admit_operations(&state, &request, 1)?;
        let query_string = request.query_string();
        let limit = state.limits.query_string;
        if query_string.len() > limit {
            let message = format!(
                "the URL's query string must have at most {limit} bytes (ORDERCAST_QUERY_STRING_LIMIT); POST what is longer"
            );
            return Err(Refusal::over_limit(StatusCode::URI_TOO_LONG, message));
        }
        let parameters = Parameters::from_query_string(query_string)?;
        match token(&request) {
            Some(token) if parameters.query.is_none() && accepted.only_events() => {
                // The token was given to one who said who they are, and `EventSource` cannot say it again.
                let identity = authorization::identify_if_told(&state, &request).await?;
                let channel = state.channels.open(&token, identity.as_ref())?;
                Ok(ends_with_client(channel_stream::respond(channel, &state.streams)))
            }
            _ => {
                let identity = authorization::identify(&state, &request).await?;
                execute(&state, &request, &identity, &accepted, parameters).await
            }
        }
    };
    answer.await.unwrap_or_else(|refusal: Refusal| refusal.answer(json_or_default(&accepted)))
}

/// Reserves a channel.
pub(super) async fn put(state: Data<ServerState>, request: HttpRequest) -> HttpResponse {
    let reserve = async {
        origin::check(&request, &state.origins)?;
        admit_operations(&state, &request, 1)?;
        if !state.channels.are_enabled() {
            return Err(not_allowed(&state, &request));
        }
        state.channels.reserve(authorization::identify(&state, &request).await?)
    };
    match reserve.await {
        Ok(token) => HttpResponse::Created()
            .content_type("text/plain; charset=utf-8")
            .insert_header(("Cache-Control", "no-store"))
            .body(token),
        Err(refusal) => refusal.answer(json_or_default(&Accepted::by(&request))),
    }
}

/// Cancels an operation of a channel.
pub(super) async fn delete(state: Data<ServerState>, request: HttpRequest) -> HttpResponse {
    let cancel = async {
        origin::check(&request, &state.origins)?;
        admit_operations(&state, &request, 1)?;
        if !state.channels.are_enabled() {
            return Err(not_allowed(&state, &request));
        }
        let identity = authorization::identify(&state, &request).await?;
        let missing = || Refusal::bad_request(format!("the token is missing: send it in the header {TOKEN}"));
        let token = token(&request).ok_or_else(missing)?;
        let id = query_parameter(&request, "operationId");
        let id = id.ok_or_else(|| Refusal::bad_request("`operationId` is missing in the query string"))?;
        state.channels.stop(&token, &identity, &id)
    };
    match cancel.await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => refusal.answer(json_or_default(&Accepted::by(&request))),
    }
}

/// Refuses any other method.
pub(super) async fn other(state: Data<ServerState>, request: HttpRequest) -> HttpResponse {
    not_allowed(&state, &request).answer(json_or_default(&Accepted::by(&request)))
}

/// Executes a request, and answers it as the client accepts it.
async fn execute(
    state: &ServerState,
    request: &HttpRequest,
    identity: &Identity,
    accepted: &Accepted,
    parameters: Parameters,
) -> Result<HttpResponse, Refusal> {
    let viewer = &identity.viewer;
    let operation_id = parameters.operation_id().map(str::to_owned);
    let channel = token(request);
    let prepared = match request::prepare(parameters, &state.documents, &state.api) {
        Ok(prepared) => Ok(prepared),
        Err(NotPrepared::Malformed(reason)) => return Err(reason.into()),
        Err(NotPrepared::Refused(errors)) => {
            state.metrics.operation(None, Outcome::Refused);
            Err(errors)
        }
    };
    if let Some(token) = channel {
        let id = operation_id.ok_or_else(|| Refusal::bad_request("`extensions.operationId` is missing"))?;
        let operation = match prepared {
            Ok(prepared) => {
                origin::check_method(request.method(), prepared.kind())?;
                state.metrics.operation(Some(prepared.kind()), Outcome::Started);
                state.api.start(prepared, viewer, resume(request).as_deref())
            }
            // The client takes any answer but this one for a fault of the network; it reads errors on the channel.
            Err(errors) => Operation::refused(errors),
        };
        state.channels.start(&token, identity, &id, operation)?;
        return Ok(HttpResponse::Accepted().finish());
    }
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(errors) => return Ok(refuse(state, identity, accepted, errors)),
    };
    let kind = prepared.kind();
    origin::check_method(request.method(), kind)?;
    let start = |prepared| {
        state.metrics.operation(Some(kind), Outcome::Started);
        state.api.start(prepared, viewer, resume(request).as_deref())
    };
    let response = match accepted.format(kind).ok_or_else(not_acceptable)? {
        Format::Json(json) => {
            let message = state.api.execute(prepared, viewer).await;
            state.metrics.operation(Some(kind), Outcome::of(&message));
            answer::message(message, json, request)
        }
        Format::EventStream => event_stream::respond(start(prepared), identity, &state.streams),
        Format::Multipart => multipart::respond(start(prepared), identity, &state.streams),
    };
    // Who asks once may say so by ending its side of the connection, and is answered.
    Ok(if kind == OperationKind::Subscription { ends_with_client(response) } else { response })
}

fn ends_with_client(response: HttpResponse) -> HttpResponse {
    let mut response = response;
    response.extensions_mut().insert(EndsWithClient);
    response
}

/// Answers that nothing can be executed: in one piece, or on a stream where only that is accepted, because `EventSource`
/// would not show the body of any other answer.
fn refuse(
    state: &ServerState,
    identity: &Identity,
    accepted: &Accepted,
    errors: Vec<ServerError>,
) -> HttpResponse {
    match accepted.format(OperationKind::Query).unwrap_or(Format::Json(JsonType::Json)) {
        Format::Json(json) => answer::request_errors(&errors, json),
        Format::EventStream => event_stream::respond(Operation::refused(errors), identity, &state.streams),
        Format::Multipart => multipart::respond(Operation::refused(errors), identity, &state.streams),
    }
}

/// The cursor that the client saw last, as `EventSource` sends it when it comes back.
fn resume(request: &HttpRequest) -> Option<String> {
    let id = request.headers().get("Last-Event-ID")?;
    Some(String::from_utf8_lossy(id.as_bytes()).into_owned()).filter(|id| !id.is_empty())
}

/// The token of a channel, in the header or, for `EventSource`, in the query string.
fn token(request: &HttpRequest) -> Option<String> {
    match request.headers().get(TOKEN) {
        Some(token) => Some(String::from_utf8_lossy(token.as_bytes()).into_owned()),
        None => query_parameter(request, "token"),
    }
}

fn query_parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(request.query_string().as_bytes());
    parameters.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The type of an answer that the client may not have accepted, but that says what is wrong.
fn json_or_default(accepted: &Accepted) -> JsonType {
    accepted.json().unwrap_or(JsonType::Json)
}

fn not_acceptable() -> Refusal {
    Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "queries and mutations are answered as application/graphql-response+json, application/json or \
         text/event-stream, subscriptions as text/event-stream or multipart/mixed;subscriptionSpec=1.0; the header \
         Accept allows none that fits",
    )
}

fn not_allowed(state: &ServerState, request: &HttpRequest) -> Refusal {
    let allow = if state.channels.are_enabled() { "GET, POST, PUT, DELETE" } else { "GET, POST" };
    let method: &Method = request.method();
    Refusal::method(allow, format!("{method} is not served here: POST a request, or open a WebSocket"))
}
