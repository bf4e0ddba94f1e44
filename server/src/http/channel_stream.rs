use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, web::Bytes};
use async_graphql::ServerError;
use futures_util::{StreamExt, future::BoxFuture, stream, stream::BoxStream};
use graphql_api::{Message, Operation};
use serde::Serialize;
use tokio::sync::watch;
use tokio_stream::StreamMap;

use super::{
    answer::{RequestErrors, to_json},
    event_channels::{Change, OpenChannel},
    event_stream::{COMMENT, response},
    refusal::Refusal,
    told::{Silence, StreamContext, stopped},
};
use crate::{
    authentication::{Authenticator, Identity, TokenError},
    metrics::{Running, Stream},
};

/// The stream of a channel: its operations, told as each has something to tell.
struct ChannelStream {
    channel: OpenChannel,
    /// Each ends with a `None`, because the map drops what ended without a word.
    operations: StreamMap<Arc<str>, BoxStream<'static, Option<Message>>>,
    silence: Silence,
    authenticator: Arc<Authenticator>,
    identity: Identity,
    identity_ends: BoxFuture<'static, TokenError>,
    has_ended: bool,
    stopping: watch::Receiver<Option<Duration>>,
    stream: Stream,
}

/// The data of a `complete` event.
#[derive(Serialize)]
struct OperationId<'i> {
    id: &'i str,
}

/// Answers with the messages of every operation of the channel.
///
/// Its events have no `id:`. Operations on one stream are at positions of their own, so that no single one tells where
/// all of them could resume.
pub(super) fn respond(channel: OpenChannel, context: &StreamContext) -> HttpResponse {
    let identity = channel.identity();
    let stream = ChannelStream {
        identity_ends: context.authenticator.end_of(&identity),
        authenticator: Arc::clone(&context.authenticator),
        identity,
        has_ended: false,
        channel,
        operations: StreamMap::new(),
        silence: Silence::longer_than(context.keep_alive),
        stopping: context.stopping.clone(),
        stream: context.metrics.event_streams().clone(),
    };
    response(stream::unfold(stream, async |mut stream| Some((stream.next().await?, stream))))
}

impl ChannelStream {
    /// The next event; `None` when the server stops, or the client's token has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.has_ended {
                return None;
            }
            self.look_at_identity();
            for change in self.channel.take_changes() {
                self.apply(change);
            }
            tokio::select! {
                biased;
                () = stopped(&mut self.stopping) => return None,
                error = &mut self.identity_ends => {
                    self.has_ended = true;
                    return Some(self.end(error));
                }
                () = self.channel.changed() => {}
                Some((id, message)) = self.operations.next(), if !self.operations.is_empty() => {
                    self.silence.is_broken();
                    return Some(self.event(&id, message));
                }
                () = self.silence.lasts() => return Some(COMMENT),
            }
        }
    }

    /// Operations may come with newer tokens.
    fn look_at_identity(&mut self) {
        let identity = self.channel.identity();
        if identity != self.identity {
            self.identity_ends = self.authenticator.end_of(&identity);
            self.identity = identity;
        }
    }

    /// Ends each operation with the reason.
    fn end(&self, error: TokenError) -> Bytes {
        let errors = [Refusal::unauthenticated(error).to_server_error()];
        let ended = self.operations.keys().map(|id| format!("{}{}", failed(id, &errors), complete(id)));
        format!(": {error}\n\n{}", ended.collect::<String>()).into()
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Start(id, operation) => {
                self.operations.insert(id, with_end(operation, self.stream.run()));
            }
            Change::Stop(id) => {
                self.operations.remove(&id);
            }
        }
    }

    fn event(&mut self, id: &Arc<str>, message: Option<Message>) -> Bytes {
        match message {
            Some(Message::Next(answer)) => {
                self.stream.told(1);
                next(id, &answer.json).into()
            }
            Some(Message::Error(errors)) => {
                self.operations.remove(id);
                self.channel.ended(id);
                format!("{}{}", failed(id, &errors), complete(id)).into()
            }
            None => {
                self.channel.ended(id);
                complete(id).into()
            }
        }
    }
}

fn with_end(operation: Operation, running: Running) -> BoxStream<'static, Option<Message>> {
    let told = stream::unfold((operation, running), async |(mut operation, running)| {
        Some((operation.next().await?, (operation, running)))
    });
    told.map(Some).chain(stream::iter([None])).boxed()
}

fn next(id: &str, payload: &str) -> String {
    format!("event: next\ndata: {{\"id\":{},\"payload\":{payload}}}\n\n", to_json(&id))
}

fn failed(id: &str, errors: &[ServerError]) -> String {
    next(id, &to_json(&RequestErrors { errors }))
}

fn complete(id: &str) -> String {
    format!("event: complete\ndata: {}\n\n", to_json(&OperationId { id }))
}
