use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{Key, answers::Answers, of_query};
use crate::{execution::Execution, operation::Message};

/// Equal queries, which are answered in turns: a turn is for those that came before it began, and while it lasts others
/// gather for the next. So each is told what was read after it came, whoever changed it.
pub(crate) struct SharedQueries {
    /// Those that gather, by what they ask for. There is an entry while a turn lasts, also where nobody waits.
    gathering: Mutex<HashMap<Key, Vec<Waiting>>>,
    answers: Answers,
}

struct Waiting {
    execution: Execution,
    answer: oneshot::Sender<Message>,
}

/// The turns of equal queries, until nobody waits.
struct Turns {
    queries: Arc<SharedQueries>,
    key: Key,
    have_ended: bool,
}

impl SharedQueries {
    /// Keeps at most so many bytes of answers.
    pub(crate) fn new(kept: usize) -> Self {
        Self { gathering: Mutex::default(), answers: Answers::new(kept) }
    }

    /// Answers a request, with others if it is a query that can be shared.
    pub(crate) async fn respond(self: &Arc<Self>, execution: Execution) -> Message {
        let Some(key) = of_query(&execution.request, execution.viewer.view()) else {
            return execution.respond().await;
        };
        match self.gather(key, execution.clone()).await {
            Ok(message) => message,
            // An error that is told in the words of another document, or a turn that was not brought to its end.
            Err(_) => execution.respond().await,
        }
    }

    /// Waits for the next turn, which begins now if there is none.
    fn gather(self: &Arc<Self>, key: Key, execution: Execution) -> oneshot::Receiver<Message> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { execution, answer };
        let mut gathering = self.lock();
        if let Some(group) = gathering.get_mut(&key) {
            group.push(waiting);
        } else {
            gathering.insert(key.clone(), vec![waiting]);
            tokio::spawn(Turns { queries: Arc::clone(self), key, have_ended: false }.run());
        }
        answered
    }

    /// The answer to a query, kept or new.
    async fn answer(&self, key: &Key, execution: &Execution) -> Message {
        if !self.answers.are_kept() {
            return execution.respond().await;
        }
        // Where the storage fails, executing tells.
        let Ok(Some(version)) = execution.use_cases.orders.version().await else {
            return execution.respond().await;
        };
        if let Some(answer) = self.answers.find(key, version) {
            return Message::Next(answer);
        }
        // What is read from here on is of this version, or of a later one that is never this one again.
        let message = execution.respond().await;
        if let Message::Next(answer) = &message
            && !answer.has_errors()
        {
            self.answers.keep(key, version, answer);
        }
        message
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Waiting>>> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    async fn run(mut self) {
        while let Some(group) = self.next() {
            let waiting: Vec<_> = group.into_iter().filter(|waiting| !waiting.answer.is_closed()).collect();
            let Some(first) = waiting.first().map(|waiting| waiting.execution.clone()) else { continue };
            let message = self.queries.answer(&self.key, &first).await;
            for Waiting { execution, answer } in waiting {
                if is_of_any_text(&message) || execution.request.is_same_text(&first.request) {
                    // One that went away meanwhile needs no answer.
                    let _ = answer.send(message.clone());
                }
            }
        }
    }

    /// Those that gathered; `None`, and the end of the turns, if nobody did.
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut gathering = self.queries.lock();
        let group = gathering.get_mut(&self.key).map(mem::take).unwrap_or_default();
        if group.is_empty() {
            gathering.remove(&self.key);
            self.have_ended = true;
            return None;
        }
        Some(group)
    }
}

impl Drop for Turns {
    /// Lets those who wait go on by themselves, where the turns were broken off.
    fn drop(&mut self) {
        if !self.have_ended {
            self.queries.lock().remove(&self.key);
        }
    }
}

/// Whether the answer is the same however the document is laid out. Errors tell lines and columns.
fn is_of_any_text(message: &Message) -> bool {
    matches!(message, Message::Next(answer) if !answer.has_errors())
}
