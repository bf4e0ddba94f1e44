use actix_web::{
    HttpRequest, HttpResponse,
    error::{InternalError, JsonPayloadError},
    http::{StatusCode, header},
    web::{Data, Json, JsonConfig, ServiceConfig, get, post, resource, route},
};
use async_graphql::{Request, Response};
use domain::{Viewer, WithCauses};
use graphql_api::Api;
use persistence::Database;

use crate::{origins::AllowedOrigins, websocket::SocketSettings};

/// What every worker shares.
pub(crate) struct ServerState {
    pub(crate) api: Api,
    pub(crate) database: Database,
    pub(crate) origins: AllowedOrigins,
    pub(crate) sockets: SocketSettings,
}

/// Every path of the server.
pub(crate) fn routes(config: &mut ServiceConfig) {
    for path in ["/graphql", "/graphql/"] {
        config.service(
            resource(path).route(post().to(execute)).default_service(route().to(method_not_allowed)),
        );
    }
    config.route("/health/live", get().to(HttpResponse::Ok)).route("/health/ready", get().to(ready));
}

/// How a request's JSON is read.
pub(crate) fn json_config(limit: usize) -> JsonConfig {
    JsonConfig::default().limit(limit).error_handler(|error, _| {
        let (status, message) = match &error {
            JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("the body must have at most {limit} bytes"))
            }
            JsonPayloadError::ContentType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type must be application/json".to_owned())
            }
            JsonPayloadError::Deserialize(cause) => {
                (StatusCode::BAD_REQUEST, format!("the body is not a GraphQL request in JSON: {cause}"))
            }
            _ => (StatusCode::BAD_REQUEST, "the body could not be read".to_owned()),
        };
        InternalError::from_response(error, refusal(status, &message)).into()
    })
}

async fn execute(state: Data<ServerState>, request: Json<Request>) -> HttpResponse {
    let viewer = Viewer::unauthenticated_staff();
    let response = match state.api.prepare(request.into_inner()) {
        Ok(request) => state.api.execute(request, &viewer).await,
        Err(errors) => Response::from_errors(errors),
    };
    HttpResponse::Ok().json(response)
}

async fn method_not_allowed(request: HttpRequest) -> HttpResponse {
    let message = format!("{} is not served here: POST a query, or open a WebSocket", request.method());
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, &message);
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    response
}

async fn ready(state: Data<ServerState>) -> HttpResponse {
    match state.database.ping().await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => {
            tracing::warn!(error = %WithCauses(&error), "the database does not answer");
            HttpResponse::ServiceUnavailable().body("the database does not answer")
        }
    }
}

/// A request that is no GraphQL, answered as GraphQL answers errors.
fn refusal(status: StatusCode, message: &str) -> HttpResponse {
    let mut error = async_graphql::ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", "BAD_USER_INPUT");
    HttpResponse::build(status).json(Errors { errors: [error] })
}

#[derive(serde::Serialize)]
struct Errors {
    errors: [async_graphql::ServerError; 1],
}
