use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_graphql::{Response, ServerError};
use futures_util::{Stream, StreamExt, stream::BoxStream};

/// What an operation does, which decides over which transports and methods it may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads, and gives one answer.
    Query,
    /// Changes, and gives one answer.
    Mutation,
    /// Follows, and gives an answer per event.
    Subscription,
}

/// What an operation tells its client. Every transport maps these, and the stream's end, to its own messages.
#[derive(Clone, Debug)]
pub enum Message {
    /// An answer, after which others may come.
    Next(Answer),
    /// The operation could not be started, or its source failed; nothing comes after it.
    Error(Arc<Vec<ServerError>>),
}

/// An answer as it goes to clients.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The response in JSON: an object with `data`, maybe `errors`, and of a subscription `extensions`.
    pub json: Arc<str>,
    /// The position in the order log that a subscription's answer tells of, as clients hold it. The same is in the
    /// JSON, as `extensions.cursor`.
    pub cursor: Option<Arc<str>>,
}

/// An operation under way: the stream of its messages, whose end is that of the operation. Dropping it cancels it.
pub struct Operation(BoxStream<'static, Message>);

impl Operation {
    pub(crate) fn new(messages: impl Stream<Item = Message> + Send + 'static) -> Self {
        Self(messages.boxed())
    }
}

impl Stream for Operation {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.poll_next_unpin(context)
    }
}

impl Answer {
    pub(crate) fn new(response: &Response, cursor: Option<String>) -> Self {
        let json = serde_json::to_string(response).expect("a response has string keys only");
        Self { json: json.into(), cursor: cursor.map(Into::into) }
    }
}
