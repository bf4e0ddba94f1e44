//! What a client's messages do, in either protocol.

use std::rc::Rc;

use async_graphql::Request;
use domain::Viewer;
use graphql_api::{Operation, limit_exceeded};
use serde_json::Value;

use super::{
    close::Close,
    connection::Connection,
    operations,
    protocol::{ClientMessage, ServerMessage},
};

/// Who is at the other end, once it has introduced itself.
#[derive(Default)]
pub(crate) struct Session(Option<Introduced>);

struct Introduced {
    viewer: Viewer,
    /// The cursor that its subscriptions to events resume after.
    resume: Option<String>,
}

impl Session {
    /// Whether the client has introduced itself.
    pub(crate) fn is_introduced(&self) -> bool {
        self.0.is_some()
    }
}

/// Does what a message asks for. `Err` is why the connection has to be closed.
pub(crate) fn take(connection: &Rc<Connection>, text: &str) -> Result<(), Close> {
    match connection.protocol().parse(text).map_err(Close::bad_message)? {
        ClientMessage::Init { payload } => introduce(connection, &payload),
        ClientMessage::Start { id, request } => start(connection, &id, *request),
        ClientMessage::Stop { id } => {
            let id = Value::String(id).to_string();
            connection.operations().stop(connection, &id);
            Ok(())
        }
        ClientMessage::Ping { payload } => {
            connection.send(&ServerMessage::Pong { payload: payload.as_ref() });
            Ok(())
        }
        ClientMessage::Pong => Ok(()),
        ClientMessage::Terminate => Err(Close::TERMINATED),
    }
}

fn introduce(connection: &Connection, payload: &Value) -> Result<(), Close> {
    let mut session = connection.session();
    if session.is_introduced() {
        return Err(Close::SECOND_INIT);
    }
    let resume = match payload.get("resume") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) => Some(cursor.clone()),
        Some(_) => return Err(Close::bad_message("`resume` must be a cursor")),
    };
    session.0 = Some(Introduced { viewer: Viewer::unauthenticated_staff(), resume });
    connection.send(&ServerMessage::Ack);
    connection.send(&ServerMessage::KeepAlive);
    Ok(())
}

fn start(connection: &Rc<Connection>, id: &str, mut request: Request) -> Result<(), Close> {
    let session = connection.session();
    let Introduced { viewer, resume } = session.0.as_ref().ok_or(Close::UNAUTHORIZED)?;
    let key: operations::Id = Value::from(id).to_string().into();
    if connection.operations().contains(&key) {
        return Err(Close::id_in_use(id));
    }
    let limit = connection.settings().operations;
    let operation = if connection.operations().len() < limit {
        let api = connection.api();
        let found = connection.documents().resolve(None, &mut request);
        let found = found.map_err(|error| vec![error.to_server_error()]);
        match found.and_then(|()| api.prepare(request)) {
            Ok(request) => api.start(request, viewer, resume.as_deref()),
            Err(errors) => Operation::refused(errors),
        }
    } else {
        let message =
            format!("a connection may have {limit} operations at once (ORDERCAST_SOCKET_OPERATIONS)");
        let errors = [limit_exceeded(message)];
        // It never becomes one of the connection's operations.
        connection.send(&ServerMessage::Error { id: &key, errors: &errors });
        return Ok(());
    };
    operations::go_on(connection, &key, operation);
    Ok(())
}
