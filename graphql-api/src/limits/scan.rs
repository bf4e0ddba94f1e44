use async_graphql::ServerError;

use super::QueryLimits;
use crate::tokens::{Tokens, position};

/// Looks through the text of a document before it is parsed, because the parser calls itself for each nested bracket: counts
/// bytes, lexical tokens (GraphQL, October 2021, section 2.1), nested selection sets and nested values. What is no GraphQL
/// is left to the parser, unless it is text that does not end.
///
/// Reads each byte once, and returns how many tokens there are.
pub(crate) fn scan(text: &str, limits: &QueryLimits) -> Result<u32, ServerError> {
    if limits.document.is_below(text.len() as u64) {
        return Err(limits.document.exceeded("bytes of a document", "document", None));
    }
    let mut scanned = Tokens::of(text);
    let mut tokens = 0_u32;
    let mut nesting = Nesting::default();
    while let Some((start, token)) = scanned.next()? {
        tokens += 1;
        let error = |limit: super::Limit, what, name| limit.exceeded(what, name, Some(position(text, start)));
        if tokens > limits.tokens.most {
            return Err(error(limits.tokens, "tokens of a document", "tokens"));
        }
        nesting.enter(token);
        if nesting.selections > limits.depth.most {
            return Err(error(limits.depth, "nested selection sets", "depth"));
        }
        if nesting.values > limits.value_depth.most {
            return Err(error(limits.value_depth, "nested lists and objects of a value", "valueDepth"));
        }
    }
    Ok(tokens)
}

/// How deep the scanner is in brackets. Values stand in parentheses, and selection sets do not.
#[derive(Default)]
struct Nesting {
    parentheses: u32,
    selections: u32,
    values: u32,
}

impl Nesting {
    fn enter(&mut self, token: u8) {
        let depth = if self.parentheses > 0 { &mut self.values } else { &mut self.selections };
        match token {
            b'(' => self.parentheses += 1,
            b')' => {
                self.parentheses = self.parentheses.saturating_sub(1);
                self.values = 0;
            }
            b'{' | b'[' => *depth += 1,
            b'}' | b']' => *depth = depth.saturating_sub(1),
            _ => {}
        }
    }
}
