use std::{
    num::NonZeroU32,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::{Bytes, Data},
};
use tokio::time::Instant;

use super::{Client, ClientPermit, Peer, TooFast, peer::InService};
use crate::http::{Refusal, ServerState};

/// What every answer says to browsers, where it does not say otherwise itself: that it is what its type says, nobody else's,
/// and no page.
const SECURITY: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Lets a request through to what answers it, and keeps in mind that it is being served until its answer ends.
pub(crate) async fn at_the_edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = request.app_data::<Data<ServerState>>().cloned();
    let peer = request.request().conn_data::<Rc<Peer>>().cloned();
    let (Some(state), Some(peer)) = (state, peer) else {
        return Err(actix_web::error::ErrorInternalServerError(""));
    };
    let mut request = request;
    let has_body = !matches!(request.parts_mut().1, Payload::None);
    let in_service = peer.serve(has_body);
    let (network, client) = if peer.is_proxy {
        let network = state.edge.proxies.client(peer.address, request.headers()).into();
        (network, Some(state.edge.connections.admit_client(network)))
    } else {
        (peer.network(), None)
    };
    let client = match client.transpose() {
        Ok(client) => client,
        Err(too_many) => {
            state.edge.refused.connection(too_many);
            let refusal = Refusal::over_limit(too_many.status(), too_many.message()).after(1);
            let response = request.into_response(refusal.answer_json());
            return Ok(finish(&state, response, (in_service, None)));
        }
    };
    request.extensions_mut().insert(Client { network, connection: peer.id });
    Ok(finish(&state, next.call(request).await?, (in_service, client)))
}

/// Whether the client may start so many operations now.
pub(crate) fn admit_operations(
    state: &ServerState,
    request: &HttpRequest,
    count: usize,
) -> Result<(), Refusal> {
    let Some(client) = request.extensions().get::<Client>().copied() else { return Ok(()) };
    let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new) else { return Ok(()) };
    state.edge.rates.operations(client, count).map_err(|too_fast| {
        state.edge.refused.rate(too_fast.rate);
        Refusal::from(too_fast)
    })
}

impl From<TooFast> for Refusal {
    fn from(too_fast: TooFast) -> Self {
        let seconds = too_fast.retry_after.as_secs() + 1;
        Self::over_limit(StatusCode::TOO_MANY_REQUESTS, too_fast.message).after(seconds)
    }
}

/// Tells the rest of the server that a request has come to its end.
pub(crate) fn has_received(request: &HttpRequest) {
    if let Some(peer) = request.conn_data::<Rc<Peer>>() {
        peer.has_received();
    }
}

/// Tells that a request's body is read from now on; when it must have come to its end.
pub(crate) fn read_body(request: &HttpRequest) -> Instant {
    request.conn_data::<Rc<Peer>>().map_or_else(Instant::now, |peer| peer.read_body())
}

fn finish<B: MessageBody + 'static>(
    state: &ServerState,
    mut response: ServiceResponse<B>,
    service: Service,
) -> ServiceResponse<BoxBody> {
    state.metrics.request(response.status());
    add_security_headers(response.headers_mut());
    if service.0.is_receiving() {
        // What else comes on it may be the rest of a body as well as a request.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let ends_with_client = response.response().extensions().get::<EndsWithClient>().is_some();
    response.map_body(|_, body| match body.size() {
        BodySize::Stream => BoxBody::new(Served { body: body.boxed(), ends_with_client, service }),
        BodySize::None | BodySize::Sized(_) => body.boxed(),
    })
}

fn add_security_headers(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// A request that is being served, and the client behind a proxy that sent it.
type Service = (InService, Option<ClientPermit>);

/// Marks an answer that goes on until the client has enough. One that went away would else be noticed when it is sent
/// something for the second time.
pub(crate) struct EndsWithClient;

/// A body that is told as it comes to be.
struct Served {
    body: BoxBody,
    ends_with_client: bool,
    service: Service,
}

impl MessageBody for Served {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match Pin::new(&mut self.body).poll_next(context) {
            Poll::Pending if self.ends_with_client && self.service.0.client_has_ended() => Poll::Ready(None),
            told => told,
        }
    }
}
