use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Version;
use lru::LruCache;

use super::Key;
use crate::operation::Answer;

/// Answers to queries, each as of a version of what is stored. The least used make room for new ones.
pub(super) struct Answers {
    kept: Mutex<Kept>,
    memory: usize,
}

struct Kept {
    answers: LruCache<Key, (Version, Answer)>,
    bytes: usize,
}

impl Answers {
    /// Keeps at most so many bytes of answers and of what was asked for.
    pub(super) fn new(memory: usize) -> Self {
        Self { kept: Mutex::new(Kept { answers: LruCache::unbounded(), bytes: 0 }), memory }
    }

    /// Whether any is kept.
    pub(super) fn are_kept(&self) -> bool {
        self.memory > 0
    }

    /// The answer to the query, if there is one of that version.
    pub(super) fn find(&self, key: &Key, now: Version) -> Option<Answer> {
        let mut kept = self.lock();
        let (version, answer) = kept.answers.get(key)?;
        (*version == now).then(|| answer.clone())
    }

    /// Keeps the answer to the query, which was executed after the stored data had that version.
    pub(super) fn keep(&self, key: &Key, version: Version, answer: &Answer) {
        let bytes = size(key, answer);
        if bytes > self.memory {
            return;
        }
        let mut kept = self.lock();
        kept.bytes += bytes;
        if let Some((_, replaced)) = kept.answers.put(key.clone(), (version, answer.clone())) {
            kept.bytes -= size(key, &replaced);
        }
        while kept.bytes > self.memory {
            let Some((key, (_, least_used))) = kept.answers.pop_lru() else { break };
            kept.bytes -= size(&key, &least_used);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What keeping it takes, about.
fn size(key: &Key, answer: &Answer) -> usize {
    size_of::<(Key, Version, Answer)>() + key.len() + answer.json.len()
}
