use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{
    ServerError,
    parser::{parse_query, types::ExecutableDocument},
};
use lru::LruCache;

use crate::{
    error::{ErrorCode, with_code},
    root_fields,
};

/// The documents that were parsed last, since clients send the same ones again and again.
pub(crate) struct Documents(Mutex<LruCache<String, Arc<ExecutableDocument>>>);

/// The most bytes of a document that is kept, so that few large ones cannot fill the memory.
const LONGEST: usize = 16 * 1024;

impl Documents {
    /// Keeps so many documents.
    pub(crate) fn new(limit: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(limit)))
    }

    /// Parses a document, or finds it as it was parsed before.
    pub(crate) fn parse(&self, text: String) -> Result<Arc<ExecutableDocument>, Vec<ServerError>> {
        if let Some(document) = self.kept(|kept| kept.get(&text).cloned()) {
            return Ok(document);
        }
        let mut document = parse_query(&text)
            .map_err(|error| vec![with_code(error.into(), ErrorCode::GraphqlParseFailed)])?;
        root_fields::collect(&mut document);
        if let Some(position) = root_fields::second_of_subscription(&document) {
            let error = ServerError::new("a subscription has one root field", Some(position));
            return Err(vec![with_code(error, ErrorCode::GraphqlValidationFailed)]);
        }
        let document = Arc::new(document);
        if text.len() <= LONGEST {
            self.kept(|kept| kept.put(text, Arc::clone(&document)));
        }
        Ok(document)
    }

    fn kept<T>(&self, with: impl FnOnce(&mut LruCache<String, Arc<ExecutableDocument>>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
