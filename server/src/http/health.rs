use actix_web::{HttpResponse, web::Data};
use domain::WithCauses;

use super::ServerState;

/// Whether the process runs.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().finish()
}

/// Whether it can serve: its database answers.
pub(super) async fn ready(state: Data<ServerState>) -> HttpResponse {
    match state.database.ping().await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => {
            tracing::warn!(error = %WithCauses(&error), "the database does not answer");
            HttpResponse::ServiceUnavailable().body("the database does not answer")
        }
    }
}
