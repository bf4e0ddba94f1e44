use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Pos, ServerError, Value,
    parser::types::{BaseType, OperationDefinition, Type, VariableDefinition},
};

use super::{invalid, values::Usage};

/// What variables stand for in an operation or a fragment, and the fragments that it spreads.
#[derive(Default)]
pub(super) struct Scope<'t> {
    pub(super) usages: Vec<(Usage<'t>, Pos)>,
    pub(super) spreads: Vec<Name>,
}

/// Reports each variable of an operation that stands, there or in a fragment, for what its type does not fit (GraphQL,
/// October 2021, section 5.8.5).
pub(super) fn check_usages(
    operation: &OperationDefinition,
    scope: &Scope<'_>,
    fragments: &HashMap<&Name, Scope<'_>>,
    errors: &mut Vec<ServerError>,
) {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let definitions: HashMap<_, _> =
        definitions.map(|definition| (&definition.name.node, definition)).collect();
    if definitions.is_empty() {
        return;
    }
    let (mut waiting, mut seen) = (vec![scope], HashSet::new());
    while let Some(scope) = waiting.pop() {
        for (usage, position) in &scope.usages {
            if let Some(definition) = definitions.get(&usage.variable)
                && !fits(definition, usage)
            {
                let (name, of) = (&usage.variable, &definition.var_type.node);
                let message = format!(
                    "the variable `${name}` of type `{of}` cannot stand for a value of `{}`",
                    usage.of
                );
                errors.push(invalid(ServerError::new(message, Some(*position))));
            }
        }
        let spreads = scope.spreads.iter().filter(|name| seen.insert(*name));
        waiting.extend(spreads.filter_map(|name| fragments.get(name)));
    }
}

fn fits(definition: &VariableDefinition, usage: &Usage<'_>) -> bool {
    let of = &definition.var_type.node;
    if usage.of.nullable || !of.nullable {
        return is_within(of, usage.of);
    }
    let has_value = definition.default_value.as_ref().is_some_and(|default| default.node != Value::Null);
    (has_value || usage.has_default) && is_base_within(of, usage.of)
}

/// Whether each value of the one type is one of the other.
fn is_within(of: &Type, expected: &Type) -> bool {
    (expected.nullable || !of.nullable) && is_base_within(of, expected)
}

fn is_base_within(of: &Type, expected: &Type) -> bool {
    match (&of.base, &expected.base) {
        (BaseType::Named(of), BaseType::Named(expected)) => of == expected,
        (BaseType::List(of), BaseType::List(expected)) => is_within(of, expected),
        _ => false,
    }
}
