use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use domain::{Cursor, Position};
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::sync::{oneshot, watch};
use tokio_stream::wrappers::WatchStream;

use super::{Batch, Channel, Member};
use crate::operation::{Answer, Message};

/// A subscription that shares its execution with equal ones.
pub(crate) struct Follower {
    member: Member,
    /// Every event up to here was told; `None` where only the newest state is.
    at: Option<Cursor>,
    state: State,
}

enum State {
    /// Waits until the channel tells what its source knows now.
    Refreshing(BoxFuture<'static, ()>),
    /// Looks for its place in the channel.
    Entering,
    /// Is told what the channel no longer has, as far as it has to be.
    Replaying(BoxStream<'static, Message>, Position),
    /// Is told what the channel is.
    Live { number: u64, next: vec::IntoIter<Answer>, news: WatchStream<u64> },
    /// Was told all.
    Ended,
}

/// A subscription that was told all that there was, and leaves it to somebody else, who listens to its channel for
/// many, to tell it what comes.
pub struct Parked {
    member: Member,
    place: Place,
}

/// Hears each message of a channel once, for all the parked subscriptions of one thread.
pub struct Listener {
    channel: Arc<Channel>,
    place: Place,
    news: watch::Receiver<u64>,
}

/// Names a channel among those that are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChannelId(usize);

/// A place in a channel.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The number of the message that comes next.
    pub number: u64,
    /// See [`Follower::at`].
    at: Option<Cursor>,
}

impl Follower {
    /// Follows the events after the cursor. One that the channel does not know yet is checked by the log.
    pub(crate) fn of_events(member: Member, after: Cursor, head: Cursor) -> Self {
        let state = if after.position <= head.position {
            State::Entering
        } else {
            State::Replaying(member.0.replay(after, after.position), after.position)
        };
        Self { member, at: Some(after), state }
    }

    /// Follows the newest state.
    pub(crate) fn of_newest(member: Member) -> Self {
        let refresh = member.0.refresh.clone();
        let refreshed = async move {
            let (sender, refreshed) = oneshot::channel();
            // If the channel ended, it is seen where its messages are read.
            if refresh.send(sender).await.is_ok() {
                let _ = refreshed.await;
            }
        };
        Self { member, at: None, state: State::Refreshing(refreshed.boxed()) }
    }

    /// Whether nothing is left to tell it of what was read from the channel.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(&self.state, State::Live { next, .. } if next.len() == 0)
    }

    /// Where it is: every event up to here was told, or came before it followed.
    pub(crate) fn position(&self) -> Option<Cursor> {
        self.at
    }

    /// Parks it, if nothing is left to tell it.
    pub(crate) fn park(self) -> Result<Parked, Self> {
        match self.state {
            State::Live { number, ref next, .. } if next.len() == 0 => {
                Ok(Parked { place: Place { number, at: self.at }, member: self.member })
            }
            _ => Err(self),
        }
    }

    /// Finds the place in the channel, or what has to be replayed before there is one.
    fn enter(&self) -> State {
        let channel = &self.member.0;
        let news = WatchStream::from_changes(channel.watch());
        let live = |number| State::Live { number, next: Vec::new().into_iter(), news };
        match self.at {
            None => live(channel.newest()),
            Some(at) => match channel.number_after(at.position) {
                Ok(number) => live(number),
                Err(until) => State::Replaying(channel.replay(at, until), until),
            },
        }
    }
}

impl Stream for Follower {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Refreshing(refreshed) => {
                    ready!(refreshed.poll_unpin(context));
                    this.state = State::Entering;
                }
                State::Entering => this.state = this.enter(),
                State::Replaying(replay, until) => {
                    if let Some(message) = ready!(replay.poll_next_unpin(context)) {
                        this.at = message.cursor().or(this.at);
                        if let Message::Error(_) = message {
                            this.state = State::Ended;
                        }
                        return Poll::Ready(Some(message));
                    }
                    let position = *until;
                    this.at = this.at.map(|at| Cursor { position: position.max(at.position), ..at });
                    this.state = State::Entering;
                }
                State::Live { number, next, news } => {
                    if let Some(answer) = next.next() {
                        this.at = this.at.and(answer.position).or(this.at);
                        return Poll::Ready(Some(Message::Next(answer)));
                    }
                    match this.member.0.read(*number) {
                        Some(Batch::Answers { first, answers }) => {
                            *number = first + answers.len() as u64;
                            *next = answers.into_iter();
                        }
                        Some(Batch::Missed) => this.state = State::Entering,
                        Some(Batch::Ended(error)) => {
                            this.state = State::Ended;
                            return Poll::Ready(error);
                        }
                        None => {
                            ready!(news.poll_next_unpin(context));
                        }
                    }
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl Parked {
    /// Which channel tells it what comes.
    pub fn channel(&self) -> ChannelId {
        ChannelId::of(&self.member.0)
    }

    /// The number of the first message that it was not told.
    pub fn number(&self) -> u64 {
        self.place.number
    }

    /// Whether only the newest message counts.
    pub fn is_newest(&self) -> bool {
        self.member.0.is_newest()
    }

    /// Hears the channel from where this subscription is.
    pub fn listen(&self) -> Listener {
        let channel = Arc::clone(&self.member.0);
        Listener { news: channel.watch(), channel, place: self.place }
    }

    /// What comes next, for a subscription that is not as far as those it joins; `None` if nothing does.
    pub fn read(&mut self) -> Option<Batch> {
        let batch = self.member.0.read(self.place.number);
        self.place.go_behind(batch.as_ref());
        batch
    }

    /// Takes the subscription back, to tell it by itself what comes from the place on, or from its own if that is later.
    pub(crate) fn unpark(self, place: Option<Place>) -> Follower {
        let later = place.filter(|place| self.place.number < place.number);
        let Place { number, at } = later.unwrap_or(self.place);
        let news = WatchStream::from_changes(self.member.0.watch());
        let state = State::Live { number, next: Vec::new().into_iter(), news };
        Follower { member: self.member, at, state }
    }
}

impl Listener {
    /// The next messages; nothing comes after the channel's end.
    pub async fn next(&mut self) -> Batch {
        loop {
            if let Some(batch) = self.channel.read(self.place.number) {
                self.place.go_behind(Some(&batch));
                return batch;
            }
            // The channel outlives its listeners.
            let _ = self.news.changed().await;
        }
    }

    /// How far it heard.
    pub fn place(&self) -> Place {
        self.place
    }
}

impl Place {
    fn go_behind(&mut self, batch: Option<&Batch>) {
        if let Some(Batch::Answers { first, answers }) = batch {
            let at = answers.last().and_then(|answer| answer.position);
            self.at = self.at.and(at).or(self.at);
            self.number = first + answers.len() as u64;
        }
    }
}

impl ChannelId {
    fn of(channel: &Arc<Channel>) -> Self {
        Self(Arc::as_ptr(channel).addr())
    }
}
