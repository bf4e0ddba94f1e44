use std::collections::HashMap;

use async_graphql::{
    ID, InputType, Name, Pos, Value,
    indexmap::IndexMap,
    parser::types::{BaseType, Type},
};

use crate::{
    schema_types::{Input, InputField, SchemaTypes},
    types::{Cursor, Date, DateTime},
};

/// What is wrong with a value, and where in it.
pub(super) struct WrongValue {
    /// From the inside out.
    path: Vec<String>,
    message: String,
}

impl WrongValue {
    fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into() }
    }

    fn within(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }

    /// What is wrong, with the way to it from what has that name.
    pub(super) fn describe(&self, name: &str) -> String {
        let way: String = self.path.iter().rev().map(String::as_str).collect();
        format!("`{name}{way}`: {}", self.message)
    }
}

/// Holds a value against a type (GraphQL, October 2021, section 3.4 to 3.12, "input coercion"). `Binary`, which neither a
/// document nor JSON has, stands for a variable in a document, which is looked at by itself.
pub(super) fn check(value: &Value, of: &Type, types: &SchemaTypes) -> Result<(), WrongValue> {
    match (value, &of.base) {
        (Value::Binary(_), _) => Ok(()),
        (Value::Null, _) if of.nullable => Ok(()),
        (Value::Null, _) => Err(WrongValue::new(format!("it must be a value of `{of}`, and is null"))),
        (Value::List(items), BaseType::List(of)) => items.iter().enumerate().try_for_each(|(index, item)| {
            check(item, of, types).map_err(|wrong| wrong.within(format!("[{index}]")))
        }),
        // One item stands for a list of it.
        (_, BaseType::List(of)) => check(value, of, types),
        (_, BaseType::Named(name)) => match (types.input(name), value) {
            (Some(Input::Object(fields)), Value::Object(given)) => check_object(given, name, fields, types),
            (Some(Input::Enum(values)), Value::Enum(value)) if values.contains(value) => Ok(()),
            (Some(Input::Enum(values)), Value::String(value)) if values.contains(value.as_str()) => Ok(()),
            (Some(Input::Scalar), _) => check_scalar(value, name),
            _ => Err(WrongValue::new(format!("it must be a value of `{of}`"))),
        },
    }
}

fn check_object(
    given: &IndexMap<Name, Value>,
    of: &Name,
    fields: &HashMap<Name, InputField>,
    types: &SchemaTypes,
) -> Result<(), WrongValue> {
    for (name, value) in given {
        let within = |wrong: WrongValue| wrong.within(format!(".{name}"));
        match fields.get(name) {
            Some(field) => check(value, &field.of, types).map_err(within)?,
            None => return Err(within(WrongValue::new(format!("`{of}` has no such field")))),
        }
    }
    match fields.iter().find(|(name, field)| field.is_required && !given.contains_key(*name)) {
        Some((name, field)) => {
            Err(WrongValue::new(format!("it must be a value of `{}`, and is missing", field.of))
                .within(format!(".{name}")))
        }
        None => Ok(()),
    }
}

/// What the scalar's own parser says.
fn check_scalar(value: &Value, of: &Name) -> Result<(), WrongValue> {
    match of.as_str() {
        "String" if matches!(value, Value::String(_)) => Ok(()),
        "Int" => parse::<i32>(value),
        "Float" => parse::<f64>(value),
        "Boolean" => parse::<bool>(value),
        "ID" => parse::<ID>(value),
        "Date" => parse::<Date>(value),
        "DateTime" => parse::<DateTime>(value),
        "Cursor" => parse::<Cursor>(value),
        _ => parse::<String>(value),
    }
}

fn parse<T: InputType>(value: &Value) -> Result<(), WrongValue> {
    match T::parse(Some(value.clone())) {
        Ok(_) => Ok(()),
        Err(error) => Err(WrongValue::new(error.into_server_error(Pos::default()).message)),
    }
}
