use async_graphql::ServerError;
use serde_json::{Map, Value};

use super::QueryLimits;

/// Holds the size and the nesting of the variables' values against the limits, while they are JSON: as values of GraphQL, many
/// small ones cost far more. Whether they fit the operation is looked at later.
pub(crate) fn check_variables(
    variables: &Map<String, Value>,
    limits: &QueryLimits,
) -> Result<(), ServerError> {
    let mut bytes = 0;
    for (name, value) in variables {
        bytes += name.len();
        if nested_below(value, limits.value_depth.most, &mut bytes) {
            let what = format!("nested lists and objects of the variable `${name}`");
            return Err(limits.value_depth.exceeded(&what, "valueDepth", None));
        }
    }
    if limits.variables.is_below(bytes as u64) {
        return Err(limits.variables.exceeded("bytes of the variables", "variables", None));
    }
    Ok(())
}

/// Whether a value is nested deeper than that; adds its bytes.
fn nested_below(value: &Value, depth: u32, bytes: &mut usize) -> bool {
    *bytes += match value {
        Value::String(text) => text.len() + 2,
        Value::Number(number) => number.to_string().len() + 1,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => 5,
    };
    match value {
        Value::Array(items) => depth == 0 || items.iter().any(|item| nested_below(item, depth - 1, bytes)),
        Value::Object(fields) => {
            depth == 0
                || fields.iter().any(|(name, field)| {
                    *bytes += name.len() + 3;
                    nested_below(field, depth - 1, bytes)
                })
        }
        _ => false,
    }
}
