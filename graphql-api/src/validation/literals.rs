use async_graphql::{
    Positioned, ServerError, Value,
    parser::types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};

use super::{invalid, values};
use crate::{
    error::{ErrorCode, with_code},
    limits::Introspection,
    schema_types::SchemaTypes,
};

/// Holds the values in a document that breaks no other rule against their types, as far as the library does not: scalars of
/// our own, the range of `Int`, and objects with a variable in them (GraphQL, October 2021, section 5.6.1). Refuses the
/// introspection where it is off.
pub(super) fn check_literals(
    document: &ExecutableDocument,
    types: &SchemaTypes,
    introspection: Introspection,
) -> Result<(), Vec<ServerError>> {
    let mut literals = Literals { types, introspection, errors: Vec::new() };
    for (_, operation) in document.operations.iter() {
        for definition in operation.node.variable_definitions.iter().map(|definition| &definition.node) {
            if let Some(default) = &definition.default_value
                && let Err(wrong) = values::check(&default.node, &definition.var_type.node, types)
            {
                let name = format!("${}", definition.name.node);
                literals.report(&format!("the default of {}", wrong.describe(&name)), default.pos);
            }
        }
        let root = match operation.node.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        literals.selection_set(&operation.node.selection_set.node, root);
    }
    for fragment in document.fragments.values() {
        let of = &fragment.node.type_condition.node.on.node;
        literals.selection_set(&fragment.node.selection_set.node, of);
    }
    if literals.errors.is_empty() { Ok(()) } else { Err(literals.errors) }
}

struct Literals<'t> {
    types: &'t SchemaTypes,
    introspection: Introspection,
    errors: Vec<ServerError>,
}

impl Literals<'_> {
    fn selection_set(&mut self, set: &SelectionSet, of: &str) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, of),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| condition.node.on.node.as_str());
                    self.selection_set(&inline.node.selection_set.node, of);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Positioned<Field>, of: &str) {
        let name = field.node.name.node.as_str();
        if matches!(name, "__schema" | "__type") && !self.introspection.allowed {
            let message = format!("`{name}`: the introspection is off ({})", self.introspection.setting);
            self.errors.push(invalid(ServerError::new(message, Some(field.pos))));
            return;
        }
        let types = self.types;
        let Some(described) = types.field(of, name) else { return };
        for (argument, value) in &field.node.arguments {
            let Some(of) = described.argument(&argument.node) else { continue };
            let variable = |_| Ok::<_, ()>(Value::Binary(Vec::new().into()));
            let Ok(literal) = value.node.clone().into_const_with(variable) else { continue };
            if let Err(wrong) = values::check(&literal, of, types) {
                self.report(&wrong.describe(&argument.node), value.pos);
            }
        }
        self.selection_set(&field.node.selection_set.node, &described.of);
    }

    fn report(&mut self, message: &str, position: async_graphql::Pos) {
        self.errors.push(with_code(ServerError::new(message, Some(position)), ErrorCode::BadUserInput));
    }
}
