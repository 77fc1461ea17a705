//! The reader's place in a document, and the grammar of RFC 8259.
//!
//! Most tokens never come here: see [`super::plain`].

use super::nesting::{Container, Nesting};
use super::text::{Text, plain_prefix, unescape};
use super::{JsonError, Literal, Number, Value};

/// A document and how far it is read. Whatever was read is ASCII or ends where a character ends.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    document: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(document: &'a str) -> Self {
        Self::at(document, 0)
    }

    /// From a byte on that was reached by another way.
    pub(super) const fn at(document: &'a str, at: usize) -> Self {
        Self { document, at }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.document.as_bytes().get(self.at).copied()
    }

    fn unread(&self) -> &'a [u8] {
        self.document.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes on by `count` bytes that were looked at, so never past the end.
    #[inline]
    fn skip(&mut self, count: usize) {
        self.at = self.at.wrapping_add(count);
    }

    /// What was read since `start`.
    #[inline]
    pub(super) fn since(&self, start: usize) -> Result<&'a str, JsonError> {
        self.document.get(start..self.at).ok_or(JsonError::Syntax)
    }

    #[inline]
    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.skip(1);
        }
    }

    /// Whitespace, then `byte` if it is next.
    #[inline]
    fn accept(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.skip(1);
        }
        is_next
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.accept(byte) {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// Whether another item follows in a container that ends with `close`. Before the first there is no comma.
    #[inline]
    pub(super) fn another(&mut self, close: u8, first: bool) -> Result<bool, JsonError> {
        if first {
            return Ok(!self.accept(close));
        }
        if self.accept(b',') {
            return Ok(true);
        }
        self.expect(close).map(|()| false)
    }

    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::Syntax),
        }
    }

    /// A member's name and its colon.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Text<'a>, JsonError> {
        self.expect(b'"')?;
        let name = self.text()?;
        self.expect(b':')?;
        Ok(name)
    }

    #[inline]
    pub(super) fn value(&mut self) -> Result<Value<'a>, JsonError> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'"') => {
                self.skip(1);
                self.text().map(Value::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'[') => {
                let start = self.at;
                self.container()?;
                self.since(start).map(Value::Array)
            }
            Some(b'{') => {
                let start = self.at;
                self.container()?;
                self.since(start).map(Value::Object)
            }
            _ => self.literal().map(Value::Literal),
        }
    }

    fn literal(&mut self) -> Result<Literal, JsonError> {
        let unread = self.unread();
        for (word, literal) in [
            ("true", Literal::True),
            ("false", Literal::False),
            ("null", Literal::Null),
        ] {
            if unread.starts_with(word.as_bytes()) {
                self.skip(word.len());
                return Ok(literal);
            }
        }
        Err(JsonError::Syntax)
    }

    /// A string whose opening quote is behind us.
    #[inline]
    fn text(&mut self) -> Result<Text<'a>, JsonError> {
        let start = self.at;
        let escaped = self.skip_text()?;
        let raw = self.since(start)?;
        self.skip(1);
        Ok(Text::new(raw, escaped))
    }

    /// Goes on to the closing quote, and tells whether there are escapes before it.
    #[inline]
    fn skip_text(&mut self) -> Result<bool, JsonError> {
        self.skip(plain_prefix(self.unread()));
        let escaped = self.peek() != Some(b'"');
        if escaped {
            self.skip_escaped()?;
        }
        Ok(escaped)
    }

    /// A string and what stands around it.
    #[inline]
    fn skip_whole_text(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        self.skip_text()?;
        self.skip(1);
        Ok(())
    }

    /// Goes on, from what is not plain, to the closing quote.
    #[cold]
    fn skip_escaped(&mut self) -> Result<(), JsonError> {
        loop {
            match self.unread() {
                [b'"', ..] => return Ok(()),
                escape @ [b'\\', ..] => {
                    let (_, length) = unescape(escape).ok_or(JsonError::Syntax)?;
                    self.skip(length);
                    self.skip(plain_prefix(self.unread()));
                }
                _ => return Err(JsonError::Syntax),
            }
        }
    }

    /// A number (RFC 8259 section 6). Times are digits and nothing else, so their value is had in passing.
    #[inline]
    fn number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.unusual_number(),
        };
        if let Some(b'.' | b'e' | b'E') = self.peek() {
            self.at = start;
            return self.unusual_number();
        }
        let literal = self.since(start)?;
        Ok(Number::of_digits(literal, value))
    }

    #[inline(never)]
    fn unusual_number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.skip(1);
        }
        match self.peek() {
            Some(b'0') => self.skip(1),
            _ => self.digits().map(|_| ())?,
        }
        if self.peek() == Some(b'.') {
            self.skip(1);
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.skip(1);
            if let Some(b'+' | b'-') = self.peek() {
                self.skip(1);
            }
            self.digits()?;
        }
        self.since(start).map(Number::of_other)
    }

    /// One digit or more, and their value modulo 2^64.
    #[inline]
    fn digits(&mut self) -> Result<u64, JsonError> {
        let start = self.at;
        let mut value = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let digit = u64::from(digit.wrapping_sub(b'0'));
            value = value.wrapping_mul(10).wrapping_add(digit);
            self.skip(1);
        }
        if self.at == start {
            Err(JsonError::Syntax)
        } else {
            Ok(value)
        }
    }

    /// An array or object and all it holds, without recursion.
    #[inline(never)]
    fn container(&mut self) -> Result<(), JsonError> {
        let mut nesting = Nesting::default();
        loop {
            self.skip_whitespace();
            match self.peek() {
                Some(b'{') => {
                    self.skip(1);
                    nesting.enter(Container::Object)?;
                }
                Some(b'[') => {
                    self.skip(1);
                    nesting.enter(Container::Array)?;
                }
                Some(b'"') => {
                    self.skip_whole_text()?;
                    nesting.empty = false;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                    nesting.empty = false;
                }
                _ => {
                    self.literal()?;
                    nesting.empty = false;
                }
            }
            if self.leave_finished(&mut nesting)? {
                return Ok(());
            }
        }
    }

    /// Leaves each container that ends here, and reads up to the next value of the innermost that does not.
    /// True when the outermost has ended.
    fn leave_finished(&mut self, nesting: &mut Nesting) -> Result<bool, JsonError> {
        while let Some(container) = nesting.innermost() {
            let first = std::mem::replace(&mut nesting.empty, false);
            let close = match container {
                Container::Array => b']',
                Container::Object => b'}',
            };
            if self.another(close, first)? {
                if container == Container::Object {
                    self.skip_whole_text()?;
                    self.expect(b':')?;
                }
                return Ok(false);
            }
            nesting.leave();
        }
        Ok(true)
    }
}
