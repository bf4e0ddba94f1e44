use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{
        ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use super::Limit;
use crate::schema_types::{Items, SchemaTypes};

/// How many items lists may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSizes {
    /// A page for which the document asks neither for the `first` nor for the `last`, and any other list.
    pub(crate) default: u32,
    /// The most of a page: more is refused where it is read.
    pub(crate) limit: u32,
    /// `getOrders`.
    pub(crate) all_orders: u32,
}

/// How many fields an operation's answer may have: each selected field is one, times the items of the lists around it. A
/// list of a connection has as many as the `first` or `last` of the connection, `getOrders` as many as it may return, any
/// other list as many as a page has without either.
pub(crate) struct Complexity<'t> {
    types: &'t SchemaTypes,
    pages: PageSizes,
}

/// A cost that depends on the page around: the number of its items is not known where a fragment is looked at.
#[derive(Clone, Copy, Default)]
struct Cost {
    fixed: u64,
    per_item: u64,
}

impl Cost {
    fn with_items(self, items: u32) -> u64 {
        self.fixed.saturating_add(self.per_item.saturating_mul(items.into()))
    }

    fn add(&mut self, fixed: u64, per_item: u64) {
        self.fixed = self.fixed.saturating_add(fixed);
        self.per_item = self.per_item.saturating_add(per_item);
    }
}

impl<'t> Complexity<'t> {
    /// The complexity in this schema.
    pub(crate) fn new(types: &'t SchemaTypes, pages: PageSizes) -> Self {
        Self { types, pages }
    }

    /// The complexity of an operation of a valid document, and whether it depends on the variables.
    pub(crate) fn of(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> (u64, bool) {
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let mut count = Count {
            complexity: self,
            fragments: &document.fragments,
            counted: HashMap::new(),
            operation,
            variables,
            depends: false,
        };
        let cost = count.selection_set(&operation.selection_set.node, root);
        (cost.with_items(self.pages.default), count.depends)
    }

    /// Holds a complexity against the limit.
    pub(crate) fn check(complexity: u64, limit: Limit) -> Result<(), ServerError> {
        if limit.is_below(complexity) {
            let Limit { most, setting } = limit;
            let message = format!(
                "the answer may have {complexity} fields, each counted as often as the lists around it may have items, \
                 and must have at most {most} ({setting}): ask for less, or for shorter lists with `first` or `last`"
            );
            return Err(limit.error(message, "complexity", None));
        }
        Ok(())
    }
}

struct Count<'d> {
    complexity: &'d Complexity<'d>,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    counted: HashMap<&'d str, Cost>,
    operation: &'d OperationDefinition,
    variables: &'d Variables,
    depends: bool,
}

impl<'d> Count<'d> {
    fn selection_set(&mut self, set: &'d SelectionSet, of: &str) -> Cost {
        let mut cost = Cost::default();
        for selection in &set.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.field(&field.node, of),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| condition.node.on.node.as_str());
                    self.selection_set(&inline.node.selection_set.node, of)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
            cost.add(inner.fixed, inner.per_item);
        }
        cost
    }

    fn fragment(&mut self, name: &Name) -> Cost {
        if let Some(cost) = self.counted.get(name.as_str()) {
            return *cost;
        }
        let Some((name, fragment)) = self.fragments.get_key_value(name) else { return Cost::default() };
        let of = &fragment.node.type_condition.node.on.node;
        let cost = self.selection_set(&fragment.node.selection_set.node, of);
        self.counted.insert(name, cost);
        cost
    }

    fn field(&mut self, field: &'d Field, of: &str) -> Cost {
        let mut cost = Cost { fixed: 1, per_item: 0 };
        let types = self.complexity.types;
        let Some(described) = types.field(of, &field.name.node) else { return cost };
        if field.selection_set.node.items.is_empty() {
            return cost;
        }
        let inner = self.selection_set(&field.selection_set.node, &described.of);
        let pages = self.complexity.pages;
        let times = |items: u32| inner.with_items(pages.default).saturating_mul(items.into());
        match described.items {
            Items::One => cost.add(inner.fixed, inner.per_item),
            Items::Page => cost.add(inner.with_items(self.page(field)), 0),
            Items::OfPage => cost.add(0, inner.with_items(pages.default)),
            Items::AllOrders => cost.add(times(pages.all_orders), 0),
            Items::Schema(items) => cost.add(times(items), 0),
        }
        cost
    }

    /// How many items the page has that a field asks for.
    fn page(&mut self, field: &Field) -> u32 {
        let asked = ["first", "last"].map(|name| self.count(field, name)).into_iter().flatten().max();
        asked.map_or(self.complexity.pages.default, |items| items.min(self.complexity.pages.limit))
    }

    fn count(&mut self, field: &Field, argument: &str) -> Option<u32> {
        let value = field.get_argument(argument)?.node.clone().into_const_with(|name| {
            self.depends = true;
            let mut definitions = self.operation.variable_definitions.iter();
            let default = || {
                let definition = definitions.find(|definition| definition.node.name.node == name)?;
                definition.node.default_value.as_ref().map(|default| &default.node)
            };
            Ok::<_, ()>(self.variables.get(&name).or_else(default).cloned().unwrap_or_default())
        });
        match value {
            Ok(Value::Number(number)) => Some(
                number.as_i64().map_or(u32::MAX, |count| u32::try_from(count.max(0)).unwrap_or(u32::MAX)),
            ),
            _ => None,
        }
    }
}
