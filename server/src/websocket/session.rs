//! What a client's messages do, in either protocol.

use std::{num::NonZeroU32, rc::Rc};

use chrono::{DateTime, SecondsFormat};
use graphql_api::{Operation, limit_exceeded};
use serde_json::Value;

use super::{
    close::Close,
    connection::Connection,
    operations,
    protocol::{ClientMessage, ServerMessage},
};
use crate::{
    authentication::{Identity, TokenError, Validity, bearer},
    metrics::Outcome,
    request::{self, Parameters},
};

/// Who is at the other end.
pub(crate) struct Session {
    state: State,
    /// A message with a token that is signed by a key that is not known yet.
    waiting: Option<Box<ClientMessage>>,
}

enum State {
    /// It has not introduced itself. What its handshake said counts if it says nothing else then.
    New(Result<Identity, TokenError>),
    Introduced(Introduced),
}

struct Introduced {
    identity: Identity,
    /// Whether the client knows that its token ends soon.
    is_warned: bool,
    /// The cursor that its subscriptions to events resume after.
    resume: Option<Box<str>>,
}

/// What to do about a token that is signed by a key that is not known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UnknownKey {
    /// To wait until the keys are read once more.
    MayBecomeKnown,
    IsRefused,
}

impl Session {
    /// That of a client who has not introduced itself, and whose handshake said this.
    pub(crate) fn new(handshake: Result<Identity, TokenError>) -> Self {
        Self { state: State::New(handshake), waiting: None }
    }

    /// Whether the client has introduced itself.
    pub(crate) fn has_introduced_itself(&self) -> bool {
        matches!(self.state, State::Introduced(_)) || self.waiting.is_some()
    }

    /// Whether a message waits until keys are read once more.
    pub(crate) fn waits_for_keys(&self) -> bool {
        self.waiting.is_some()
    }

    /// How long the client is who it said it is; `None` for good, or before it said so.
    pub(crate) fn validity(&self) -> Option<Validity> {
        match &self.state {
            State::New(_) => None,
            State::Introduced(introduced) => introduced.identity.validity,
        }
    }

    /// When the client's token ends, in RFC 3339, unless the client was told so already.
    pub(crate) fn end_to_warn_of(&mut self) -> Option<String> {
        let State::Introduced(introduced) = &mut self.state else { return None };
        let ends = introduced.identity.validity?.ends();
        if std::mem::replace(&mut introduced.is_warned, true) {
            return None;
        }
        let ends = DateTime::from_timestamp_secs(i64::try_from(ends).ok()?)?;
        Some(ends.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

/// Does what a message asks for. `Err` is why the connection has to be closed.
pub(crate) fn take(connection: &Rc<Connection>, text: &str) -> Result<(), Close> {
    let message = connection.protocol().parse(text).map_err(Close::bad_message)?;
    let may_learn = connection.authenticator().may_learn_keys();
    act(connection, message, if may_learn { UnknownKey::MayBecomeKnown } else { UnknownKey::IsRefused })
}

/// Does what the message asks for that waited for keys.
pub(crate) fn go_on(connection: &Rc<Connection>) -> Result<(), Close> {
    let waiting = connection.session().waiting.take();
    waiting.map_or(Ok(()), |message| act(connection, *message, UnknownKey::IsRefused))
}

fn act(connection: &Rc<Connection>, message: ClientMessage, unknown_key: UnknownKey) -> Result<(), Close> {
    let said = match &message {
        ClientMessage::Init { payload } => introduce(connection, payload)?,
        ClientMessage::Ping { payload: Some(payload) } => renew(connection, payload),
        _ => Ok(()),
    };
    match said {
        Err(TokenError::UnknownKey) if unknown_key == UnknownKey::MayBecomeKnown => {
            connection.session().waiting = Some(Box::new(message));
            return Ok(());
        }
        Err(error) => return Err(Close::forbidden(error)),
        Ok(()) => {}
    }
    match message {
        ClientMessage::Init { .. } => {
            connection.watch_token();
            connection.send(&ServerMessage::Ack);
            connection.send(&ServerMessage::KeepAlive);
            Ok(())
        }
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

/// Takes the client for whom it says it is. The inner error is why it is not believed.
fn introduce(connection: &Connection, payload: &Value) -> Result<Result<(), TokenError>, Close> {
    let mut session = connection.session();
    let State::New(handshake) = &session.state else { return Err(Close::SECOND_INIT) };
    let resume = match payload.get("resume") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) => Some(cursor.as_str().into()),
        Some(_) => return Err(Close::bad_message("`resume` must be a cursor")),
    };
    let authenticator = connection.authenticator();
    let identified = match bearer::in_payload(payload) {
        Ok(None) => handshake.clone().and_then(|identity| authenticator.check(&identity).map(|()| identity)),
        bearer => authenticator.identify(bearer),
    };
    Ok(identified.map(|identity| {
        session.state = State::Introduced(Introduced { identity, is_warned: false, resume });
    }))
}

/// Lets the client stay longer, with a newer token of the same viewer. A ping without a token is just that.
fn renew(connection: &Connection, payload: &Value) -> Result<(), TokenError> {
    let mut session = connection.session();
    let State::Introduced(introduced) = &mut session.state else { return Ok(()) };
    let bearer = bearer::in_payload(payload);
    if introduced.identity.validity.is_none() || bearer == Ok(None) {
        return Ok(());
    }
    let newer = connection.authenticator().identify(bearer)?;
    if newer.viewer != introduced.identity.viewer {
        return Err(TokenError::OfAnother);
    }
    introduced.identity.extend(&newer);
    introduced.is_warned = false;
    Ok(())
}

fn start(connection: &Rc<Connection>, id: &str, request: Parameters) -> Result<(), Close> {
    let session = connection.session();
    let State::Introduced(Introduced { identity, resume, .. }) = &session.state else {
        return Err(Close::UNAUTHORIZED);
    };
    let key: operations::Id = Value::from(id).to_string().into();
    if connection.operations().contains(&key) {
        return Err(Close::id_in_use(id));
    }
    if let Err(over_limit) = admit(connection) {
        connection.metrics().operation(None, Outcome::Refused);
        // It never becomes one of the connection's operations.
        connection.send(&ServerMessage::Error { id: &key, errors: &[limit_exceeded(over_limit)] });
        return Ok(());
    }
    let api = connection.api();
    let operation = match request::prepare(request, connection.documents(), api) {
        Ok(request) => {
            connection.metrics().operation(Some(request.kind()), Outcome::Started);
            api.start(request, &identity.viewer, resume.as_deref())
        }
        Err(refused) => {
            connection.metrics().operation(None, Outcome::Refused);
            Operation::refused(refused.into_errors())
        }
    };
    operations::go_on(connection, &key, operation);
    Ok(())
}

/// Whether the client may start one more operation; the limit that this would be over.
fn admit(connection: &Connection) -> Result<(), String> {
    let limit = connection.settings().operations;
    if connection.operations().len() >= limit {
        return Err(format!(
            "a connection may have {limit} operations at once (ORDERCAST_SOCKET_OPERATIONS)"
        ));
    }
    let Some(client) = connection.client() else { return Ok(()) };
    connection.limits().rates.operations(client, NonZeroU32::MIN).map_err(|too_fast| {
        connection.limits().refused.rate(too_fast.rate);
        too_fast.message
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_keeps_little_of_who_its_client_is() {
        assert!(size_of::<Session>() <= 88, "{} bytes", size_of::<Session>());
    }
}
