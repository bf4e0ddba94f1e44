use std::{any::TypeId, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use async_graphql::{Data as SessionData, Executor, Request, Response};
use async_graphql_actix_web::GraphQLSubscription;
use domain::Viewer;
use futures_util::{StreamExt, stream, stream::BoxStream};
use graphql_api::{Api, Message};

use crate::http::ServerState;

/// Opens a socket that speaks `graphql-transport-ws`, or the older protocol that is named `graphql-ws` on the wire.
pub(crate) async fn open(
    state: Data<ServerState>,
    request: HttpRequest,
    payload: Payload,
) -> actix_web::Result<HttpResponse> {
    let foreign =
        request.headers().get_all(header::ORIGIN).any(|origin| !state.origins.allows(origin.as_bytes()));
    if foreign {
        return Ok(HttpResponse::Forbidden().body("pages of this origin may not use the API"));
    }
    let executor = ViewerApi { api: state.api.clone(), viewer: Viewer::unauthenticated_staff() };
    GraphQLSubscription::new(executor).on_connection_init(take_resume).start(&request, payload)
}

/// The API as one viewer uses it.
#[derive(Clone)]
struct ViewerApi {
    api: Api,
    viewer: Viewer,
}

impl Executor for ViewerApi {
    async fn execute(&self, request: Request) -> Response {
        match self.api.prepare(request) {
            Ok(request) => self.api.execute(request, &self.viewer).await,
            Err(errors) => Response::from_errors(errors),
        }
    }

    fn execute_stream(
        &self,
        request: Request,
        session: Option<Arc<SessionData>>,
    ) -> BoxStream<'static, Response> {
        let resume = session.as_ref().and_then(|session| session.get(&TypeId::of::<Resume>()));
        let resume = resume.and_then(|resume| resume.downcast_ref::<Resume>()).map(|resume| resume.0.clone());
        let request = match self.api.prepare(request) {
            Ok(request) => request,
            Err(errors) => return stream::iter([Response::from_errors(errors)]).boxed(),
        };
        let messages = self.api.start(request, &self.viewer, resume.as_deref());
        messages
            .map(|message| match message {
                Message::Next(answer) => serde_json::from_str(&answer.json).expect("an answer is a response"),
                Message::Error(errors) => Response::from_errors(errors.to_vec()),
            })
            .boxed()
    }
}

/// The cursor that a client's `connection_init` names to resume from.
struct Resume(String);

async fn take_resume(payload: serde_json::Value) -> async_graphql::Result<SessionData> {
    let mut session = SessionData::default();
    match payload.get("resume") {
        None | Some(serde_json::Value::Null) => Ok(session),
        Some(serde_json::Value::String(cursor)) => {
            session.insert(Resume(cursor.clone()));
            Ok(session)
        }
        Some(_) => Err("`resume` must be a cursor".into()),
    }
}
