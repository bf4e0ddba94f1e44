use actix_web::{HttpResponse, http::StatusCode};
use domain::Viewer;
use graphql_api::{Message, OperationKind};
use serde_json::Value as Json;

use super::{
    ServerState,
    accept::JsonType,
    answer::{self, RequestErrors},
    refusal::Refusal,
};
use crate::{
    metrics::Outcome,
    request::{self, NotPrepared, Parameters},
};

/// Refuses a batch of no requests, or of more than so many.
pub(super) fn check_size(requests: &[Json], limit: usize) -> Result<(), Refusal> {
    if limit == 0 {
        return Err(Refusal::bad_request("the body must be one request: this server takes no batches"));
    }
    if requests.is_empty() {
        return Err(Refusal::bad_request("the batch is empty"));
    }
    if requests.len() > limit {
        let message = format!("a batch must have at most {limit} requests (ORDERCAST_BATCH_LIMIT)");
        return Err(Refusal::over_limit(StatusCode::PAYLOAD_TOO_LARGE, message));
    }
    Ok(())
}

/// Answers several requests, in their order and one after another, in one array.
pub(super) async fn respond(
    state: &ServerState,
    viewer: &Viewer,
    requests: Vec<Json>,
    json: JsonType,
) -> Result<HttpResponse, Refusal> {
    // One that makes no sense keeps all of them from being executed.
    let requests: Result<Vec<_>, _> = requests.into_iter().map(Parameters::from_json).collect();
    let mut answers = Vec::new();
    for parameters in requests? {
        answers.push(one(state, viewer, parameters).await);
    }
    Ok(answer::head(StatusCode::OK, json).body(format!("[{}]", answers.join(","))))
}

/// The answer to one of them, in JSON.
async fn one(state: &ServerState, viewer: &Viewer, parameters: Parameters) -> String {
    let prepared = match request::prepare(parameters, &state.documents, &state.api) {
        Ok(prepared) if prepared.kind() == OperationKind::Subscription => {
            Err(NotPrepared::Malformed("a batch cannot have subscriptions".into()))
        }
        prepared => prepared,
    };
    let errors = match prepared {
        Ok(prepared) => {
            let kind = prepared.kind();
            let message = state.api.execute(prepared, viewer).await;
            state.metrics.operation(Some(kind), Outcome::of(&message));
            match message {
                Message::Next(answer) => return answer.json.to_string(),
                Message::Error(errors) => errors,
            }
        }
        Err(refused) => {
            state.metrics.operation(None, Outcome::Refused);
            refused.into_errors().into()
        }
    };
    answer::to_json(&RequestErrors { errors: &errors })
}
