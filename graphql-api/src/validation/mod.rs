//! Whether a document, and the variables that come with it, fit the schema, before anything is executed.
//!
//! The rules of documents are the library's, without variables: so what they say of a document can be kept. A variable is
//! held against its type once per request, and a rule of the document says that its type fits where it is used (GraphQL,
//! October 2021, sections 5.8.5 and 6.1.2).

mod library;
mod literals;
mod repeated_fields;
mod typename;
mod usages;
mod values;
mod variables;

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationDefinition},
};

use self::{library::LibraryRules, literals::check_literals};
pub(crate) use self::{
    repeated_fields::check_repeated_fields, typename::check_typename, variables::check_variables,
};
use crate::{
    error::{ErrorCode, with_code},
    limits::Introspection,
    schema_types::{SchemaTypes, named},
};

/// Holds documents against the schema.
pub(crate) struct Validator {
    rules: LibraryRules,
    introspection: Introspection,
}

impl Validator {
    /// A validator of the served schema.
    pub(crate) fn new(introspection: Introspection) -> Self {
        Self { rules: LibraryRules::new(introspection.allowed), introspection }
    }

    /// Every error of a document.
    pub(crate) fn validate(
        &self,
        document: &ExecutableDocument,
        types: &SchemaTypes,
    ) -> Result<(), Vec<ServerError>> {
        let unknown: Vec<_> = document
            .operations
            .iter()
            .flat_map(|(_, operation)| unknown_types(&operation.node, types))
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        self.rules.check(document)?;
        check_literals(document, types, self.introspection)
    }
}

/// An error for each variable whose type is no type of variables. The library panics at a default value of such a list.
fn unknown_types(operation: &OperationDefinition, types: &SchemaTypes) -> Vec<ServerError> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let unknown = definitions.filter(|definition| types.input(named(&definition.var_type.node)).is_none());
    let error = |definition: &async_graphql::parser::types::VariableDefinition| {
        let (name, of) = (&definition.name.node, &definition.var_type.node);
        invalid(ServerError::new(
            format!("`{of}` of the variable `${name}` is not a type of variables"),
            Some(definition.name.pos),
        ))
    };
    unknown.map(error).collect()
}

pub(crate) fn invalid(error: ServerError) -> ServerError {
    with_code(error, ErrorCode::GraphqlValidationFailed)
}
