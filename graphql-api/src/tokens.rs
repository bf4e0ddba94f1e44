//! Documents as lexical tokens (GraphQL, October 2021, section 2.1), for what is looked at before or beside the parser.

use async_graphql::{Pos, ServerError};

use crate::error::{ErrorCode, with_code};

/// The tokens of a text, each byte of which is looked at once.
pub(crate) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }

    /// Where the last token ended.
    pub(crate) fn end(&self) -> usize {
        self.at
    }

    /// Where the next token starts, and its first byte. An error where text does not end.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, u8)>, ServerError> {
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

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// The line and the column, in characters, of a byte, as the parser counts them.
pub(crate) fn position(text: &str, byte: usize) -> Pos {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    Pos { line, column: before[line_start..].chars().count() + 1 }
}
