//! What an operation may ask for, held against it before anything is executed, in the order in which it becomes dearer to
//! look: `scan` its text, `measure` its parsed document, then its `complexity` and its `variables`. Each looks at a document
//! once, in time that is linear in its size.

mod complexity;
mod measure;
mod scan;
mod variables;

use async_graphql::{Pos, ServerError};

pub(crate) use self::{
    complexity::{Complexity, PageSizes},
    measure::measure,
    scan::scan,
    variables::check_variables,
};
use crate::error::{ErrorCode, with_code};

/// A limit, and the setting that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The most that is allowed.
    pub most: u32,
    /// The setting's name, which clients are told, so that they can tell it to whoever runs the server.
    pub setting: &'static str,
}

/// What an operation may ask for. Each is a setting of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Bytes of a document.
    pub document: Limit,
    /// Lexical tokens of a document (GraphQL, October 2021, section 2.1.6).
    pub tokens: Limit,
    /// Nested selection sets, each fragment in the place where it is spread; a fragment's selection set is one, too.
    pub depth: Limit,
    /// Fields, fragments and spreads of all operations and fragments, each fragment in every place where it is spread.
    pub selections: Limit,
    /// Fields with an alias.
    pub aliases: Limit,
    /// Directives.
    pub directives: Limit,
    /// Fields at the root of an operation, those of fragments included.
    pub root_fields: Limit,
    /// Fields of an answer: each counts as often as the lists around it may have items.
    pub complexity: Limit,
    /// Nested lists and objects of a value, in a document or a variable.
    pub value_depth: Limit,
    /// Bytes of the variables' values, as JSON.
    pub variables: Limit,
    /// Errors in an answer.
    pub errors: Limit,
    /// Whether documents may ask for the schema.
    pub introspection: Introspection,
}

/// Whether documents may ask for the schema (GraphQL, October 2021, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introspection {
    /// Whether they may.
    pub allowed: bool,
    /// The setting's name.
    pub setting: &'static str,
}

impl QueryLimits {
    /// The same limit for everything, and the introspection allowed, for programs that have no settings.
    pub const fn all(limit: Limit) -> Self {
        Self {
            document: limit,
            tokens: limit,
            depth: limit,
            selections: limit,
            aliases: limit,
            directives: limit,
            root_fields: limit,
            complexity: limit,
            value_depth: limit,
            variables: limit,
            errors: limit,
            introspection: Introspection { allowed: true, setting: limit.setting },
        }
    }
}

impl Limit {
    /// The error that there is more of `what`, a noun in the plural, than the limit allows.
    pub(crate) fn exceeded(self, what: &str, name: &str, position: Option<Pos>) -> ServerError {
        let Self { most, setting } = self;
        self.error(format!("{what} must be at most {most} ({setting})"), name, position)
    }

    /// Whether that is more than is allowed.
    pub(crate) fn is_below(self, count: u64) -> bool {
        count > u64::from(self.most)
    }

    fn error(self, message: String, name: &str, position: Option<Pos>) -> ServerError {
        let mut error = with_code(ServerError::new(message, position), ErrorCode::LimitExceeded);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("limit", name);
        extensions.set("value", self.most);
        extensions.set("setting", self.setting);
        error
    }
}

/// Keeps as many errors as an answer may have. Where that is not all of them, the last one says so.
pub(crate) fn limit_errors(mut errors: Vec<ServerError>, limit: Limit) -> Vec<ServerError> {
    let Limit { most, setting } = limit;
    let kept = usize::try_from(most).unwrap_or(usize::MAX);
    if errors.len() > kept {
        let message =
            format!("there are {} errors, and an answer has at most {most} ({setting})", errors.len());
        errors.truncate(kept.saturating_sub(1));
        errors.push(limit.error(message, "errors", None));
    }
    errors
}
