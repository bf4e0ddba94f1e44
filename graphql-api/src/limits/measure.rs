use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{Directive, ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

use super::QueryLimits;
use crate::error::{ErrorCode, with_code};

/// Holds a document against the limits that need no schema, and finds fragments that spread themselves, because validation
/// follows every spread. A fragment is measured once, however often it is spread. `arguments` are the most that a field of
/// the schema takes: validation compares fields that answer under one name by all of their arguments. Returns how many
/// selections were looked at, which is at most as many as the document has.
pub(crate) fn measure(
    document: &ExecutableDocument,
    limits: &QueryLimits,
    arguments: usize,
) -> Result<u32, ServerError> {
    let mut measure = Measure {
        limits,
        arguments,
        fragments: &document.fragments,
        measured: HashMap::new(),
        aliases: 0,
        directives: 0,
        selections: 0,
        visited: 0,
    };
    for (_, operation) in document.operations.iter() {
        measure.directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            measure.directives(&variable.node.directives)?;
        }
        let extent = measure.selection_set(&operation.node.selection_set, 1)?;
        if limits.root_fields.is_below(extent.fields) {
            return Err(limits.root_fields.exceeded(
                "root fields of an operation",
                "rootFields",
                Some(operation.pos),
            ));
        }
        measure.count_selections(extent, operation.pos)?;
    }
    for (name, fragment) in &document.fragments {
        let extent = measure.fragment(name, fragment, 1)?;
        measure.count_selections(extent, fragment.pos)?;
    }
    Ok(measure.visited)
}

struct Measure<'d> {
    limits: &'d QueryLimits,
    arguments: usize,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// `None` while a fragment is being measured.
    measured: HashMap<&'d str, Option<Extent>>,
    aliases: u64,
    directives: u64,
    selections: u64,
    visited: u32,
}

/// What a selection set comes to with its fragments in their places. Numbers that are too large for the type are taken for
/// the largest.
#[derive(Clone, Copy)]
struct Extent {
    depth: u32,
    selections: u64,
    /// Those at its own level.
    fields: u64,
}

impl<'d> Measure<'d> {
    /// Measures a selection set that is nested in so many, itself included.
    fn selection_set(
        &mut self,
        set: &'d Positioned<SelectionSet>,
        level: u32,
    ) -> Result<Extent, ServerError> {
        if level > self.limits.depth.most {
            return Err(self.too_deep(set.pos));
        }
        let mut extent = Extent { depth: 1, selections: 0, fields: 0 };
        for selection in &set.node.items {
            self.visited += 1;
            extent.selections = extent.selections.saturating_add(1);
            self.directives(selection.node.directives())?;
            let inner = match &selection.node {
                Selection::Field(field) => {
                    extent.fields = extent.fields.saturating_add(1);
                    self.aliases += u64::from(field.node.alias.is_some());
                    if self.limits.aliases.is_below(self.aliases) {
                        return Err(self.limits.aliases.exceeded(
                            "aliases of a document",
                            "aliases",
                            Some(field.pos),
                        ));
                    }
                    self.arguments(field.node.arguments.len(), field.pos)?;
                    if field.node.selection_set.node.items.is_empty() {
                        continue;
                    }
                    Extent { fields: 0, ..self.selection_set(&field.node.selection_set, level + 1)? }
                }
                Selection::InlineFragment(inline) => {
                    self.selection_set(&inline.node.selection_set, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    let Some((name, fragment)) =
                        self.fragments.get_key_value(&spread.node.fragment_name.node)
                    else {
                        continue;
                    };
                    let inner = self.fragment(name, fragment, level + 1)?;
                    if level + inner.depth > self.limits.depth.most {
                        return Err(self.too_deep(spread.pos));
                    }
                    inner
                }
            };
            extent.depth = extent.depth.max(inner.depth + 1);
            extent.selections = extent.selections.saturating_add(inner.selections);
            extent.fields = extent.fields.saturating_add(inner.fields);
        }
        Ok(extent)
    }

    fn fragment(
        &mut self,
        name: &'d Name,
        fragment: &'d Positioned<FragmentDefinition>,
        level: u32,
    ) -> Result<Extent, ServerError> {
        match self.measured.get(name.as_str()) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => {
                let error =
                    ServerError::new(format!("the fragment `{name}` spreads itself"), Some(fragment.pos));
                return Err(with_code(error, ErrorCode::GraphqlValidationFailed));
            }
            None => {}
        }
        self.measured.insert(name, None);
        self.directives(&fragment.node.directives)?;
        let extent = self.selection_set(&fragment.node.selection_set, level)?;
        self.measured.insert(name, Some(extent));
        Ok(extent)
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        self.directives += directives.len() as u64;
        let Some(last) = directives.last() else { return Ok(()) };
        if self.limits.directives.is_below(self.directives) {
            return Err(self.limits.directives.exceeded(
                "directives of a document",
                "directives",
                Some(last.pos),
            ));
        }
        directives
            .iter()
            .try_for_each(|directive| self.arguments(directive.node.arguments.len(), directive.pos))
    }

    fn arguments(&self, count: usize, position: Pos) -> Result<(), ServerError> {
        if count <= self.arguments {
            return Ok(());
        }
        let message =
            format!("there are {count} arguments here, and nothing takes more than {}", self.arguments);
        Err(with_code(ServerError::new(message, Some(position)), ErrorCode::GraphqlValidationFailed))
    }

    fn count_selections(&mut self, extent: Extent, position: Pos) -> Result<(), ServerError> {
        self.selections = self.selections.saturating_add(extent.selections);
        if self.limits.selections.is_below(self.selections) {
            let what = "selections of a document, with fragments in their places";
            return Err(self.limits.selections.exceeded(what, "selections", Some(position)));
        }
        Ok(())
    }

    fn too_deep(&self, position: Pos) -> ServerError {
        self.limits.depth.exceeded("nested selection sets", "depth", Some(position))
    }
}
