use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, block},
};

use super::{ServerState, origin};
use crate::{
    limits::{Peer, was_forwarded},
    metrics::Sample,
    settings::MetricsAudience,
};

/// Tells what the server counts, to those who may know.
pub(super) async fn tell(state: Data<ServerState>, request: HttpRequest) -> HttpResponse {
    if !may_know(&state, &request) {
        return HttpResponse::NotFound().finish();
    }
    let sample = Sample::take(&state).await;
    let metrics = state.metrics.clone();
    // The system takes a moment to count open files.
    let Ok(Ok(text)) = block(move || metrics.to_text(&sample)).await else {
        tracing::error!("the metrics could not be written");
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .body(text)
}

fn may_know(state: &ServerState, request: &HttpRequest) -> bool {
    match state.metrics_for {
        MetricsAudience::All => true,
        MetricsAudience::Off => false,
        MetricsAudience::Local => {
            let peer = request.conn_data::<Rc<Peer>>();
            peer.is_some_and(|peer| peer.address.is_loopback())
                && !was_forwarded(request.headers())
                && origin::check(request, &state.origins).is_ok()
        }
    }
}
