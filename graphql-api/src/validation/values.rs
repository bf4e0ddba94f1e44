use std::collections::{BTreeSet, HashMap};

use async_graphql::{
    ID, InputType, Name, Pos, Value,
    indexmap::IndexMap,
    parser::types::{BaseType, Type},
};

use crate::{
    error::ErrorCode,
    schema_types::{Input, InputField, SchemaTypes},
    types::{Cursor, Date, DateTime},
};

/// What is wrong with a value, and where in it.
pub(super) struct WrongValue {
    /// From the inside out.
    path: Vec<String>,
    message: String,
    /// What the error is in a document.
    pub(super) code: ErrorCode,
}

impl WrongValue {
    fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into(), code: ErrorCode::BadUserInput }
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

/// Where values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    /// In a document, where names and strings differ.
    Document,
    /// In JSON, which has strings only.
    Json,
}

/// Holds values against types (GraphQL, October 2021, sections 3.5 to 3.12, "input coercion"). Variables in them are
/// collected, to be looked at by themselves.
pub(super) struct Values<'t> {
    types: &'t SchemaTypes,
    notation: Notation,
    pub(super) usages: Vec<Usage<'t>>,
}

impl<'t> Values<'t> {
    /// Values that are written in a document.
    pub(super) fn in_document(types: &'t SchemaTypes) -> Self {
        Self { types, notation: Notation::Document, usages: Vec::new() }
    }

    /// Values of variables.
    pub(super) fn of_variables(types: &'t SchemaTypes) -> Self {
        Self { types, notation: Notation::Json, usages: Vec::new() }
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
                (Some(Input::Enum(values)), Value::Enum(name)) => check_name(name, of, values),
                (Some(Input::Enum(values)), Value::String(name)) if self.notation == Notation::Json => {
                    check_name(name, of, values)
                }
                (Some(Input::Enum(_)), Value::String(_)) => Err(string_as_name(of)),
                (Some(Input::Scalar), _) => check_scalar(value, name),
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

/// A name that an enum does not have is not told back where it is longer than any name.
fn check_name(name: &str, of: &Type, values: &BTreeSet<Name>) -> Result<(), WrongValue> {
    if values.contains(name) {
        return Ok(());
    }
    let given = &name[..name.floor_char_boundary(64)];
    Err(WrongValue::new(format!("it must be a value of `{of}`, and is `{given}`")))
}

/// A string in a document, which names no value of an enum (section 3.9).
fn string_as_name(of: &Type) -> WrongValue {
    let message = format!("it must be a value of `{of}`, which is a name without quotes, and is a string");
    WrongValue { code: ErrorCode::GraphqlValidationFailed, ..WrongValue::new(message) }
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
