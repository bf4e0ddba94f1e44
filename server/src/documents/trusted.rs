use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use anyhow::{Context, ensure};
use async_graphql::parser::parse_query;

/// The documents of a manifest: a JSON object of ids and documents, as GraphQL Code Generator's client preset and Relay's
/// compiler write it.
pub(crate) struct TrustedDocuments {
    by_id: HashMap<String, String>,
    texts: HashSet<String>,
}

impl TrustedDocuments {
    /// Reads the manifest.
    pub(crate) fn read(manifest: &Path) -> anyhow::Result<Self> {
        let read = || Self::parse(&std::fs::read_to_string(manifest)?);
        read().with_context(|| format!("ORDERCAST_TRUSTED_DOCUMENTS is {}", manifest.display()))
    }

    pub(super) fn parse(manifest: &str) -> anyhow::Result<Self> {
        let by_id: HashMap<String, String> =
            serde_json::from_str(manifest).context("it must be a JSON object of ids and documents")?;
        ensure!(!by_id.is_empty(), "it has no documents, so that nothing could be executed");
        for (id, document) in &by_id {
            parse_query(document).with_context(|| format!("the document `{id}` is not GraphQL"))?;
        }
        let texts = by_id.values().cloned().collect();
        Ok(Self { by_id, texts })
    }

    /// The document of that id.
    pub(super) fn named(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// Whether a text is that of a document, word for word: clients that know no ids send it.
    pub(super) fn check(&self, document: &str) -> Result<(), super::DocumentError> {
        if self.texts.contains(document) { Ok(()) } else { Err(super::DocumentError::NotTrusted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_would_trust_nothing_or_no_graphql_is_refused() {
        for (manifest, named) in [
            ("", "JSON"),
            ("[]", "JSON"),
            ("{\"a\": 1}", "JSON"),
            ("{}", "no documents"),
            ("{\"a\": \"{\"}", "`a`"),
        ] {
            let error = TrustedDocuments::parse(manifest).err().map(|error| format!("{error:#}"));
            assert!(error.as_ref().is_some_and(|error| error.contains(named)), "{manifest}: {error:?}");
        }
    }
}
