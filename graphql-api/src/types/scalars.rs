use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, NaiveDate};

/// A day without a time zone, as in ISO 8601: `2026-04-12`. Years are 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date(pub(crate) NaiveDate);

#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let written = |date: &NaiveDate| date.to_string() == *text && (1..=9999).contains(&date.year());
        match text.parse().ok().filter(written) {
            Some(date) => Ok(Self(date)),
            None => Err(InputValueError::custom(format!("`{text}` is not a day such as 2026-04-12"))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
