use async_graphql::{
    Positioned, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, InlineFragment, Selection, SelectionSet},
};

use super::invalid;

/// Does for `__typename` what the library's rules leave out, for they skip it: refuses arguments and selections of it, and
/// puts its directives on a fragment around it, where the rules see them, and the variables in them.
pub(crate) fn check_typename(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => check(&mut operation.node.selection_set.node)?,
        DocumentOperations::Multiple(operations) => {
            operations
                .values_mut()
                .try_for_each(|operation| check(&mut operation.node.selection_set.node))?;
        }
    }
    document.fragments.values_mut().try_for_each(|fragment| check(&mut fragment.node.selection_set.node))
}

fn check(set: &mut SelectionSet) -> Result<(), ServerError> {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                if !field.node.arguments.is_empty() || !field.node.selection_set.node.items.is_empty() {
                    let message = "`__typename` has neither arguments nor fields";
                    return Err(invalid(ServerError::new(message, Some(field.pos))));
                }
                let directives = std::mem::take(&mut field.node.directives);
                if !directives.is_empty() {
                    let position = selection.pos;
                    let inner = Positioned::new(selection.node.clone(), position);
                    let selection_set = Positioned::new(SelectionSet { items: vec![inner] }, position);
                    let fragment = InlineFragment { type_condition: None, directives, selection_set };
                    selection.node = Selection::InlineFragment(Positioned::new(fragment, position));
                }
            }
            Selection::Field(field) => check(&mut field.node.selection_set.node)?,
            Selection::InlineFragment(inline) => check(&mut inline.node.selection_set.node)?,
            Selection::FragmentSpread(_) => {}
        }
    }
    Ok(())
}
