//! A strict JSON reader (RFC 8259) that borrows from its input.
//!
//! It reads one document that must be an object and hands out the object's members in order. What a member
//! holds is validated whole before it is handed out, however deep, without recursion and without allocation.
//! It refuses what the grammar refuses, and on top of that a lone surrogate escape anywhere (RFC 8259
//! section 8.2 calls its meaning unpredictable) and nesting beyond [`MAX_NESTING`](crate::limits::MAX_NESTING). It does not look for
//! duplicate members: see [`super::names`].

mod nesting;
mod reader;
mod text;

use reader::Reader;
pub(crate) use text::{Spare, Text};

/// Why a document was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Outside the grammar.
    Syntax,
    /// Nested deeper than the limit.
    TooDeep,
}

/// The value of a member or an element, validated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number, as it is spelled.
    Number(&'a str),
    /// An array, as it is spelled.
    Array(&'a str),
    /// An object or a literal.
    Other,
}

/// The members of a document that is one object.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    first: bool,
}

impl<'a> Members<'a> {
    /// Starts to read `document`.
    pub(crate) fn of(document: &'a str) -> Result<Self, JsonError> {
        let mut reader = Reader::new(document);
        reader.expect(b'{')?;
        Ok(Self {
            reader,
            first: true,
        })
    }

    /// The next member, or `None` after the last, when the document is known to be well-formed to its end.
    pub(crate) fn next(&mut self) -> Result<Option<(Text<'a>, Value<'a>)>, JsonError> {
        let first = std::mem::replace(&mut self.first, false);
        if !self.reader.another(b'}', first)? {
            return self.reader.end().map(|()| None);
        }
        let name = self.reader.name()?;
        let value = self.reader.value()?;
        Ok(Some((name, value)))
    }
}

/// The elements of an array that was validated before.
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a> {
    reader: Reader<'a>,
    first: bool,
}

impl<'a> Elements<'a> {
    /// Reads the array that `array` spells. Of anything else there are no elements.
    pub(crate) fn of(array: &'a str) -> Self {
        let mut reader = Reader::new(array);
        if reader.expect(b'[').is_err() {
            reader = Reader::new("]");
        }
        Self {
            reader,
            first: true,
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let first = std::mem::replace(&mut self.first, false);
        if !self.reader.another(b']', first).ok()? {
            return None;
        }
        self.reader.value().ok()
    }
}

#[cfg(test)]
mod tests;
