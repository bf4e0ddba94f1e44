use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{Cursor, Position};
use futures_util::stream::BoxStream;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::{
    execution::{Execution, Running},
    operation::{Answer, Message},
};

/// What one shared execution tells: its newest messages, numbered from 0 on, up to a limit.
pub(crate) struct Channel {
    state: Mutex<State>,
    /// How many messages there were so far.
    count: watch::Sender<u64>,
    /// How many subscriptions follow it.
    members: AtomicUsize,
    /// Tells that the last one left.
    pub(super) left: Notify,
    /// Asks the execution to tell all that its source has to tell now.
    pub(super) refresh: mpsc::Sender<oneshot::Sender<()>>,
    execution: Execution,
    /// The events after it are told; without it the newest state is.
    start: Option<Cursor>,
    limit: usize,
}

struct State {
    messages: VecDeque<Message>,
    /// The number of the first of them.
    first: u64,
    /// Every answer to an event behind this position is here, or is still to come.
    complete_after: Position,
    ended: bool,
}

/// What comes next in a channel.
#[derive(Debug)]
pub enum Batch {
    /// These answers, the first of which has this number. There is at least one.
    Answers {
        /// Its number.
        first: u64,
        /// In the order of the log.
        answers: Vec<Answer>,
    },
    /// Messages that were to come next are no longer here: the subscriptions have to catch up by themselves.
    Missed,
    /// The execution ended; with an error, or because the service does.
    Ended(Option<Message>),
}

impl Channel {
    pub(super) fn new(
        execution: Execution,
        start: Option<Cursor>,
        limit: usize,
        refresh: mpsc::Sender<oneshot::Sender<()>>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                messages: VecDeque::new(),
                first: 0,
                complete_after: start.map_or(Position(0), |start| start.position),
                ended: false,
            }),
            count: watch::Sender::new(0),
            members: AtomicUsize::new(0),
            left: Notify::new(),
            refresh,
            execution,
            start,
            limit: if start.is_some() { limit } else { 1 },
        }
    }

    /// Executes what the channel tells.
    pub(super) fn execute(&self) -> Running {
        match self.start {
            Some(start) => self.execution.follow_after(start),
            None => self.execution.follow(None),
        }
    }

    /// Executes what the channel tells no more.
    pub(super) fn replay(&self, after: Cursor, until: Position) -> BoxStream<'static, Message> {
        self.execution.replay(after, until)
    }

    /// Whether only the newest of its messages counts.
    pub(crate) fn is_newest(&self) -> bool {
        self.start.is_none()
    }

    /// Tells when there are more messages.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// How many messages there were so far: the number of the next one.
    pub(crate) fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Appends messages.
    pub(super) fn push(&self, messages: Vec<Message>) {
        let mut state = self.lock();
        state.messages.extend(messages);
        while state.messages.len() > self.limit {
            let Some(oldest) = state.messages.pop_front() else { break };
            state.first += 1;
            state.complete_after = oldest.position().unwrap_or(state.complete_after);
        }
        let count = state.first + state.messages.len() as u64;
        drop(state);
        self.count.send_replace(count);
    }

    /// Nothing comes any more.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.count.send_modify(|_| {});
    }

    /// The number of the first message behind the position; if some are gone, the position that they are up to.
    pub(crate) fn number_after(&self, position: Position) -> Result<u64, Position> {
        let state = self.lock();
        if position < state.complete_after {
            return Err(state.complete_after);
        }
        let is_before = |message: &Message| message.position().is_some_and(|other| other <= position);
        Ok(state.first + state.messages.partition_point(is_before) as u64)
    }

    /// The number of the newest message, or of the one to come.
    pub(crate) fn newest(&self) -> u64 {
        self.count().saturating_sub(1)
    }

    /// What comes at this number; `None` while there is nothing yet.
    pub(crate) fn read(&self, number: u64) -> Option<Batch> {
        let state = self.lock();
        let number = if self.is_newest() { number.max(state.first) } else { number };
        let Some(index) = number.checked_sub(state.first) else { return Some(Batch::Missed) };
        let index = usize::try_from(index).unwrap_or(usize::MAX).min(state.messages.len());
        let mut answers = Vec::with_capacity(state.messages.len() - index);
        for message in state.messages.range(index..) {
            match message {
                Message::Next(answer) => answers.push(answer.clone()),
                Message::Error(_) if answers.is_empty() => return Some(Batch::Ended(Some(message.clone()))),
                Message::Error(_) => break,
            }
        }
        match (answers.is_empty(), state.ended) {
            (false, _) => Some(Batch::Answers { first: number, answers }),
            (true, true) => Some(Batch::Ended(None)),
            (true, false) => None,
        }
    }

    /// Somebody follows.
    pub(super) fn enter(&self) {
        self.members.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody no longer follows.
    pub(super) fn leave(&self) {
        if self.members.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.left.notify_one();
        }
    }

    /// Whether nobody follows.
    pub(super) fn is_empty(&self) -> bool {
        self.members.load(Ordering::Acquire) == 0
    }

    /// Whether nothing comes any more.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
