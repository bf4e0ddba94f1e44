use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::PATIENCE;

/// What a program writes to one of its streams, line by line. It is read all the time, so that the program never waits.
#[derive(Clone)]
pub struct Lines {
    written: Arc<(Mutex<Written>, Condvar)>,
}

#[derive(Default)]
struct Written {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    pub(crate) fn read(stream: impl Read + Send + 'static) -> Self {
        let lines = Self { written: Arc::default() };
        let reader = lines.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                reader.change(|written| written.lines.push(text));
                line.clear();
            }
            reader.change(|written| written.ended = true);
        });
        lines
    }

    /// What was written so far.
    pub fn text(&self) -> String {
        self.lock().lines.join("\n")
    }

    /// Waits until `find` finds something in what was written so far.
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        let found = self.wait(|written| match find(&written.lines) {
            Some(found) => Some(Some(found)),
            None => written.ended.then_some(None),
        });
        match found {
            Some(Some(found)) => found,
            Some(None) => panic!("the program ended without {what}; it wrote:\n{}", self.text()),
            None => panic!("no {what} within {PATIENCE:?}; the program wrote:\n{}", self.text()),
        }
    }

    /// Waits until the program closes the stream, and tells whether it did.
    pub(crate) fn wait_for_end(&self) -> bool {
        self.wait(|written| written.ended.then_some(())).is_some()
    }

    fn wait<T>(&self, mut find: impl FnMut(&Written) -> Option<T>) -> Option<T> {
        let mut found = None;
        let (_, changed) = &*self.written;
        let waited = changed.wait_timeout_while(self.lock(), PATIENCE, |written| {
            found = find(written);
            found.is_none()
        });
        drop(waited);
        found
    }

    fn change(&self, change: impl FnOnce(&mut Written)) {
        change(&mut self.lock());
        self.written.1.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
