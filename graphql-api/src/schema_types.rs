//! The schema as limits and variables need it. The library keeps its own to itself, so this is read from the SDL.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
    },
};

/// The types of the schema, by their names.
pub(crate) struct SchemaTypes {
    fields: HashMap<Name, HashMap<Name, Field>>,
    inputs: HashMap<Name, Input>,
    most_arguments: usize,
}

/// A field of an object or an interface.
pub(crate) struct Field {
    /// The type without what wraps it.
    pub(crate) of: Name,
    /// How many items its answer has.
    pub(crate) items: Items,
    arguments: HashMap<Name, InputField>,
}

/// How many items the answer of a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    /// Itself.
    One,
    /// The field takes `first` and `last`, and the lists right below it have so many.
    Page,
    /// It is a list of the page around it.
    OfPage,
    /// It is the list of all orders.
    AllOrders,
    /// It is a list of the introspection, the longest of which has so many.
    Schema(u32),
}

/// A type of arguments and variables.
pub(crate) enum Input {
    Scalar,
    Enum(BTreeSet<Name>),
    Object(HashMap<Name, InputField>),
}

/// An argument, or a field of an input object.
pub(crate) struct InputField {
    pub(crate) of: Type,
    pub(crate) has_default: bool,
}

/// The introspection's own types (GraphQL, October 2021, section 4.2), as far as they have lists or objects: every other
/// field of theirs counts as one.
const INTROSPECTION: &str = "
type __Schema { types: [__Type!]! queryType: __Type! mutationType: __Type subscriptionType: __Type directives: [__Directive!]! }
type __Type { fields: [__Field!] interfaces: [__Type!] possibleTypes: [__Type!] enumValues: [__EnumValue!] inputFields: [__InputValue!] ofType: __Type }
type __Field { args: [__InputValue!]! type: __Type! }
type __InputValue { type: __Type! }
type __EnumValue { name: String! }
type __Directive { args: [__InputValue!]! locations: [String!]! }
type Query { __schema: __Schema! __type: __Type }";

impl SchemaTypes {
    /// Reads the types from the schema's own definition.
    pub(crate) fn parse(sdl: &str) -> Self {
        let mut types = Self { fields: HashMap::new(), inputs: HashMap::new(), most_arguments: 0 };
        for name in ["Int", "Float", "String", "Boolean", "ID"] {
            types.inputs.insert(Name::new(name), Input::Scalar);
        }
        types.read(sdl);
        let longest = Longest::of(&types);
        types.read(INTROSPECTION);
        let introspection = types.fields.iter_mut().filter(|(name, _)| name.starts_with("__"));
        for (name, field) in introspection.flat_map(|(_, fields)| fields) {
            if field.items == Items::OfPage {
                field.items = Items::Schema(longest.list(name));
            }
        }
        types
    }

    /// The field of that name.
    pub(crate) fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.fields.get(of)?.get(name)
    }

    /// The type of arguments and variables of that name.
    pub(crate) fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }

    /// The most arguments that any field takes.
    pub(crate) fn most_arguments(&self) -> usize {
        self.most_arguments
    }

    fn read(&mut self, sdl: &str) {
        let document = parse_schema(sdl).expect("the library's own SDL");
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node;
            match definition.node.kind {
                TypeKind::Object(object) => self.add_fields(&name, object.fields),
                TypeKind::Interface(interface) => self.add_fields(&name, interface.fields),
                TypeKind::Scalar => drop(self.inputs.insert(name, Input::Scalar)),
                TypeKind::Enum(values) => {
                    let values = values.values.into_iter().map(|value| value.node.value.node).collect();
                    self.inputs.insert(name, Input::Enum(values));
                }
                TypeKind::InputObject(object) => {
                    let fields = object.fields.into_iter().map(|field| input_field(field.node)).collect();
                    self.inputs.insert(name, Input::Object(fields));
                }
                TypeKind::Union(_) => {}
            }
        }
    }

    fn add_fields(&mut self, of: &Name, fields: Vec<Positioned<FieldDefinition>>) {
        for field in fields {
            let FieldDefinition { name, arguments, ty, .. } = field.node;
            self.most_arguments = self.most_arguments.max(arguments.len());
            let arguments: HashMap<_, _> =
                arguments.into_iter().map(|argument| input_field(argument.node)).collect();
            let items = match (&ty.node.base, name.node.as_str()) {
                (BaseType::List(_), "getOrders") => Items::AllOrders,
                (BaseType::List(_), _) => Items::OfPage,
                (BaseType::Named(_), _) if arguments.contains_key("first") => Items::Page,
                (BaseType::Named(_), _) => Items::One,
            };
            let field = Field { of: named(&ty.node).clone(), items, arguments };
            self.fields.entry(of.clone()).or_default().insert(name.node, field);
        }
    }
}

impl Field {
    /// The argument of that name.
    pub(crate) fn argument(&self, name: &str) -> Option<&InputField> {
        self.arguments.get(name)
    }
}

impl InputField {
    /// Whether it cannot be left out.
    pub(crate) fn is_required(&self) -> bool {
        !self.of.nullable && !self.has_default
    }
}

/// The type without what wraps it.
pub(crate) fn named(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(of),
    }
}

fn input_field(field: InputValueDefinition) -> (Name, InputField) {
    (field.name.node, InputField { of: field.ty.node, has_default: field.default_value.is_some() })
}

/// The lengths of the longest lists of the introspection.
struct Longest {
    types: u32,
    fields: u32,
    arguments: u32,
    enum_values: u32,
    input_fields: u32,
}

impl Longest {
    fn of(types: &SchemaTypes) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (mut enum_values, mut input_fields) = (0, 0);
        for input in types.inputs.values() {
            match input {
                Input::Scalar => {}
                Input::Enum(values) => enum_values = enum_values.max(values.len()),
                Input::Object(fields) => input_fields = input_fields.max(fields.len()),
            }
        }
        // Those of the introspection itself are eight.
        let all = types.fields.len() + types.inputs.len() + 8;
        Self {
            types: count(all),
            fields: count(types.fields.values().map(HashMap::len).max().unwrap_or(0)),
            arguments: count(types.most_arguments),
            enum_values: count(enum_values),
            input_fields: count(input_fields),
        }
    }

    /// The longest list of that field.
    fn list(&self, field: &str) -> u32 {
        match field {
            "types" => self.types,
            "fields" => self.fields,
            "args" => self.arguments,
            "enumValues" => self.enum_values,
            "inputFields" => self.input_fields,
            // `interfaces`, `possibleTypes`, `directives`.
            _ => 3,
        }
    }
}
