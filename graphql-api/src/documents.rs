use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use async_graphql::{
    Name, ServerError, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};
use lru::LruCache;
use serde_json::{Map, Value as Json};

use crate::{
    api::Api,
    error::{ErrorCode, with_code},
    limits::{self, Complexity, PageSizes, QueryLimits, limit_errors},
    root_fields,
    schema_types::SchemaTypes,
    validation::{self, Validator},
};

/// Parses documents, and holds them against the limits and the schema. What came of the last ones is kept, since clients
/// send the same ones again and again.
pub(crate) struct Documents {
    kept: Mutex<LruCache<String, Outcome>>,
    limits: QueryLimits,
    pages: PageSizes,
    types: &'static SchemaTypes,
    validator: Validator,
}

/// There is one schema.
static TYPES: LazyLock<SchemaTypes> = LazyLock::new(|| SchemaTypes::parse(&Api::sdl()));

/// What does not depend on the variables.
type Outcome = Result<Arc<Document>, Arc<Vec<ServerError>>>;

/// A document that is valid and within the limits.
pub(crate) struct Document {
    pub(crate) parsed: ExecutableDocument,
    /// The complexities of those operations for which no variable changes it.
    complexities: HashMap<Option<Name>, u64>,
}

/// The most bytes of a document that is kept, so that few large ones cannot fill the memory.
const LONGEST: usize = 16 * 1024;

impl Documents {
    /// Keeps so many documents.
    pub(crate) fn new(kept: NonZeroUsize, limits: &QueryLimits, pages: PageSizes) -> Self {
        Self {
            kept: Mutex::new(LruCache::new(kept)),
            limits: *limits,
            pages,
            types: &TYPES,
            validator: Validator::new(limits.introspection),
        }
    }

    /// Parses and checks a document, or finds what came of it before.
    pub(crate) fn check(&self, text: String) -> Result<Arc<Document>, Vec<ServerError>> {
        if let Some(outcome) = self.kept(|kept| kept.get(&text).cloned()) {
            return outcome.map_err(|errors| (*errors).clone());
        }
        let outcome = self.parse(&text).map(Arc::new);
        let outcome = outcome.map_err(|errors| Arc::new(limit_errors(errors, self.limits.errors)));
        if text.len() <= LONGEST {
            self.kept(|kept| kept.put(text, outcome.clone()));
        }
        outcome.map_err(|errors| (*errors).clone())
    }

    /// The variables of an operation, held against the limits and against their types, and what the operation costs with them
    /// against the limit.
    pub(crate) fn check_variables(
        &self,
        document: &Document,
        name: Option<&Name>,
        operation: &OperationDefinition,
        variables: Map<String, Json>,
    ) -> Result<Variables, Vec<ServerError>> {
        limits::check_variables(&variables, &self.limits).map_err(|error| vec![error])?;
        let variables = Variables::from_json(Json::Object(variables));
        validation::check_variables(operation, &variables, self.types)
            .map_err(|errors| limit_errors(errors, self.limits.errors))?;
        let complexity = match document.complexities.get(&name.cloned()) {
            Some(complexity) => *complexity,
            None => self.complexity().of(&document.parsed, operation, &variables).0,
        };
        Complexity::check(complexity, self.limits.complexity).map_err(|error| vec![error])?;
        Ok(variables)
    }

    fn parse(&self, text: &str) -> Result<Document, Vec<ServerError>> {
        limits::scan(text, &self.limits).map_err(|error| vec![error])?;
        let mut parsed = parse_query(text).map_err(|error| vec![parse_error(error.into())])?;
        validation::check_repeated_fields(text).map_err(|error| vec![error])?;
        limits::measure(&parsed, &self.limits, self.types.most_arguments()).map_err(|error| vec![error])?;
        root_fields::check_subscriptions(&parsed).map_err(|error| vec![error])?;
        validation::check_typename(&mut parsed).map_err(|error| vec![error])?;
        root_fields::collect(&mut parsed);
        self.validator.validate(&parsed, self.types)?;
        let mut document = Document { parsed, complexities: HashMap::new() };
        let none = Variables::default();
        let complexities = document.operations().filter_map(|(name, operation)| {
            let (complexity, depends) = self.complexity().of(&document.parsed, operation, &none);
            (!depends).then(|| (name.cloned(), complexity))
        });
        document.complexities = complexities.collect();
        Ok(document)
    }

    fn complexity(&self) -> Complexity<'_> {
        Complexity::new(self.types, self.pages)
    }

    fn kept<T>(&self, with: impl FnOnce(&mut LruCache<String, Outcome>) -> T) -> T {
        with(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Document {
    /// Its operations, with their names.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (Option<&Name>, &OperationDefinition)> {
        self.parsed.operations.iter().map(|(name, operation)| (name, &operation.node))
    }

    /// The operation of that name, or the only one (GraphQL, October 2021, section 6.1).
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<(Option<&Name>, &OperationDefinition)> {
        match (&self.parsed.operations, name) {
            (DocumentOperations::Single(operation), None) => Some((None, &operation.node)),
            (DocumentOperations::Multiple(several), Some(name)) => {
                several.get_key_value(name).map(|(name, operation)| (Some(name), &operation.node))
            }
            (DocumentOperations::Multiple(several), None) if several.len() == 1 => {
                several.iter().next().map(|(name, operation)| (Some(name), &operation.node))
            }
            _ => None,
        }
    }
}

/// What the parser says, without the line of the document that it quotes, however long that is.
fn parse_error(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("= ") {
        error.message = format!("this is not GraphQL: {expected}");
    }
    with_code(error, ErrorCode::GraphqlParseFailed)
}
