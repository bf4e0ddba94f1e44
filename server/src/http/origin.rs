use actix_web::{HttpRequest, http::Method};
use graphql_api::OperationKind;

use super::refusal::Refusal;
use crate::origins::AllowedOrigins;

/// Refuses what web pages that may not use the API have browsers send. Browsers keep such a page from reading answers, but
/// not from sending requests; and a page whose host's name was rebound to this address may even read them.
pub(super) fn check(request: &HttpRequest, allowed: &AllowedOrigins) -> Result<(), Refusal> {
    let mut origins = request.headers().get_all(actix_web::http::header::ORIGIN);
    if origins.any(|origin| !allowed.allows(origin.as_bytes())) {
        return Err(Refusal::forbidden("pages of this origin may not use the API"));
    }
    Ok(())
}

/// Refuses changes by GET, which any page or mail has browsers send without asking, with the user's credentials.
pub(super) fn check_method(method: &Method, kind: OperationKind) -> Result<(), Refusal> {
    if method == Method::GET && kind == OperationKind::Mutation {
        return Err(Refusal::method("POST", "a mutation changes something, and must be sent by POST"));
    }
    Ok(())
}
