use std::sync::Arc;

use async_graphql::{
    Request, ServerError, Value, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, VariableDefinition,
    },
};

use crate::{
    documents::Documents,
    error::{ErrorCode, with_code},
    operation::OperationKind,
};

/// A request whose document was parsed and is within the limits, ready to be executed. Clones share the document.
#[derive(Clone)]
pub struct PreparedRequest {
    pub(crate) document: Arc<ExecutableDocument>,
    pub(crate) variables: Variables,
    operation_name: Option<String>,
}

impl PreparedRequest {
    /// Parses the request's document and finds the operation it asks for.
    pub(crate) fn new(request: Request, documents: &Documents) -> Result<Self, Vec<ServerError>> {
        let Request { query, operation_name, variables, .. } = request;
        let prepared = Self { document: documents.parse(query)?, variables, operation_name };
        if prepared.find_operation().is_none() {
            return Err(vec![invalid(ServerError::new(prepared.no_operation(), None))]);
        }
        if prepared.kind() == OperationKind::Subscription {
            let missing = prepared.missing_variables();
            if !missing.is_empty() {
                return Err(missing);
            }
        }
        Ok(prepared)
    }

    /// What the operation does.
    pub fn kind(&self) -> OperationKind {
        match self.operation().ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        }
    }

    /// The operation that is asked for.
    pub(crate) fn operation(&self) -> &OperationDefinition {
        self.find_operation().expect("an operation that was found before")
    }

    /// The request as the library takes it.
    pub(crate) fn to_request(&self) -> Request {
        let mut request = Request::new("").variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query((*self.document).clone());
        request
    }

    /// The operation of that name, or the only one (GraphQL, October 2021, section 6.1).
    fn find_operation(&self) -> Option<&OperationDefinition> {
        let operation = match (&self.document.operations, &self.operation_name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name.as_str()),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
                operations.values().next()
            }
            _ => None,
        };
        operation.map(|operation| &operation.node)
    }

    /// An error for each variable that must have a value and has none (GraphQL, October 2021, section 6.1.2). The library
    /// looks only where an argument uses one, and takes a missing one for an argument that is left out: of a subscription
    /// that would be told more than was asked for.
    fn missing_variables(&self) -> Vec<ServerError> {
        let definitions = self.operation().variable_definitions.iter().map(|definition| &definition.node);
        let missing = definitions.filter(|definition| {
            !definition.var_type.node.nullable
                && match self.variables.get(&definition.name.node) {
                    None => definition.default_value.is_none(),
                    Some(value) => *value == Value::Null,
                }
        });
        let error = |definition: &VariableDefinition| {
            let (name, kind) = (&definition.name.node, &definition.var_type.node);
            let message = format!("the variable `${name}` of type `{kind}` needs a value");
            with_code(ServerError::new(message, Some(definition.name.pos)), ErrorCode::BadUserInput)
        };
        missing.map(error).collect()
    }

    fn no_operation(&self) -> String {
        match &self.operation_name {
            Some(name) => format!("the document has no operation named `{name}`"),
            None => "the document has several operations, and the request names none".to_owned(),
        }
    }
}

fn invalid(error: ServerError) -> ServerError {
    with_code(error, ErrorCode::GraphqlValidationFailed)
}
