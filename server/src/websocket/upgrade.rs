use std::{borrow::Cow, convert::Infallible, io, rc::Rc};

use actix_codec::{Framed, FramedParts};
use actix_http::{
    HttpMessage, Request, Response, StatusCode, Version,
    body::BodySize,
    h1::{Codec, Message},
    header,
    ws::{HandshakeError, handshake_response, verify_handshake},
};
use actix_web::rt;
use futures_util::SinkExt;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::{close::Close, connection::Connection, protocol::Protocol, session::Session, worker::Worker};
use crate::{
    authentication::bearer,
    limits::{LimitedStream, Peer},
};

/// The most bytes that are read from a socket at once. Clients say little, and many of them are silent.
const READ_BUFFER: usize = 512;

/// Answers the handshake that opens a WebSocket (RFC 6455, section 4.2), and has the socket served. It leaves the web
/// framework here, so that a worker's thread writes to it without a task in between, and in a task that is no larger than
/// it needs to be.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    request: Request,
    connection: Framed<LimitedStream, Codec>,
) -> Result<(), Infallible> {
    match open(&worker, request, connection).await {
        Ok(Some((connection, frames))) => {
            let served = worker.open_socket(&connection);
            rt::spawn(async move {
                connection.run(frames).await;
                drop(served);
            });
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "a client went away while it opened a socket"),
    }
    Ok(())
}

/// A socket, and what reads its frames; `None` after a handshake that was turned down.
async fn open(
    worker: &Rc<Worker>,
    request: Request,
    mut http: Framed<LimitedStream, Codec>,
) -> io::Result<Option<(Rc<Connection>, Box<WebSocketContext>)>> {
    let admitted = check(worker, &request).and_then(|protocol| {
        admit(worker, &request, http.io_mut())?;
        Ok(protocol)
    });
    let protocol = match admitted {
        Ok(protocol) => protocol,
        Err(refusal) => return refuse(worker, &mut http, refusal).await.map(|()| None),
    };
    let bearer = bearer::in_headers(request.headers().get_all(header::AUTHORIZATION));
    let identity = worker.authenticator().identify_patiently(bearer).await;
    let mut response = handshake_response(request.head());
    if let Some(protocol) = protocol {
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, protocol.name()));
    }
    http.send(Message::Item((response.finish().drop_body(), BodySize::None))).await?;

    let FramedParts { io: stream, read_buf, .. } = http.into_parts();
    let (stream, permit) = stream.into_parts();
    let frames = codec(read_buf.to_vec(), worker.settings().message_limit);
    let protocol_or_default = protocol.unwrap_or(Protocol::TransportWs);
    let session = Session::new(identity);
    let connection = Connection::new(stream, permit, protocol_or_default, session, Rc::clone(worker));
    if protocol.is_none() {
        connection.close(Close::NO_PROTOCOL);
    }
    Ok(Some((connection, Box::new(frames))))
}

/// Reads a client's frames, behind those bytes that were read already.
pub(super) fn codec(read: Vec<u8>, message_limit: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(message_limit))
        .max_frame_size(Some(message_limit));
    WebSocketContext::from_partially_read(read, Role::Server, Some(config))
}

/// A handshake that is turned down.
struct Refusal(StatusCode, Cow<'static, str>);

/// Whether the handshake is one, from a page that may use the API; and what will be spoken, if anything.
fn check(worker: &Worker, request: &Request) -> Result<Option<Protocol>, Refusal> {
    let headers = request.headers();
    if !matches!(request.path(), "/graphql" | "/graphql/") {
        return Err(Refusal(StatusCode::NOT_FOUND, "WebSockets are at /graphql".into()));
    }
    if headers.get_all(header::ORIGIN).any(|origin| !worker.allows(origin.as_bytes())) {
        return Err(Refusal(StatusCode::FORBIDDEN, "pages of this origin may not use the API".into()));
    }
    verify_handshake(request.head()).map_err(|error| match error {
        HandshakeError::GetMethodRequired => {
            Refusal(StatusCode::METHOD_NOT_ALLOWED, "a WebSocket is opened by GET".into())
        }
        HandshakeError::NoVersionHeader | HandshakeError::UnsupportedVersion => Refusal(
            StatusCode::UPGRADE_REQUIRED,
            "version 13 of the WebSocket protocol is spoken here".into(),
        ),
        _ => Refusal(
            StatusCode::BAD_REQUEST,
            "the request is no WebSocket handshake (RFC 6455, section 4.2.1)".into(),
        ),
    })?;
    // The key comes once, and only behind HTTP/1.1 (RFC 6455, sections 4.2.1 and 11.3.1).
    if headers.get_all(header::SEC_WEBSOCKET_KEY).count() != 1 || request.version() != Version::HTTP_11 {
        return Err(Refusal(
            StatusCode::BAD_REQUEST,
            "the request is no WebSocket handshake (RFC 6455, section 4.2.1)".into(),
        ));
    }
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    Ok(Protocol::negotiate(offered.filter_map(|names| names.to_str().ok())))
}

/// Whether the client may open one more, and so soon.
fn admit(worker: &Worker, request: &Request, stream: &mut LimitedStream) -> Result<(), Refusal> {
    let limits = worker.limits();
    let Some(peer) = request.conn_data::<Rc<Peer>>() else { return Ok(()) };
    let client = if peer.is_proxy {
        limits.proxies.client(peer.address, request.headers()).into()
    } else {
        peer.network()
    };
    limits.rates.handshake(client).map_err(|too_fast| {
        limits.refused.rate(too_fast.rate);
        Refusal(StatusCode::TOO_MANY_REQUESTS, too_fast.message.into())
    })?;
    if peer.is_proxy {
        stream.count_as(client).map_err(|too_many| {
            limits.refused.connection(too_many);
            Refusal(too_many.status(), too_many.message().into())
        })?;
    }
    Ok(())
}

async fn refuse(
    worker: &Worker,
    http: &mut Framed<LimitedStream, Codec>,
    Refusal(status, text): Refusal,
) -> io::Result<()> {
    worker.metrics().request(status);
    let mut response = Response::build(status);
    response.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response.force_close();
    match status {
        StatusCode::UPGRADE_REQUIRED => response.insert_header((header::SEC_WEBSOCKET_VERSION, "13")),
        StatusCode::METHOD_NOT_ALLOWED => response.insert_header((header::ALLOW, "GET")),
        StatusCode::TOO_MANY_REQUESTS => response.insert_header((header::RETRY_AFTER, 1)),
        _ => &mut response,
    };
    http.send(Message::Item((response.finish().drop_body(), BodySize::Sized(text.len() as u64)))).await?;
    http.send(Message::Chunk(Some(text.into_owned().into()))).await?;
    http.send(Message::Chunk(None)).await?;
    http.close().await
}
