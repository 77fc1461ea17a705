//! A strict JSON reader (RFC 8259) that borrows from its input.
//!
//! It reads one document that must be an object and hands out the object's members in order. What a member
//! holds is validated whole before it is handed out, however deep, without recursion and without allocation.
//! It refuses what the grammar refuses, and on top of that a lone surrogate escape anywhere (RFC 8259
//! section 8.2 calls its meaning unpredictable) and nesting beyond [`MAX_NESTING`](crate::limits::MAX_NESTING). It does not look for
//! duplicate members: see [`super::names`].

mod nesting;
pub(crate) mod plain;
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

/// A number as it is spelled, and its value if it is spelled as most are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    literal: &'a str,
    whole: Option<i64>,
}

impl<'a> Number<'a> {
    /// `literal` is digits only, and `value` what they count modulo 2^64.
    #[inline]
    fn of_digits(literal: &'a str, value: u64) -> Self {
        // Any 18 digits fit into 63 bits.
        let whole = if literal.len() <= 18 {
            i64::try_from(value).ok()
        } else {
            None
        };
        Self { literal, whole }
    }

    /// `literal` is at most 18 digits, and `value` what they count.
    const fn of_plain(literal: &'a str, value: i64) -> Self {
        Self {
            literal,
            whole: Some(value),
        }
    }

    /// `literal` has a sign, a fraction or an exponent, or begins with a zero.
    const fn of_other(literal: &'a str) -> Self {
        Self {
            literal,
            whole: None,
        }
    }

    /// The number as it is spelled.
    pub(crate) const fn literal(&self) -> &'a str {
        self.literal
    }

    /// The value, if the number is spelled with at most 18 digits and nothing else.
    pub(crate) const fn whole(&self) -> Option<i64> {
        self.whole
    }
}

/// The value of a member or an element, validated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number.
    Number(Number<'a>),
    /// An array, as it is spelled.
    Array(&'a str),
    /// An object, as it is spelled.
    Object(&'a str),
    /// `true`, `false` or `null`.
    Literal(Literal),
}

/// One of the three words of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

impl<'a> Value<'a> {
    /// The value that is all of `document`, white space around it aside.
    pub(crate) fn of(document: &'a str) -> Result<Self, JsonError> {
        let mut reader = Reader::new(document);
        let value = reader.value()?;
        reader.end().map(|()| value)
    }
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
    #[inline]
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
