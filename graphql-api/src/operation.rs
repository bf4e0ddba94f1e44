use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use async_graphql::{Response, ServerError, Value};
use domain::{Cursor, Position};
use futures_util::{
    FutureExt, Stream, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde::Serialize;

use crate::{
    log_cursor,
    shared::{Follower, Parked, Place},
};

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
    pub(crate) position: Option<Cursor>,
    has_errors: bool,
}

/// An operation under way: the stream of its messages, whose end is that of the operation. Dropping it cancels it.
pub struct Operation(State);

enum State {
    Starting(BoxFuture<'static, Operation>),
    Own(BoxStream<'static, Message>),
    Shared(Follower),
}

impl Operation {
    pub(crate) fn starting(operation: BoxFuture<'static, Self>) -> Self {
        Self(State::Starting(operation))
    }

    pub(crate) fn own(messages: impl Stream<Item = Message> + Send + 'static) -> Self {
        Self(State::Own(messages.boxed()))
    }

    pub(crate) fn shared(follower: Follower) -> Self {
        Self(State::Shared(follower))
    }

    /// An operation that ends with these errors.
    pub fn refused(errors: Vec<ServerError>) -> Self {
        Self::own(stream::iter([Message::Error(Arc::new(errors))]))
    }

    /// Waits until the operation is under way, and returns the cursor that a subscription to events starts after: a client
    /// who is told nothing from here on can resume there. `None` of what has no such place, or tells it with its first
    /// message only.
    pub async fn started(&mut self) -> Option<Arc<str>> {
        if let State::Starting(operation) = &mut self.0 {
            *self = operation.await;
        }
        match &self.0 {
            State::Shared(follower) => Some(log_cursor::encode(follower.position()?).0.into()),
            State::Starting(_) | State::Own(_) => None,
        }
    }

    /// Parks a subscription that shares its execution and has nothing to tell now, for a [`Listener`](crate::Listener)
    /// to tell it what comes. `Err` is the operation that cannot be parked, or not yet.
    pub fn park(self) -> Result<Parked, Self> {
        match self.0 {
            State::Shared(follower) => follower.park().map_err(Self::shared),
            other => Err(Self(other)),
        }
    }

    /// Whether it can be parked now.
    pub fn is_idle(&self) -> bool {
        matches!(&self.0, State::Shared(follower) if follower.is_idle())
    }

    /// Takes a parked subscription back, to tell it the rest by itself: from the place on that others were told up to who
    /// were told with it, or from its own if that is later.
    pub fn unpark(parked: Parked, place: Option<Place>) -> Self {
        Self::shared(parked.unpark(place))
    }
}

impl Stream for Operation {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            match &mut self.0 {
                State::Starting(operation) => *self = ready!(operation.poll_unpin(context)),
                State::Own(messages) => return messages.poll_next_unpin(context),
                State::Shared(follower) => return follower.poll_next_unpin(context),
            }
        }
    }
}

impl Message {
    /// What tells the answer of a query or a mutation.
    pub(crate) fn only(response: Response) -> Self {
        if is_request_error(&response) {
            Self::Error(Arc::new(response.errors))
        } else {
            Self::Next(Answer::new(&response))
        }
    }

    pub(crate) fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Next(answer) => answer.position,
            Self::Error(_) => None,
        }
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.cursor().map(|cursor| cursor.position)
    }
}

impl Answer {
    pub(crate) fn new(response: &Response) -> Self {
        Self { json: json(response), cursor: None, position: None, has_errors: response.is_err() }
    }

    /// The answer to an event at this position; `text` is the same, as clients hold it.
    pub(crate) fn at(position: Cursor, text: String, response: &Response) -> Self {
        Self {
            json: json(response),
            cursor: Some(text.into()),
            position: Some(position),
            has_errors: response.is_err(),
        }
    }

    /// Whether a part of it failed: it has `errors`.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }
}

/// Whether nothing was executed: the response has no data, and its errors are of no field (GraphQL, October 2021, section
/// 7.1.2).
fn is_request_error(response: &Response) -> bool {
    response.is_err()
        && response.data == Value::Null
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The response in JSON. The only value of its data may be JSON already.
fn json(response: &Response) -> Arc<str> {
    let only = match &response.data {
        Value::Object(data) if data.len() == 1 => data.first(),
        _ => None,
    };
    if let Some((name, Value::Binary(json))) = only
        && let Ok(json) = str::from_utf8(json)
    {
        // As the library writes it.
        let mut text = format!(r#"{{"data":{{"{name}":{json}}}"#);
        if !response.extensions.is_empty() {
            text.push_str(r#","extensions":"#);
            text.push_str(&to_json(&response.extensions));
        }
        if response.is_err() {
            text.push_str(r#","errors":"#);
            text.push_str(&to_json(&response.errors));
        }
        text.push('}');
        return text.into();
    }
    to_json(response).into()
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a response's keys are text")
}
