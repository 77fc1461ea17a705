//! The reader's place in a document, and the grammar of RFC 8259.

use super::nesting::{Container, Nesting};
use super::text::{Text, plain_prefix, unescape};
use super::{JsonError, Value};

/// What is left to read.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Drops `count` bytes, all of them ASCII.
    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Takes `count` bytes that end before an ASCII byte or the end.
    fn take(&mut self, count: usize) -> Result<&'a str, JsonError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(JsonError::Syntax)?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.skip(1);
        }
    }

    /// Whitespace, then `byte` if it is next.
    fn accept(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.skip(1);
        }
        is_next
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.accept(byte) {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// Whether another item follows in a container that ends with `close`.
    pub(super) fn another(&mut self, close: u8, first: bool) -> Result<bool, JsonError> {
        if self.accept(close) {
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// A member's name and its colon.
    pub(super) fn name(&mut self) -> Result<Text<'a>, JsonError> {
        self.expect(b'"')?;
        let name = self.text()?;
        self.expect(b':')?;
        Ok(name)
    }

    pub(super) fn value(&mut self) -> Result<Value<'a>, JsonError> {
        self.skip_whitespace();
        match self.peek() {
            Some(b'[') => {
                let before = self.rest;
                self.container()?;
                let length = before.len().saturating_sub(self.rest.len());
                Ok(Value::Array(before.get(..length).unwrap_or_default()))
            }
            Some(b'{') => self.container().map(|()| Value::Other),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value<'a>, JsonError> {
        match self.peek() {
            Some(b'"') => {
                self.skip(1);
                self.text().map(Value::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            _ => self.literal().map(|()| Value::Other),
        }
    }

    fn literal(&mut self) -> Result<(), JsonError> {
        for literal in ["true", "false", "null"] {
            if let Some(rest) = self.rest.strip_prefix(literal) {
                self.rest = rest;
                return Ok(());
            }
        }
        Err(JsonError::Syntax)
    }

    /// A string whose opening quote is behind us.
    fn text(&mut self) -> Result<Text<'a>, JsonError> {
        let mut escaped = false;
        let mut unread = self.rest.as_bytes();
        loop {
            unread = unread.get(plain_prefix(unread)..).unwrap_or_default();
            match unread {
                [b'"', ..] => break,
                [b'\\', ..] => {
                    let (_, length) = unescape(unread).ok_or(JsonError::Syntax)?;
                    unread = unread.get(length..).unwrap_or_default();
                    escaped = true;
                }
                _ => return Err(JsonError::Syntax),
            }
        }
        let raw = self.take(self.rest.len().saturating_sub(unread.len()))?;
        self.skip(1);
        Ok(Text::new(raw, escaped))
    }

    /// A number (RFC 8259 section 6).
    fn number(&mut self) -> Result<&'a str, JsonError> {
        let rest = self.rest.as_bytes();
        let unsigned = rest.strip_prefix(b"-").unwrap_or(rest);
        let mut unread = match unsigned {
            [b'0', unread @ ..] => unread,
            _ => skip_digits(unsigned)?,
        };
        if let [b'.', fraction @ ..] = unread {
            unread = skip_digits(fraction)?;
        }
        if let [b'e' | b'E', exponent @ ..] = unread {
            unread = match exponent {
                [b'+' | b'-', digits @ ..] => skip_digits(digits)?,
                digits => skip_digits(digits)?,
            };
        }
        self.take(rest.len().saturating_sub(unread.len()))
    }

    /// An array or object and all it holds, without recursion.
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
                _ => {
                    self.scalar()?;
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
                    self.name()?;
                }
                return Ok(false);
            }
            nesting.leave();
        }
        Ok(true)
    }
}

/// One digit or more, skipped.
fn skip_digits(bytes: &[u8]) -> Result<&[u8], JsonError> {
    let [b'0'..=b'9', rest @ ..] = bytes else {
        return Err(JsonError::Syntax);
    };
    let mut rest = rest;
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    Ok(rest)
}
