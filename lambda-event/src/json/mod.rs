//! A reader of JSON (RFC 8259) that hands out texts and names, and passes over everything else.
//!
//! Every handler carries the code that reads its event. This is a third of the code that `serde_json` adds: it knows no
//! values of numbers, and no types to which a document is read. `docs/design/small-handlers.md` has the figures.

mod error;
mod text;

use std::borrow::Cow;
use std::mem;

pub use error::JsonError;

/// A document, and the place up to which it was read.
#[derive(Debug)]
pub(crate) struct Json<'event> {
    document: &'event [u8],
    /// The index of the next byte.
    at: usize,
    /// Whether a list or an object was opened, and nothing of it was read.
    is_fresh: bool,
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    /// The kind, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

impl<'event> Json<'event> {
    pub(crate) fn new(document: &'event [u8]) -> Self {
        Self {
            document,
            at: 0,
            is_fresh: false,
        }
    }

    /// Returns the kind of the next value without reading it.
    pub(crate) fn kind(&mut self) -> Result<Kind, JsonError> {
        Ok(match self.peek()? {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Boolean,
            b'-' | b'0'..=b'9' => Kind::Number,
            b'"' => Kind::Text,
            b'[' => Kind::List,
            b'{' => Kind::Object,
            _ => return Err(self.error("expected value")),
        })
    }

    /// Reads a boolean.
    pub(crate) fn boolean(&mut self) -> Result<bool, JsonError> {
        let value = self.byte()? == b't';
        self.word(if value { b"true" } else { b"false" })?;
        Ok(value)
    }

    /// Opens a list or an object. Its end is found by [`has_element`](Self::has_element) or [`name`](Self::name).
    pub(crate) fn open(&mut self) {
        self.at += 1;
        self.is_fresh = true;
    }

    /// Returns whether the open list has another element, which is read next.
    pub(crate) fn has_element(&mut self) -> Result<bool, JsonError> {
        self.has_more(b']')
    }

    /// Returns the name of the next member of the open object, whose value is read next.
    pub(crate) fn name(&mut self) -> Result<Option<Cow<'event, str>>, JsonError> {
        if !self.has_more(b'}')? {
            return Ok(None);
        }
        self.peek()?;
        let name = self.text()?;
        self.colon()?;
        Ok(Some(name))
    }

    /// Passes over a value, however deep it is.
    pub(crate) fn skip(&mut self) -> Result<(), JsonError> {
        let mut end = NO_END;
        // The ends of what is around it. Most values have none.
        let mut outer = Vec::new();
        loop {
            if let Some(opened) = self.skip_scalar_or_open()? {
                if end != NO_END {
                    outer.push(end);
                }
                end = opened;
            }
            while end != NO_END && !self.has_more(end)? {
                end = outer.pop().unwrap_or(NO_END);
            }
            match end {
                NO_END => return Ok(()),
                b'}' => self.skip_name()?,
                _ => {}
            }
        }
    }

    /// Checks that nothing follows.
    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        self.pass_whitespace();
        if self.at < self.document.len() {
            return Err(self.error("trailing characters"));
        }
        Ok(())
    }

    /// Passes over a value, or opens it and returns the byte that ends it.
    fn skip_scalar_or_open(&mut self) -> Result<Option<u8>, JsonError> {
        let end = match self.kind()? {
            Kind::Null => return self.word(b"null").map(|()| None),
            Kind::Boolean => return self.boolean().map(|_| None),
            Kind::Number => return self.skip_number().map(|()| None),
            Kind::Text => return self.skip_text().map(|()| None),
            Kind::List => b']',
            Kind::Object => b'}',
        };
        self.open();
        Ok(Some(end))
    }

    fn skip_name(&mut self) -> Result<(), JsonError> {
        self.peek()?;
        self.skip_text()?;
        self.colon()
    }

    fn skip_number(&mut self) -> Result<(), JsonError> {
        self.take(b'-');
        // A zero in front stands alone.
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _is_signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit());
        match digits.count() {
            0 => Err(self.error("invalid number")),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    /// Returns whether a list or an object goes on. Takes the comma, or the byte that ends it.
    fn has_more(&mut self, end: u8) -> Result<bool, JsonError> {
        let is_first = mem::take(&mut self.is_fresh);
        if self.peek()? == end {
            self.at += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    fn colon(&mut self) -> Result<(), JsonError> {
        self.peek()?;
        self.expect(b':')
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.error("expected value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) {
            return Ok(());
        }
        Err(self.error(match byte {
            b',' => "expected `,` or the end of a list or an object",
            b':' => "expected `:`",
            _ => "expected `\"`",
        }))
    }

    /// Takes the next byte if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.document.get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Passes over whitespace, and returns the next byte without taking it.
    fn peek(&mut self) -> Result<u8, JsonError> {
        self.pass_whitespace();
        self.byte()
    }

    /// Returns the next byte without taking it.
    fn byte(&self) -> Result<u8, JsonError> {
        let byte = self.document.get(self.at).copied();
        byte.ok_or_else(|| self.error("unexpected end"))
    }

    fn pass_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.document.get(self.at) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'event [u8] {
        self.document.get(self.at..).unwrap_or_default()
    }

    fn error(&self, reason: &'static str) -> JsonError {
        JsonError::at(self.document, self.at, reason)
    }
}

/// In the place of the byte that ends a list or an object.
const NO_END: u8 = 0;

#[cfg(test)]
mod tests;
