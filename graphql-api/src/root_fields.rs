//! The root fields of operations, collected as GraphQL asks for (October 2021, section 6.3.2) before the library executes
//! them: it would do a mutation twice that is selected twice, merge two reads of a list at different times, and tell
//! nothing of a subscription that is selected through a fragment.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use crate::validation::invalid;

/// Puts the root fields of fragments in the fragments' place, and merges equal ones. An operation that is not valid, or
/// whose fragments depend on directives, stays as it is.
pub(crate) fn collect(document: &mut ExecutableDocument) {
    let fragments = document.fragments.clone();
    let mut inlined = BTreeSet::new();
    for operation in operations_mut(&mut document.operations) {
        let root_type = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut fields = Vec::new();
        let mut spread = BTreeSet::new();
        let expanded = expand(&operation.selection_set.node, root_type, &mut spread, &mut fields, &|name| {
            fragments.get(name).map(|fragment| {
                (&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node)
            })
        });
        if expanded.is_some() {
            operation.selection_set.node.items = merge(fields);
            inlined.append(&mut spread);
        }
    }
    document.fragments.retain(|name, _| !inlined.contains(name));
}

/// Refuses subscriptions that have more than one root field, or one of the introspection, which the library would take
/// (October 2021, section 5.2.3.1), or a root field that variables may leave out (September 2025, section 5.2.4.1).
pub(crate) fn check_subscriptions(document: &ExecutableDocument) -> Result<(), ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node);
    operations
        .filter(|operation| operation.ty == OperationType::Subscription)
        .try_for_each(|operation| Subscription::of(document).check(&operation.selection_set.node))
}

/// The root of a subscription, as far as it was looked at.
struct Subscription<'d> {
    document: &'d ExecutableDocument,
    first: Option<&'d Name>,
    spread: BTreeSet<&'d Name>,
}

impl<'d> Subscription<'d> {
    fn of(document: &'d ExecutableDocument) -> Self {
        Self { document, first: None, spread: BTreeSet::new() }
    }

    fn check(&mut self, set: &'d SelectionSet) -> Result<(), ServerError> {
        for item in &set.items {
            let refuse = |message| Err(invalid(ServerError::new(message, Some(item.pos))));
            let mut directives = item.node.directives().iter().map(|directive| &directive.node.name.node);
            if directives.any(|name| matches!(name.as_str(), "skip" | "include")) {
                return refuse("the root field of a subscription cannot be skipped or included");
            }
            match &item.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {
                    return refuse("the root field of a subscription cannot be one of the introspection");
                }
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    if *self.first.get_or_insert(key) != key {
                        return refuse("a subscription has one root field");
                    }
                }
                Selection::InlineFragment(inline) => self.check(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        self.check(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn operations_mut(operations: &mut DocumentOperations) -> Vec<&mut OperationDefinition> {
    match operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node],
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().map(|operation| &mut operation.node).collect()
        }
    }
}

/// Appends the fields of a root selection, each fragment once; `None` where a fragment has directives, another type or no
/// definition.
fn expand<'f>(
    selection: &SelectionSet,
    root_type: &str,
    spread: &mut BTreeSet<Name>,
    fields: &mut Vec<Positioned<Field>>,
    fragment: &impl Fn(&Name) -> Option<(&'f Name, &'f SelectionSet)>,
) -> Option<()> {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => fields.push(field.clone()),
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                if !inline.node.directives.is_empty() || on.is_some_and(|on| on != root_type) {
                    return None;
                }
                expand(&inline.node.selection_set.node, root_type, spread, fields, fragment)?;
            }
            Selection::FragmentSpread(named) => {
                let name = &named.node.fragment_name.node;
                let (on, selection) = fragment(name)?;
                if !named.node.directives.is_empty() || on != root_type {
                    return None;
                }
                if spread.insert(name.clone()) {
                    expand(selection, root_type, spread, fields, fragment)?;
                }
            }
        }
    }
    Some(())
}

/// Merges fields that are selected alike. Those that only answer under the same name are left for validation to refuse.
fn merge(fields: Vec<Positioned<Field>>) -> Vec<Positioned<Selection>> {
    let mut merged: Vec<Positioned<Field>> = Vec::new();
    for field in fields {
        match merged.iter_mut().find(|other| is_same(&other.node, &field.node)) {
            Some(first) => {
                first.node.selection_set.node.items.extend(field.node.selection_set.node.items);
            }
            None => merged.push(field),
        }
    }
    merged.into_iter().map(|field| Positioned::new(Selection::Field(field.clone()), field.pos)).collect()
}

fn is_same(one: &Field, other: &Field) -> bool {
    one.response_key().node == other.response_key().node
        && one.name.node == other.name.node
        && one.directives.is_empty()
        && other.directives.is_empty()
        && one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
        && one.selection_set.node.items.is_empty() == other.selection_set.node.items.is_empty()
}
