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

/// A variable that stands for a value in a document.
pub(super) struct Usage<'t> {
    pub(super) variable: Name,
    /// The type of what it stands for.
    pub(super) of: &'t Type,
    /// Whether there is a value where the variable has none.
    pub(super) has_default: bool,
}

/// Holds values against types (GraphQL, October 2021, sections 3.5 to 3.12, "input coercion"). Variables in them are
/// collected, to be looked at by themselves.
pub(super) struct Values<'t> {
    types: &'t SchemaTypes,
    pub(super) usages: Vec<Usage<'t>>,
}

impl<'t> Values<'t> {
    pub(super) fn new(types: &'t SchemaTypes) -> Self {
        Self { types, usages: Vec::new() }
    }

    /// Holds a value against the type of an argument or of a field of an input object.
    pub(super) fn check_field(&mut self, value: &Value, field: &'t InputField) -> Result<(), WrongValue> {
        match variable(value) {
            Some(variable) => {
                self.usages.push(Usage { variable, of: &field.of, has_default: field.has_default });
                Ok(())
            }
            None => self.check(value, &field.of),
        }
    }

    /// Holds a value against a type.
    pub(super) fn check(&mut self, value: &Value, of: &'t Type) -> Result<(), WrongValue> {
        if let Some(variable) = variable(value) {
            self.usages.push(Usage { variable, of, has_default: false });
            return Ok(());
        }
        match (value, &of.base) {
            (Value::Null, _) if of.nullable => Ok(()),
            (Value::Null, _) => Err(WrongValue::new(format!("it must be a value of `{of}`, and is null"))),
            (Value::List(items), BaseType::List(of)) => {
                items.iter().enumerate().try_for_each(|(index, item)| {
                    self.check(item, of).map_err(|wrong| wrong.within(format!("[{index}]")))
                })
            }
            // One item stands for a list of it.
            (_, BaseType::List(of)) => self.check(value, of),
            (_, BaseType::Named(name)) => match (self.types.input(name), value) {
                (Some(Input::Object(fields)), Value::Object(given)) => self.check_object(given, name, fields),
                (Some(Input::Enum(values)), Value::Enum(value)) if values.contains(value) => Ok(()),
                (Some(Input::Enum(values)), Value::String(value)) if values.contains(value.as_str()) => {
                    Ok(())
                }
                (Some(Input::Scalar), _) => check_scalar(value, name),
                (Some(Input::Enum(_)), Value::String(value)) => Err(other_value(of, value)),
                (Some(Input::Enum(_)), Value::Enum(value)) => Err(other_value(of, value)),
                _ => Err(WrongValue::new(format!("it must be a value of `{of}`"))),
            },
        }
    }

    fn check_object(
        &mut self,
        given: &IndexMap<Name, Value>,
        of: &Name,
        fields: &'t HashMap<Name, InputField>,
    ) -> Result<(), WrongValue> {
        for (name, value) in given {
            let within = |wrong: WrongValue| wrong.within(format!(".{name}"));
            match fields.get(name) {
                Some(field) => self.check_field(value, field).map_err(within)?,
                None => return Err(within(WrongValue::new(format!("`{of}` has no such field")))),
            }
        }
        match fields.iter().find(|(name, field)| field.is_required() && !given.contains_key(*name)) {
            Some((name, field)) => {
                let missing = format!("it must be a value of `{}`, and is missing", field.of);
                Err(WrongValue::new(missing).within(format!(".{name}")))
            }
            None => Ok(()),
        }
    }
}

/// Marks a variable among the values of a document: binary values, as which uploads come, are neither there nor in JSON.
pub(super) fn marked(variable: &Name) -> Value {
    Value::Binary(variable.as_bytes().to_vec().into())
}

fn variable(value: &Value) -> Option<Name> {
    match value {
        Value::Binary(name) => Some(Name::new(String::from_utf8_lossy(name))),
        _ => None,
    }
}

/// A name that an enum does not have. What is longer than any name is not told back.
fn other_value(of: &Type, given: &str) -> WrongValue {
    let given = &given[..given.floor_char_boundary(64)];
    WrongValue::new(format!("it must be a value of `{of}`, and is `{given}`"))
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
