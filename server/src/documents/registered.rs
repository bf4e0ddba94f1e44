use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use sha2::{Digest, Sha256};

use super::DocumentError;

/// Documents that clients registered under their SHA-256 hash. The least used make room for new ones.
pub(crate) struct RegisteredDocuments {
    kept: Mutex<Kept>,
    memory: usize,
}

struct Kept {
    documents: LruCache<Hash, Box<str>>,
    bytes: usize,
}

type Hash = [u8; 32];

impl RegisteredDocuments {
    /// Keeps at most so many bytes of documents.
    pub(super) fn new(memory: usize) -> Self {
        Self { kept: Mutex::new(Kept { documents: LruCache::unbounded(), bytes: 0 }), memory }
    }

    /// The document that was registered under that hash, in hexadecimal.
    pub(super) fn named(&self, hash: &str) -> Option<String> {
        let hash = parse(hash)?;
        self.lock().documents.get(&hash).map(|document| document.as_ref().to_owned())
    }

    /// Keeps a document under that hash, which must be its own.
    pub(super) fn add(&self, hash: &str, document: &str) -> Result<(), DocumentError> {
        let computed: Hash = Sha256::digest(document).into();
        if parse(hash) != Some(computed) {
            return Err(DocumentError::WrongHash);
        }
        if document.len() > self.memory {
            return Ok(());
        }
        let mut kept = self.lock();
        if kept.documents.put(computed, document.into()).is_none() {
            kept.bytes += document.len();
        }
        while kept.bytes > self.memory {
            let Some((_, least_used)) = kept.documents.pop_lru() else { break };
            kept.bytes -= least_used.len();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a hash in hexadecimal, in either case.
fn parse(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}
