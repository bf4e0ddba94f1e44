//! Which documents may be executed, and how clients name them instead of sending their text: the same for every transport.

mod registered;
mod trusted;

use async_graphql::{Request, ServerError, Value};

use self::registered::RegisteredDocuments;
pub(crate) use self::trusted::TrustedDocuments;
use crate::error::with_code;

/// The documents that the server knows. Shared by every transport, so that none is a way around the others.
pub(crate) enum Documents {
    /// Any document is executed, and none is kept.
    Any,
    /// Any document is executed, and those that clients register by their hash are kept: automatic persisted queries, as
    /// Apollo's clients know them.
    Registered(RegisteredDocuments),
    /// Only the documents of a manifest are executed.
    Trusted(TrustedDocuments),
}

/// Why a request's document is not executed. Each is told with its own `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentError {
    /// The request has neither a document nor the name of one.
    Missing,
    /// The request names a document that the server does not have; the client may send its text.
    NotFound,
    /// The request names a document, and the server keeps none.
    NotSupported,
    /// The hash is not that of the text that came with it.
    WrongHash,
    /// `extensions.persistedQuery` is not what clients of automatic persisted queries send.
    Malformed,
    /// The document is none of the manifest's.
    NotTrusted,
}

impl Documents {
    /// Those that clients may register, in at most `memory` bytes; none are kept in 0.
    pub(crate) fn registered_in(memory: usize) -> Self {
        if memory == 0 { Self::Any } else { Self::Registered(RegisteredDocuments::new(memory)) }
    }

    /// Gives the request the text of the document that it asks for: by `document_id`, by
    /// `extensions.persistedQuery.sha256Hash`, or as it is.
    pub(crate) fn resolve(
        &self,
        document_id: Option<&str>,
        request: &mut Request,
    ) -> Result<(), DocumentError> {
        let hash = persisted_query_hash(request)?.map(str::to_owned);
        let has_text = !request.query.is_empty();
        let name = document_id.or(hash.as_deref());
        match self {
            Self::Trusted(trusted) => {
                let Some(name) = name else {
                    return if has_text {
                        trusted.check(&request.query)
                    } else {
                        Err(DocumentError::Missing)
                    };
                };
                trusted.named(name).ok_or(DocumentError::NotFound)?.clone_into(&mut request.query);
                Ok(())
            }
            Self::Any | Self::Registered(_) if document_id.is_some() => Err(DocumentError::NotSupported),
            Self::Registered(registered) => match hash {
                Some(hash) if has_text => registered.add(&hash, &request.query),
                Some(hash) => {
                    request.query = registered.named(&hash).ok_or(DocumentError::NotFound)?;
                    Ok(())
                }
                None => has_text.then_some(()).ok_or(DocumentError::Missing),
            },
            Self::Any if has_text => Ok(()),
            Self::Any if hash.is_some() => Err(DocumentError::NotSupported),
            Self::Any => Err(DocumentError::Missing),
        }
    }
}

impl DocumentError {
    /// The value of `extensions.code`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing | Self::WrongHash | Self::Malformed => "BAD_USER_INPUT",
            Self::NotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::NotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::NotTrusted => "FORBIDDEN",
        }
    }

    /// What the client is told. Two texts are those that clients of automatic persisted queries look for.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Missing => "`query` is missing: it must be the text of a GraphQL document",
            Self::NotFound => "PersistedQueryNotFound",
            Self::NotSupported => "PersistedQueryNotSupported",
            Self::WrongHash => "`extensions.persistedQuery.sha256Hash` is not the hash of `query`",
            Self::Malformed => {
                "`extensions.persistedQuery` must be an object with `version`, 1, and `sha256Hash`, a hash in hexadecimal"
            }
            Self::NotTrusted => "only the documents that this server was given are executed",
        }
    }

    /// The error as GraphQL tells errors.
    pub(crate) fn to_server_error(self) -> ServerError {
        with_code(self.message(), self.code())
    }
}

/// The hash that names a document, where the request has one.
fn persisted_query_hash(request: &Request) -> Result<Option<&str>, DocumentError> {
    match request.extensions.get("persistedQuery") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(named)) => {
            let version = named.get("version") == Some(&Value::from(1));
            match named.get("sha256Hash") {
                Some(Value::String(hash)) if version => Ok(Some(hash)),
                _ => Err(DocumentError::Malformed),
            }
        }
        Some(_) => Err(DocumentError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};
    use sha2::{Digest, Sha256};

    use super::*;

    const TEXT: &str = "{ viewer { username } }";

    fn request(query: &str, persisted: Json) -> Request {
        let mut request = Request::new(query);
        let persisted = Value::from_json(persisted).expect("a value");
        request.extensions.insert("persistedQuery".to_owned(), persisted);
        request
    }

    fn hash(text: &str) -> String {
        let digits: Vec<_> = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    }

    fn named(text: &str) -> Json {
        json!({ "version": 1, "sha256Hash": hash(text) })
    }

    fn resolve(documents: &Documents, mut request: Request) -> Result<String, DocumentError> {
        documents.resolve(None, &mut request)?;
        Ok(request.query)
    }

    #[test]
    fn a_document_is_found_once_it_was_registered() {
        let documents = Documents::registered_in(1000);
        assert_eq!(resolve(&documents, request("", named(TEXT))), Err(DocumentError::NotFound));
        assert_eq!(resolve(&documents, request(TEXT, named(TEXT))).as_deref(), Ok(TEXT));
        assert_eq!(resolve(&documents, request("", named(TEXT))).as_deref(), Ok(TEXT));
        let upper = json!({ "version": 1, "sha256Hash": hash(TEXT).to_uppercase() });
        assert_eq!(resolve(&documents, request("", upper)).as_deref(), Ok(TEXT));
    }

    #[test]
    fn a_document_is_registered_only_under_its_own_hash() {
        let documents = Documents::registered_in(1000);
        for hash in [hash("{ other }"), String::new(), "zz".repeat(32), hash(TEXT)[1..].to_owned()] {
            let wrong = json!({ "version": 1, "sha256Hash": hash });
            assert_eq!(resolve(&documents, request(TEXT, wrong)), Err(DocumentError::WrongHash));
        }
        assert_eq!(resolve(&documents, request("", named(TEXT))), Err(DocumentError::NotFound));
    }

    #[test]
    fn the_least_used_documents_make_room_for_new_ones() {
        let text = |number: usize| format!("{{ orders(first: {number:03}) {{ totalCount }} }}");
        let documents = Documents::registered_in(10 * text(0).len());
        for number in 0..10 {
            resolve(&documents, request(&text(number), named(&text(number)))).expect("registered");
        }
        resolve(&documents, request("", named(&text(0)))).expect("the first is there, and used now");
        resolve(&documents, request(&text(10), named(&text(10)))).expect("registered");
        let is_there = |number| resolve(&documents, request("", named(&text(number)))).is_ok();
        assert_eq!((is_there(0), is_there(1), is_there(2), is_there(10)), (true, false, true, true));
    }

    #[test]
    fn a_document_that_is_larger_than_the_memory_for_all_is_executed_and_not_kept() {
        let documents = Documents::registered_in(TEXT.len() - 1);
        assert_eq!(resolve(&documents, request(TEXT, named(TEXT))).as_deref(), Ok(TEXT));
        assert_eq!(resolve(&documents, request("", named(TEXT))), Err(DocumentError::NotFound));
    }

    #[test]
    fn hashes_are_not_taken_where_nothing_is_kept() {
        let documents = Documents::registered_in(0);
        assert_eq!(resolve(&documents, request("", named(TEXT))), Err(DocumentError::NotSupported));
        assert_eq!(resolve(&documents, request(TEXT, named(TEXT))).as_deref(), Ok(TEXT));
        assert_eq!(resolve(&documents, Request::new("")), Err(DocumentError::Missing));
        let by_id = documents.resolve(Some("any"), &mut Request::new(TEXT));
        assert_eq!(by_id, Err(DocumentError::NotSupported));
    }

    #[test]
    fn what_is_no_persisted_query_is_refused() {
        for documents in [Documents::registered_in(0), Documents::registered_in(1000)] {
            for wrong in [
                json!(1),
                json!({}),
                json!({ "version": 2, "sha256Hash": hash(TEXT) }),
                json!({ "version": 1, "sha256Hash": 7 }),
            ] {
                let refused = resolve(&documents, request(TEXT, wrong.clone()));
                assert_eq!(refused, Err(DocumentError::Malformed), "{wrong}");
            }
        }
    }

    #[test]
    fn only_documents_of_the_manifest_are_executed() {
        let manifest = json!({ "whoami": TEXT, hash(TEXT): TEXT }).to_string();
        let documents = Documents::Trusted(TrustedDocuments::parse(&manifest).expect("a manifest"));
        let mut by_id = Request::new("");
        documents.resolve(Some("whoami"), &mut by_id).expect("a trusted document");
        assert_eq!(by_id.query, TEXT);
        assert_eq!(resolve(&documents, request("", named(TEXT))).as_deref(), Ok(TEXT));
        // Clients that know nothing of it send the text.
        assert_eq!(resolve(&documents, Request::new(TEXT)).as_deref(), Ok(TEXT));

        let other = "{ getOrders { id } }";
        assert_eq!(resolve(&documents, Request::new(other)), Err(DocumentError::NotTrusted));
        assert_eq!(resolve(&documents, request(other, named(other))), Err(DocumentError::NotFound));
        let unknown = documents.resolve(Some("unknown"), &mut Request::new(other));
        assert_eq!(unknown, Err(DocumentError::NotFound));
        // A trusted name does not let another text in.
        let mut smuggled = Request::new(other);
        documents.resolve(Some("whoami"), &mut smuggled).expect("a trusted document");
        assert_eq!(smuggled.query, TEXT);
    }
}
