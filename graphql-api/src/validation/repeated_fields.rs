use std::collections::HashSet;

use async_graphql::ServerError;

use super::invalid;
use crate::tokens::{Tokens, position};

/// Refuses an object that gives a field twice (GraphQL, October 2021, section 5.6.3, "Input Object Field Uniqueness"). The parser
/// keeps the last of them, so this looks at the text, which the parser has taken.
pub(crate) fn check_repeated_fields(text: &str) -> Result<(), ServerError> {
    let mut tokens = Tokens::of(text);
    let mut parentheses = 0_u32;
    let mut objects: Vec<HashSet<&str>> = Vec::new();
    let mut name = None;
    while let Some((start, token)) = tokens.next()? {
        let before = name.take();
        match token {
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            // Elsewhere it begins a selection set.
            b'{' if parentheses > 0 => objects.push(HashSet::new()),
            b'}' if parentheses > 0 => drop(objects.pop()),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => name = Some((start, &text[start..tokens.end()])),
            b':' => {
                if let (Some((start, field)), Some(object)) = (before, objects.last_mut())
                    && !object.insert(field)
                {
                    let message = format!("the field `{field}` is given twice in one object");
                    return Err(invalid(ServerError::new(message, Some(position(text, start)))));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_given_once_in_each_object() {
        for text in [
            "{ orders(where: {state: PAID, username: \"state:\"}) { state: id state } }",
            "{ a(b: {c: {c: c}, d: [{c: 1}, {c: 2}]}, c: {c: 1}) { b: c b: c } }",
            "query($c: C = {c: 1}, $d: C = {c: 1}) { a(b: {b: $c, c: $d}) { c } } # {c: 1, c: 2}",
        ] {
            assert!(check_repeated_fields(text).is_ok(), "{text}");
        }
        for (text, column) in [
            ("{ orders(where: {state: PAID, state: UNPAID}) { id } }", 31),
            ("{ a(b: [{c: 1}, {d: {e: 1}, e: 1, d: 1}]) }", 35),
            ("query($c: C = {c: 1 c: 1}) { a }", 21),
            ("{ a @b(c: {d: 1, d: 1}) }", 18),
        ] {
            let error = check_repeated_fields(text).expect_err(text);
            assert_eq!(error.locations[0].column, column, "{text}: {}", error.message);
        }
    }
}
