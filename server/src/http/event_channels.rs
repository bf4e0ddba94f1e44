//! Server-sent events, many operations on one connection: the "single connection mode" of `graphql-sse`'s protocol, for
//! browsers that open few connections to one server.
//!
//! A client reserves a channel and gets its token, opens the channel as one stream of events, and sends operations with
//! the token, whose answers come on that stream.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::http::StatusCode;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use graphql_api::Operation;
use tokio::sync::Notify;

use super::refusal::Refusal;
use crate::authentication::Identity;

/// How many channels there may be, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelLimits {
    /// Channels of the whole server; 0 turns them off.
    pub(crate) channels: usize,
    /// Operations under way on a channel.
    pub(crate) operations: usize,
    /// How long a channel is kept for a client that reserved it and does not open it.
    pub(crate) reservation: Duration,
}

/// The channels of the server. Clones share them.
#[derive(Clone)]
pub(crate) struct EventChannels {
    channels: Arc<Mutex<HashMap<String, Arc<Channel>>>>,
    limits: ChannelLimits,
}

/// One channel. The stream that has it open takes the changes of its operations from here.
pub(super) struct Channel {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Whose it is. A newer token of the same viewer lets it live longer.
    identity: Identity,
    is_open: bool,
    /// The ids of the operations that were started and did not end.
    operations: HashSet<Arc<str>>,
    changes: Vec<Change>,
}

/// What the channel's stream has to do.
pub(super) enum Change {
    /// To tell an operation.
    Start(Arc<str>, Operation),
    /// To cancel it.
    Stop(Arc<str>),
}

/// A channel whose stream is open. It ends when this is dropped.
pub(super) struct OpenChannel {
    channel: Arc<Channel>,
    token: String,
    channels: EventChannels,
}

impl EventChannels {
    /// None yet.
    pub(crate) fn new(limits: ChannelLimits) -> Self {
        Self { channels: Arc::default(), limits }
    }

    /// Whether there may be any.
    pub(super) fn are_enabled(&self) -> bool {
        self.limits.channels > 0
    }

    /// Reserves a channel for a client, and returns its token.
    pub(super) fn reserve(&self, identity: Identity) -> Result<String, Refusal> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            tracing::error!(%error, "the system has no random numbers");
            unavailable("the service cannot make a token for the moment; try again")
        })?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let state = State { identity, is_open: false, operations: HashSet::new(), changes: Vec::new() };
        let channel = Arc::new(Channel { state: state.into(), changed: Notify::new() });
        let mut channels = self.lock();
        if channels.len() >= self.limits.channels {
            return Err(unavailable(format!(
                "more than {} streams of this kind (ORDERCAST_SSE_CONNECTIONS)",
                self.limits.channels
            )));
        }
        channels.insert(token.clone(), channel.clone());
        drop(channels);

        let (channels, reserved) = (self.clone(), token.clone());
        tokio::spawn(async move {
            tokio::time::sleep(channels.limits.reservation).await;
            if !channel.lock().is_open {
                channels.lock().remove(&reserved);
            }
        });
        Ok(token)
    }

    /// Opens a channel that was reserved. It may be open once. A client that tells who it is must be who reserved it.
    pub(super) fn open(&self, token: &str, identity: Option<&Identity>) -> Result<OpenChannel, Refusal> {
        let channel = self.get(token)?;
        let mut state = channel.lock();
        if let Some(identity) = identity {
            state.admit(identity)?;
        }
        if state.is_open {
            return Err(conflict("the stream of this token is open already"));
        }
        state.is_open = true;
        drop(state);
        Ok(OpenChannel { channel, token: token.to_owned(), channels: self.clone() })
    }

    /// Has the channel's stream tell the operation.
    pub(super) fn start(
        &self,
        token: &str,
        identity: &Identity,
        id: &str,
        operation: Operation,
    ) -> Result<(), Refusal> {
        let channel = self.get(token)?;
        let mut state = channel.lock();
        state.admit(identity)?;
        if state.operations.contains(id) {
            return Err(conflict("an operation of this `operationId` is under way"));
        }
        if state.operations.len() >= self.limits.operations {
            let message = format!(
                "at most {} operations may be under way at once (ORDERCAST_SSE_OPERATIONS)",
                self.limits.operations
            );
            return Err(Refusal::over_limit(StatusCode::TOO_MANY_REQUESTS, message));
        }
        let id: Arc<str> = id.into();
        state.operations.insert(id.clone());
        state.changes.push(Change::Start(id, operation));
        drop(state);
        channel.changed.notify_one();
        Ok(())
    }

    /// Cancels an operation. One that is not under way ended already.
    pub(super) fn stop(&self, token: &str, identity: &Identity, id: &str) -> Result<(), Refusal> {
        let channel = self.get(token)?;
        let mut state = channel.lock();
        state.admit(identity)?;
        let Some(id) = state.operations.take(id) else { return Ok(()) };
        let waiting = state.changes.len();
        state.changes.retain(|change| !matches!(change, Change::Start(started, _) if *started == id));
        if state.changes.len() == waiting {
            state.changes.push(Change::Stop(id));
        }
        drop(state);
        channel.changed.notify_one();
        Ok(())
    }

    fn get(&self, token: &str) -> Result<Arc<Channel>, Refusal> {
        let unknown = || Refusal::new(StatusCode::NOT_FOUND, "no stream has this token; reserve one by PUT");
        self.lock().get(token).cloned().ok_or_else(unknown)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Refuses those whose channel it is not. Of the tokens of those whose it is, the one that ends last counts.
    fn admit(&mut self, identity: &Identity) -> Result<(), Refusal> {
        if identity.viewer != self.identity.viewer {
            return Err(Refusal::forbidden("this stream was reserved by another user"));
        }
        self.identity.extend(identity);
        Ok(())
    }
}

impl OpenChannel {
    /// Whose it is.
    pub(super) fn identity(&self) -> Identity {
        self.channel.lock().identity.clone()
    }

    /// What has to be done since it was last asked.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut self.channel.lock().changes)
    }

    /// Waits until something has to be done.
    pub(super) async fn changed(&self) {
        self.channel.changed.notified().await;
    }

    /// An operation ended by itself.
    pub(super) fn ended(&self, id: &str) {
        let mut state = self.channel.lock();
        // Another of the same id may wait to be started.
        if !state.changes.iter().any(|change| matches!(change, Change::Start(started, _) if **started == *id))
        {
            state.operations.remove(id);
        }
    }
}

impl Drop for OpenChannel {
    fn drop(&mut self) {
        self.channels.lock().remove(&self.token);
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn conflict(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, message)
}

fn unavailable(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::over_limit(StatusCode::SERVICE_UNAVAILABLE, message)
}
