use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, web::Bytes};
use async_graphql::ServerError;
use futures_util::{StreamExt, stream, stream::BoxStream};
use graphql_api::{Message, Operation};
use serde::Serialize;
use tokio::sync::watch;
use tokio_stream::StreamMap;

use super::{
    answer::{RequestErrors, to_json},
    event_channels::{Change, OpenChannel},
    event_stream::{COMMENT, response},
    told::{Silence, StreamContext, stopped},
};

/// The stream of a channel: its operations, told as each has something to tell.
struct ChannelStream {
    channel: OpenChannel,
    /// Each ends with a `None`, because the map drops what ended without a word.
    operations: StreamMap<Arc<str>, BoxStream<'static, Option<Message>>>,
    silence: Silence,
    stopping: watch::Receiver<Option<Duration>>,
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
    let stream = ChannelStream {
        channel,
        operations: StreamMap::new(),
        silence: Silence::longer_than(context.keep_alive),
        stopping: context.stopping.clone(),
    };
    response(stream::unfold(stream, async |mut stream| Some((stream.next().await?, stream))))
}

impl ChannelStream {
    /// The next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            for change in self.channel.take_changes() {
                self.apply(change);
            }
            tokio::select! {
                biased;
                () = stopped(&mut self.stopping) => return None,
                () = self.channel.changed() => {}
                Some((id, message)) = self.operations.next(), if !self.operations.is_empty() => {
                    self.silence.is_broken();
                    return Some(self.event(&id, message));
                }
                () = self.silence.lasts() => return Some(COMMENT),
            }
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Start(id, operation) => {
                self.operations.insert(id, with_end(operation));
            }
            Change::Stop(id) => {
                self.operations.remove(&id);
            }
        }
    }

    fn event(&mut self, id: &Arc<str>, message: Option<Message>) -> Bytes {
        match message {
            Some(Message::Next(answer)) => next(id, &answer.json).into(),
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

fn with_end(operation: Operation) -> BoxStream<'static, Option<Message>> {
    operation.map(Some).chain(stream::iter([None])).boxed()
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
