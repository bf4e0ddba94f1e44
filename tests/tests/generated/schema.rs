use std::collections::BTreeMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};

/// The committed schema.
pub(crate) struct Schema {
    /// Objects and interfaces.
    pub(crate) fields: BTreeMap<String, Vec<Field>>,
    pub(crate) enums: BTreeMap<String, Vec<String>>,
    pub(crate) inputs: BTreeMap<String, Vec<Input>>,
    /// The objects of each interface.
    pub(crate) objects: BTreeMap<String, Vec<String>>,
}

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) of: String,
    pub(crate) arguments: Vec<Input>,
}

/// An argument, or a field of an input object.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) of: Type,
    pub(crate) has_default: bool,
}

impl Schema {
    pub(crate) fn committed() -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../graphql-api/schema.graphql");
        let sdl = std::fs::read_to_string(file).expect("graphql-api/schema.graphql");
        let mut schema = Self {
            fields: BTreeMap::new(),
            enums: BTreeMap::new(),
            inputs: BTreeMap::new(),
            objects: BTreeMap::new(),
        };
        for definition in parse_schema(sdl).expect("a schema").definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        schema.objects.entry(interface.node.to_string()).or_default().push(name.clone());
                    }
                    schema.fields.insert(name, object.fields.into_iter().map(|of| field(of.node)).collect());
                }
                TypeKind::Interface(of) => {
                    schema.fields.insert(name, of.fields.into_iter().map(|of| field(of.node)).collect());
                }
                TypeKind::Enum(of) => {
                    let values = of.values.into_iter().map(|value| value.node.value.node.to_string());
                    schema.enums.insert(name, values.collect());
                }
                TypeKind::InputObject(of) => {
                    schema.inputs.insert(name, of.fields.into_iter().map(|of| input(of.node)).collect());
                }
                TypeKind::Scalar | TypeKind::Union(_) => {}
            }
        }
        schema
    }
}

/// The type without what wraps it.
pub(crate) fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => named(of),
    }
}

fn field(of: FieldDefinition) -> Field {
    let arguments = of.arguments.into_iter().map(|of| input(of.node)).collect();
    Field { name: of.name.node.to_string(), of: named(&of.ty.node).to_owned(), arguments }
}

fn input(of: InputValueDefinition) -> Input {
    Input { name: of.name.node.to_string(), of: of.ty.node, has_default: of.default_value.is_some() }
}
