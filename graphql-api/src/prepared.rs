use std::sync::Arc;

use async_graphql::{
    Positioned, Request, ServerError, Variables,
    parser::types::{OperationDefinition, OperationType, Selection},
};
use serde_json::{Map, Value as Json};

use crate::{
    documents::{Document, Documents},
    operation::OperationKind,
    validation::invalid,
};

/// A request that is valid and within the limits, ready to be executed. Clones share the document.
#[derive(Clone)]
pub struct PreparedRequest {
    pub(crate) document: Arc<Document>,
    pub(crate) variables: Variables,
    operation_name: Option<String>,
}

impl PreparedRequest {
    /// Checks the request's document, finds the operation it asks for, and checks the variables.
    pub(crate) fn new(
        request: Request,
        variables: Map<String, Json>,
        documents: &Documents,
    ) -> Result<Self, Vec<ServerError>> {
        let Request { query, operation_name, .. } = request;
        let document = documents.check(query)?;
        let Some((name, operation)) = document.operation(operation_name.as_deref()) else {
            return Err(vec![invalid(ServerError::new(no_operation(operation_name.as_deref()), None))]);
        };
        let variables = documents.check_variables(&document, name, operation, variables)?;
        Ok(Self { document, variables, operation_name })
    }

    /// What the operation does.
    pub fn kind(&self) -> OperationKind {
        match self.operation().ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        }
    }

    /// Whether the other one has the same document, letter by letter. One that is no longer kept as it was parsed is taken
    /// for another.
    pub(crate) fn is_same_text(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.document, &other.document)
    }

    /// Whether the operation selects one field, by itself.
    pub(crate) fn has_one_root_field(&self) -> bool {
        let root = &self.operation().selection_set.node.items;
        matches!(&root[..], [Positioned { node: Selection::Field(_), .. }])
    }

    /// The operation that is asked for.
    pub(crate) fn operation(&self) -> &OperationDefinition {
        let found = self.document.operation(self.operation_name.as_deref());
        found.expect("an operation that was found before").1
    }

    /// The request as the library takes it.
    pub(crate) fn to_request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.parsed.clone());
        request
    }
}

fn no_operation(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("the document has no operation named `{name}`"),
        None => "the document has several operations, and the request names none".to_owned(),
    }
}
