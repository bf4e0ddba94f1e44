use actix_web::{HttpRequest, http::header};

use super::{ServerState, refusal::Refusal};
use crate::authentication::{Identity, TokenError, bearer};

/// Who asks, by the header `Authorization`.
pub(super) async fn identify(state: &ServerState, request: &HttpRequest) -> Result<Identity, Refusal> {
    let identity = state.authenticator.identify_patiently(in_headers(request)).await;
    identity.map_err(Refusal::unauthenticated)
}

/// The same where something else says who asks; `None` if there is no such header.
pub(super) async fn identify_if_told(
    state: &ServerState,
    request: &HttpRequest,
) -> Result<Option<Identity>, Refusal> {
    match in_headers(request) {
        Ok(None) => Ok(None),
        _ => identify(state, request).await.map(Some),
    }
}

fn in_headers(request: &HttpRequest) -> Result<Option<&str>, TokenError> {
    bearer::in_headers(request.headers().get_all(header::AUTHORIZATION))
}
