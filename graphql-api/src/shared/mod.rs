//! Shared execution: equal subscriptions of one node are executed and serialised once per event, and equal queries once
//! for all that wait, and as long as nothing changes.
//!
//! `key` says which are equal. Each group of equal subscriptions has a [`Channel`], into which one task executes, from the
//! first subscription on until the last one left. A `follower` is one of them: a place in the channel, or behind it.
//! Equal `queries` are answered in turns, from `answers` that are kept or by executing one of them.

mod answers;
mod channel;
mod follower;
mod key;
mod queries;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Cursor;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

pub use self::{
    channel::Batch,
    follower::{ChannelId, Listener, Parked, Place},
};
pub(crate) use self::{
    channel::Channel,
    follower::Follower,
    key::{Key, Source, of_query, shareable},
    queries::SharedQueries,
};
use crate::{
    execution::{Execution, Running},
    operation::Message,
};

/// The most messages that are executed before those so far are told.
const CHUNK: usize = 64;

/// How many subscriptions may ask a channel at once to catch up with its source; others wait to ask.
const REFRESHES: usize = 64;

/// The channels of one node.
pub(crate) struct SharedExecution {
    channels: Mutex<HashMap<Key, Arc<Channel>>>,
    /// Where the executions run, whoever started them.
    runtime: Handle,
    /// The most messages that a channel keeps.
    messages: usize,
}

/// One that follows a channel, which is executed as long as there is one.
pub(crate) struct Member(Arc<Channel>);

impl SharedExecution {
    /// Executes on the current runtime.
    pub(crate) fn new(messages: usize) -> Arc<Self> {
        Arc::new(Self { channels: Mutex::default(), runtime: Handle::current(), messages })
    }

    /// Follows the channel of that key. If there is none, it is made: of the events after `start`, or of the newest
    /// state.
    pub(crate) fn join(self: &Arc<Self>, key: Key, start: Option<Cursor>, execution: Execution) -> Member {
        let mut channels = self.channels();
        if let Some(channel) = channels.get(&key)
            && !channel.has_ended()
        {
            return Member::of(channel);
        }
        let (refresh, refreshes) = mpsc::channel(REFRESHES);
        let channel = Arc::new(Channel::new(execution, start, self.messages, refresh));
        channels.insert(key.clone(), Arc::clone(&channel));
        let member = Member::of(&channel);
        self.runtime.spawn(execute(Arc::clone(self), key, channel, refreshes));
        member
    }

    /// Forgets the channel if nobody follows it, and tells whether it did.
    fn forget_unfollowed(&self, key: &Key, channel: &Arc<Channel>) -> bool {
        let mut channels = self.channels();
        let forgets = channel.is_empty();
        if forgets {
            remove(&mut channels, key, channel);
        }
        forgets
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Key, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Executes into the channel until its source ends, or nobody follows it.
async fn execute(
    shared: Arc<SharedExecution>,
    key: Key,
    channel: Arc<Channel>,
    mut refreshes: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let Running { messages, position } = channel.execute();
    let mut messages: BoxStream<'static, Vec<Message>> = messages.ready_chunks(CHUNK).boxed();
    let mut refreshing = Vec::new();
    loop {
        tokio::select! {
            // What the source has to tell comes before the answer that it was told.
            biased;
            told = messages.next() => match told {
                Some(told) => channel.push(told),
                None => break,
            },
            Some(refresh) = refreshes.recv() => refreshing.push(refresh),
            () = channel.left.notified() => {
                if shared.forget_unfollowed(&key, &channel) {
                    return;
                }
            }
        }
        if !position.is_under_way() {
            for refresh in refreshing.drain(..) {
                // One that went away meanwhile needs no answer.
                let _ = refresh.send(());
            }
        }
    }
    channel.end();
    remove(&mut shared.channels(), &key, &channel);
}

/// Removes the channel, unless another one has taken its place since it ended.
fn remove(channels: &mut HashMap<Key, Arc<Channel>>, key: &Key, channel: &Arc<Channel>) {
    if channels.get(key).is_some_and(|kept| Arc::ptr_eq(kept, channel)) {
        channels.remove(key);
    }
}

impl Member {
    fn of(channel: &Arc<Channel>) -> Self {
        channel.enter();
        Self(Arc::clone(channel))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.leave();
    }
}
