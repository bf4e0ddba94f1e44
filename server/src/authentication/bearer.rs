//! Where tokens are: `Authorization: Bearer ..` as a header (RFC 6750, section 2.1) and in messages of sockets.

use actix_web::http::header::HeaderValue;
use serde_json::{Map, Value};

use super::TokenError;

/// The token in the headers `Authorization`; `None` if there is no such header.
pub(crate) fn in_headers<'h>(
    mut values: impl Iterator<Item = &'h HeaderValue>,
) -> Result<Option<&'h str>, TokenError> {
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(TokenError::Several);
    }
    token(value.to_str().map_err(|_| TokenError::NoBearer)?).map(Some)
}

/// The token in a payload of `connection_init` or `ping`: a member `Authorization`, however it is capitalised, as Apollo,
/// graphql-ws and GraphiQL send it, or the same in its member `headers`, as Apollo Sandbox and Altair may.
pub(crate) fn in_payload(payload: &Value) -> Result<Option<&str>, TokenError> {
    let Some(payload) = payload.as_object() else { return Ok(None) };
    let nested = members(payload, "headers").filter_map(|(_, value)| value.as_object());
    let mut found = None;
    for object in std::iter::once(payload).chain(nested) {
        for (_, value) in members(object, "authorization") {
            let Some(text) = value.as_str() else {
                if value.is_null() {
                    continue;
                }
                return Err(TokenError::NoBearer);
            };
            let token = token(text)?;
            if found.replace(token).is_some_and(|other| other != token) {
                return Err(TokenError::Several);
            }
        }
    }
    Ok(found)
}

fn members<'o>(
    object: &'o Map<String, Value>,
    name: &'o str,
) -> impl Iterator<Item = (&'o String, &'o Value)> {
    object.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name))
}

/// What follows the scheme, whose capitals do not matter (RFC 9110, section 11.1).
fn token(credentials: &str) -> Result<&str, TokenError> {
    let (scheme, token) = credentials.trim().split_once(' ').ok_or(TokenError::NoBearer)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(char::is_whitespace) {
        Ok(token)
    } else {
        Err(TokenError::NoBearer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_header_says_who_a_client_is() {
        for (values, expected) in [
            (&[][..], Ok(None)),
            (&["Bearer a.b.c"], Ok(Some("a.b.c"))),
            (&["bearer a.b.c"], Ok(Some("a.b.c"))),
            (&["BEARER   a.b.c  "], Ok(Some("a.b.c"))),
            (&["Bearer"], Err(TokenError::NoBearer)),
            (&["Bearer "], Err(TokenError::NoBearer)),
            (&["Bearer a b"], Err(TokenError::NoBearer)),
            (&["a.b.c"], Err(TokenError::NoBearer)),
            (&["Basic Y2F0eTg4OmE="], Err(TokenError::NoBearer)),
            (&["Bearer \u{f6}.b.c"], Err(TokenError::NoBearer)),
            (&["Bearer a.b.c", "Bearer a.b.c"], Err(TokenError::Several)),
        ] {
            let values: Vec<_> = values
                .iter()
                .map(|value| HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
                .collect();
            assert_eq!(in_headers(values.iter()), expected, "{values:?}");
        }
    }

    #[test]
    fn a_payload_says_it_as_clients_send_it() {
        for (payload, expected) in [
            (json!(null), Ok(None)),
            (json!({}), Ok(None)),
            (json!({ "Authorization": null, "headers": "none" }), Ok(None)),
            (json!({ "Authorization": "Bearer a.b.c" }), Ok(Some("a.b.c"))),
            (json!({ "authorization": "bearer a.b.c" }), Ok(Some("a.b.c"))),
            (json!({ "headers": { "Authorization": "Bearer a.b.c" } }), Ok(Some("a.b.c"))),
            (
                json!({ "Authorization": "Bearer a", "headers": { "authorization": "Bearer a" } }),
                Ok(Some("a")),
            ),
            (json!({ "Authorization": "Bearer a", "authorization": "Bearer b" }), Err(TokenError::Several)),
            (json!({ "Authorization": "a.b.c" }), Err(TokenError::NoBearer)),
            (json!({ "Authorization": ["Bearer a"] }), Err(TokenError::NoBearer)),
            (json!({ "Authorization": "" }), Err(TokenError::NoBearer)),
        ] {
            assert_eq!(in_payload(&payload), expected, "{payload}");
        }
    }
}
