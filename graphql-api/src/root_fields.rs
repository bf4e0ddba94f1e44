//! The root fields of operations, collected as GraphQL asks for (October 2021, section 6.3.2) before the library executes
//! them: it would do a mutation twice that is selected twice, merge two reads of a list at different times, and tell
//! nothing of a subscription that is selected through a fragment.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Pos, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

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

/// Where a subscription has a second root field, which the library would take (section 5.2.3.1).
pub(crate) fn second_of_subscription(document: &ExecutableDocument) -> Option<Pos> {
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values().collect(),
    };
    let mut subscriptions =
        operations.into_iter().filter(|operation| operation.node.ty == OperationType::Subscription);
    subscriptions.find_map(|operation| Some(operation.node.selection_set.node.items.get(1)?.pos))
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
    let values = |field: &Field| {
        let mut values: Vec<_> =
            field.arguments.iter().map(|(name, value)| (name.node.clone(), value.node.to_string())).collect();
        values.sort_unstable();
        values
    };
    one.response_key().node == other.response_key().node
        && one.name.node == other.name.node
        && one.directives.is_empty()
        && other.directives.is_empty()
        && values(one) == values(other)
}
