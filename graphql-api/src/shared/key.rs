//! When two requests are equal, so that they are executed once.

use std::fmt::{self, Write};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{
        Directive, Field, OperationDefinition, OperationType, Selection, SelectionSet, VariableDefinition,
    },
};
use domain::View;

use crate::{prepared::PreparedRequest, types::Cursor};

/// Equal keys, equal answers: the view of the data, and the document without what does not change the answers (its
/// layout, the name of an only operation, the position to follow from), with the values of its variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    view: View,
    document: String,
}

impl Key {
    /// Bytes of what is asked for.
    pub(crate) fn len(&self) -> usize {
        self.document.len()
    }
}

/// What a subscription follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A state, of which only the newest is told.
    Newest,
    /// Events, each of which is told, maybe after a cursor that the client named.
    Events {
        /// The argument `after`.
        after: Option<Cursor>,
    },
}

/// How the request can be shared; `None` where it has to be executed by itself, such as to be refused.
pub(crate) fn shareable(request: &PreparedRequest, view: View) -> Option<(Key, Source)> {
    let operation = request.operation();
    let [root] = &operation.selection_set.node.items[..] else { return None };
    let Selection::Field(root) = &root.node else { return None };
    let (source, variable) = match root.node.name.node.as_str() {
        "getOrder" => (Source::Newest, None),
        "orderEvents" => {
            let (after, variable) = after(&root.node, operation, &request.variables)?;
            (Source::Events { after }, variable)
        }
        _ => return None,
    };
    let document = Writer::write(request, Some((&root.node, variable)))?;
    Some((Key { view, document }, source))
}

/// The key of a query that can be shared; `None` for any other request, and for what depends on more than the view.
pub(crate) fn of_query(request: &PreparedRequest, view: View) -> Option<Key> {
    let operation = request.operation();
    let is_of_view = |selection: &Positioned<Selection>| match &selection.node {
        // `viewer` tells the viewer's name, which equal views do not have in common.
        Selection::Field(field) => field.node.name.node != "viewer",
        // What could not be collected: it is told why.
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
    };
    let is_shareable =
        operation.ty == OperationType::Query && operation.selection_set.node.items.iter().all(is_of_view);
    let document = is_shareable.then(|| Writer::write(request, None))??;
    Some(Key { view, document })
}

/// The cursor that the argument `after` gives, and the variable that it comes from.
fn after<'r>(
    root: &Field,
    operation: &'r OperationDefinition,
    variables: &'r Variables,
) -> Option<(Option<Cursor>, Option<&'r Name>)> {
    let Some(argument) = root.get_argument("after") else { return Some((None, None)) };
    match argument.node.clone().into_const() {
        Some(Value::Null) => Some((None, None)),
        Some(Value::String(text)) => Some((Some(Cursor(text)), None)),
        Some(_) => None,
        None => {
            let reference = argument.node.to_string();
            let name = reference.strip_prefix('$')?;
            let mut definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
            let definition = definitions.find(|definition| definition.name.node == name)?;
            let name = &definition.name.node;
            let default = definition.default_value.as_ref().map(|default| &default.node);
            match (definition.var_type.node.to_string().as_str(), variables.get(name).or(default)) {
                ("Cursor", None | Some(Value::Null)) => Some((None, Some(name))),
                ("Cursor" | "Cursor!", Some(Value::String(text))) => {
                    Some((Some(Cursor(text.clone())), Some(name)))
                }
                _ => None,
            }
        }
    }
}

/// Writes a document in one way, however the client wrote it.
struct Writer<'r> {
    text: String,
    /// The field whose argument `after` is left out.
    left_out: Option<&'r Field>,
}

impl<'r> Writer<'r> {
    /// Writes the request, without the argument `after` of this field, and without the variable that it comes from if
    /// nothing else uses that.
    fn write(request: &PreparedRequest, left_out: Option<(&'r Field, Option<&Name>)>) -> Option<String> {
        let mut writer = Writer { text: String::new(), left_out: left_out.map(|(field, _)| field) };
        let variable = left_out.and_then(|(_, variable)| variable);
        writer.request(request, request.operation(), variable).ok()?;
        Some(writer.text)
    }

    fn request(
        &mut self,
        request: &PreparedRequest,
        asked: &OperationDefinition,
        after: Option<&Name>,
    ) -> fmt::Result {
        let mut fragments: Vec<_> = request.document.parsed.fragments.iter().collect();
        fragments.sort_unstable_by_key(|(name, _)| *name);
        for (name, fragment) in fragments {
            write!(self.text, "fragment {name} on {}", fragment.node.type_condition.node.on.node)?;
            self.directives(&fragment.node.directives)?;
            self.selection(&fragment.node.selection_set.node)?;
        }
        let mut operations: Vec<_> = request.document.parsed.operations.iter().collect();
        operations.sort_unstable_by_key(|(name, _)| *name);
        let is_only = operations.len() == 1;
        for (name, operation) in operations {
            let operation = &operation.node;
            if !is_only {
                write!(self.text, "{name:?} is asked for: {} ", std::ptr::eq(operation, asked))?;
            }
            self.text.push_str(match operation.ty {
                OperationType::Query => "query",
                OperationType::Mutation => "mutation",
                OperationType::Subscription => "subscription",
            });
            self.directives(&operation.directives)?;
            self.selection(&operation.selection_set.node)?;
            for definition in &operation.variable_definitions {
                // A name that another one begins with is taken for used, which shares less.
                let name = &definition.node.name.node;
                if after != Some(name) || self.text.contains(&format!("${name}")) {
                    self.variable(&definition.node, request.variables.get(name))?;
                }
            }
        }
        Ok(())
    }

    fn variable(&mut self, definition: &VariableDefinition, value: Option<&Value>) -> fmt::Result {
        write!(self.text, "${}:{}", definition.name.node, definition.var_type.node)?;
        if let Some(default) = &definition.default_value {
            write!(self.text, "={}", default.node)?;
        }
        self.directives(&definition.directives)?;
        match value {
            Some(value) => writeln!(self.text, " is {value}"),
            None => writeln!(self.text),
        }
    }

    fn selection(&mut self, selection: &SelectionSet) -> fmt::Result {
        self.text.push('{');
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::FragmentSpread(spread) => {
                    write!(self.text, "...{}", spread.node.fragment_name.node)?;
                    self.directives(&spread.node.directives)?;
                }
                Selection::InlineFragment(inline) => {
                    self.text.push_str("...");
                    if let Some(condition) = &inline.node.type_condition {
                        write!(self.text, "on {}", condition.node.on.node)?;
                    }
                    self.directives(&inline.node.directives)?;
                    self.selection(&inline.node.selection_set.node)?;
                }
            }
            self.text.push(' ');
        }
        self.text.push('}');
        Ok(())
    }

    fn field(&mut self, field: &Field) -> fmt::Result {
        if let Some(alias) = &field.alias {
            write!(self.text, "{}:", alias.node)?;
        }
        self.text.push_str(&field.name.node);
        let leaves_out = self.left_out.is_some_and(|left_out| std::ptr::eq(field, left_out));
        let mut arguments: Vec<_> = field
            .arguments
            .iter()
            .map(|(name, value)| (name.node.as_str(), value.node.to_string()))
            .filter(|(name, _)| !(leaves_out && *name == "after"))
            .collect();
        arguments.sort_unstable();
        for (name, value) in arguments {
            write!(self.text, "({name}:{value})")?;
        }
        self.directives(&field.directives)?;
        if field.selection_set.node.items.is_empty() {
            Ok(())
        } else {
            self.selection(&field.selection_set.node)
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> fmt::Result {
        for directive in directives {
            write!(self.text, "@{}", directive.node.name.node)?;
            for (name, value) in &directive.node.arguments {
                write!(self.text, "({}:{})", name.node, value.node)?;
            }
        }
        self.text.push(' ');
        Ok(())
    }
}
