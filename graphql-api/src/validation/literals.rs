use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{Directive, ExecutableDocument, Field, OperationType, Selection, SelectionSet, Type},
};

use super::{
    invalid,
    usages::{Scope, check_usages},
    values::{Values, marked},
};
use crate::{
    error::{ErrorCode, with_code},
    limits::Introspection,
    schema_types::{InputField, SchemaTypes},
};

/// Holds the values and the variables in a document that breaks no other rule against their types, as far as the library
/// does not: scalars of our own, the range of `Int`, objects with a variable in them (GraphQL, October 2021, section 5.6.1),
/// and what variables are used for (section 5.8.5, a rule that the library has and never asks). Refuses the introspection
/// where it is off.
pub(super) fn check_literals(
    document: &ExecutableDocument,
    types: &SchemaTypes,
    introspection: Introspection,
) -> Result<(), Vec<ServerError>> {
    // `@skip` and `@include`, the only ones that a document may have.
    let condition = InputField { of: Type::new("Boolean!").expect("a type"), has_default: false };
    let mut errors = Vec::new();
    let mut fragments = HashMap::new();
    for (name, fragment) in &document.fragments {
        let mut literals = Literals::new(types, &condition, introspection, &mut errors);
        let of = &fragment.node.type_condition.node.on.node;
        literals.directives(&fragment.node.directives);
        literals.selection_set(&fragment.node.selection_set.node, of);
        fragments.insert(name, literals.scope);
    }
    for (_, operation) in document.operations.iter() {
        let mut literals = Literals::new(types, &condition, introspection, &mut errors);
        for definition in operation.node.variable_definitions.iter().map(|definition| &definition.node) {
            if let Some(default) = &definition.default_value
                && let Err(wrong) = Values::in_document(types).check(&default.node, &definition.var_type.node)
            {
                let name = format!("${}", definition.name.node);
                let message = format!("the default of {}", wrong.describe(&name));
                literals.report(message, wrong.code, default.pos);
            }
        }
        let root = match operation.node.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        literals.directives(&operation.node.directives);
        literals.selection_set(&operation.node.selection_set.node, root);
        let scope = literals.scope;
        check_usages(&operation.node, &scope, &fragments, &mut errors);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// What is looked at of an operation or a fragment.
struct Literals<'t, 'd> {
    types: &'t SchemaTypes,
    condition: &'t InputField,
    introspection: Introspection,
    errors: &'d mut Vec<ServerError>,
    scope: Scope<'t>,
}

impl<'t, 'd> Literals<'t, 'd> {
    fn new(
        types: &'t SchemaTypes,
        condition: &'t InputField,
        introspection: Introspection,
        errors: &'d mut Vec<ServerError>,
    ) -> Self {
        Self { types, condition, introspection, errors, scope: Scope::default() }
    }

    fn selection_set(&mut self, set: &SelectionSet, of: &str) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.field(field, of),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| condition.node.on.node.as_str());
                    self.selection_set(&inline.node.selection_set.node, of);
                }
                Selection::FragmentSpread(spread) => {
                    self.scope.spreads.push(spread.node.fragment_name.node.clone());
                }
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
            if let Some(of) = described.argument(&argument.node) {
                let literal = value.node.clone().into_const_with(|variable| Ok(marked(&variable)));
                self.value(&argument.node, literal, of, value.pos);
            }
        }
        self.selection_set(&field.node.selection_set.node, &described.of);
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for (argument, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            let literal = value.node.clone().into_const_with(|variable| Ok(marked(&variable)));
            self.value(&argument.node, literal, self.condition, value.pos);
        }
    }

    /// Looks at the value of an argument.
    fn value(
        &mut self,
        name: &Name,
        literal: Result<async_graphql::Value, std::convert::Infallible>,
        of: &'t InputField,
        position: Pos,
    ) {
        let Ok(literal) = literal;
        let mut values = Values::in_document(self.types);
        if let Err(wrong) = values.check_field(&literal, of) {
            self.report(wrong.describe(name), wrong.code, position);
        }
        self.scope.usages.extend(values.usages.into_iter().map(|usage| (usage, position)));
    }

    fn report(&mut self, message: String, code: ErrorCode, position: Pos) {
        self.errors.push(with_code(ServerError::new(message, Some(position)), code));
    }
}
