use async_graphql::{Pos, ServerError};

use super::QueryLimits;
use crate::error::{ErrorCode, with_code};

/// Looks through the text of a document before it is parsed, because the parser calls itself for each nested bracket: counts
/// bytes, lexical tokens (GraphQL, October 2021, section 2.1), nested selection sets and nested values. What is no GraphQL
/// is left to the parser, unless it is text that does not end.
///
/// Reads each byte once, and returns how many tokens there are.
pub(crate) fn scan(text: &str, limits: &QueryLimits) -> Result<u32, ServerError> {
    if limits.document.is_below(text.len() as u64) {
        return Err(limits.document.exceeded("bytes of a document", "document", None));
    }
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    let mut tokens = 0_u32;
    let mut nesting = Nesting::default();
    while let Some((start, token)) = scanner.next()? {
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

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    /// Where the next token starts, and its first byte.
    fn next(&mut self) -> Result<Option<(usize, u8)>, ServerError> {
        self.skip_ignored();
        let start = self.at;
        let Some(first) = self.peek(0) else { return Ok(None) };
        match first {
            b'"' => self.string()?,
            b'.' if self.rest().starts_with(b"...") => self.at += 3,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            }
            b'-' | b'0'..=b'9' => {
                self.at += 1;
                self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_'));
            }
            _ => self.at += 1,
        }
        Ok(Some((start, first)))
    }

    /// White space, line ends, commas, comments and byte order marks, which mean nothing (section 2.1.7).
    fn skip_ignored(&mut self) {
        loop {
            match self.peek(0) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => self.skip(|byte| !matches!(byte, b'\n' | b'\r')),
                Some(0xEF) if self.rest().starts_with("\u{feff}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    fn string(&mut self) -> Result<(), ServerError> {
        let start = self.at;
        let is_block = self.rest().starts_with(br#"""""#);
        self.at += if is_block { 3 } else { 1 };
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' if !is_block => {
                    self.at += 1;
                    return Ok(());
                }
                b'"' if self.rest().starts_with(br#"""""#) => {
                    self.at += 3;
                    return Ok(());
                }
                b'\\' if is_block && self.rest().starts_with(br#"\""""#) => self.at += 4,
                b'\\' if !is_block => self.at += 2,
                b'\n' | b'\r' if !is_block => break,
                _ => self.at += 1,
            }
        }
        let text = String::from_utf8_lossy(self.text);
        let error = ServerError::new("the text that starts here does not end", Some(position(&text, start)));
        Err(with_code(error, ErrorCode::GraphqlParseFailed))
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// The line and the column, in characters, of a byte, as the parser counts them.
fn position(text: &str, byte: usize) -> Pos {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    Pos { line, column: before[line_start..].chars().count() + 1 }
}
