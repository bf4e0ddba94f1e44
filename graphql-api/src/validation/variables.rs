use async_graphql::{
    ServerError, Value, Variables,
    parser::types::{OperationDefinition, VariableDefinition},
};

use super::values::Values;
use crate::{
    error::{ErrorCode, with_code},
    schema_types::SchemaTypes,
};

/// Holds the values of the operation's variables against their types (GraphQL, October 2021, section 6.1.2): an error for
/// each that is missing or wrong. Those that the operation does not define mean nothing.
pub(crate) fn check_variables(
    operation: &OperationDefinition,
    variables: &Variables,
    types: &SchemaTypes,
) -> Result<(), Vec<ServerError>> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let wrong: Vec<_> = definitions
        .filter_map(|definition| {
            let message = wrong_variable(definition, variables, types)?;
            let error = ServerError::new(message, Some(definition.name.pos));
            Some(with_code(error, ErrorCode::BadUserInput))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn wrong_variable(
    definition: &VariableDefinition,
    variables: &Variables,
    types: &SchemaTypes,
) -> Option<String> {
    let (name, of) = (&definition.name.node, &definition.var_type.node);
    let missing = || Some(format!("the variable `${name}` of type `{of}` needs a value"));
    match variables.get(name) {
        None if of.nullable || definition.default_value.is_some() => None,
        None => missing(),
        Some(Value::Null) if !of.nullable => missing(),
        Some(value) => {
            let wrong = Values::of_variables(types).check(value, of).err()?;
            Some(format!("the variable {}", wrong.describe(&format!("${name}"))))
        }
    }
}
