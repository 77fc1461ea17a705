//! A strict JSON reader (RFC 8259) that borrows from its input.
//!
//! It reads one document that must be an object and hands out the object's members in order. What a member
//! holds is validated whole before it is handed out, however deep, without recursion and without allocation.
//! It refuses what the grammar refuses, and on top of that a lone surrogate escape anywhere (RFC 8259
//! section 8.2 calls its meaning unpredictable) and nesting beyond [`MAX_NESTING`]. It does not look for
//! duplicate members: see [`super::names`].

use std::borrow::Cow;

use crate::limits::MAX_NESTING;

/// Why a document was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Outside the grammar.
    Syntax,
    /// Nested deeper than the limit.
    TooDeep,
}

/// A string as it stands between its quotes, escapes included and known to be well-formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// No characters at all.
    pub(crate) const EMPTY: Self = Self {
        raw: "",
        escaped: false,
    };

    /// The string, borrowed unless an escape has to be undone.
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.characters().collect())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// The string, with escapes undone in `spare` where there are any.
    pub(crate) fn decode_into(self, spare: &mut Spare<'a>) -> Option<&'a str> {
        if self.escaped {
            spare.write(self.characters())
        } else {
            Some(self.raw)
        }
    }

    /// Whether the string, escapes undone, is `expected`, code point for code point.
    pub(crate) fn is(self, expected: &str) -> bool {
        if self.escaped {
            self.characters().eq(expected.chars())
        } else {
            self.raw == expected
        }
    }

    fn characters(self) -> Characters<'a> {
        Characters { rest: self.raw }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.escaped || other.escaped {
            self.characters().eq(other.characters())
        } else {
            self.raw == other.raw
        }
    }
}

/// The characters of a well-formed string body, escapes undone.
struct Characters<'a> {
    rest: &'a str,
}

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some((character, length)) = unescape(self.rest.as_bytes()) {
            self.rest = self.rest.get(length..)?;
            return Some(character);
        }
        let mut characters = self.rest.chars();
        let character = characters.next();
        self.rest = characters.as_str();
        character
    }
}

/// The escape that `bytes` starts with: its character and its length. `None` if there is none, or a bad one.
fn unescape(bytes: &[u8]) -> Option<(char, usize)> {
    let [b'\\', kind, rest @ ..] = bytes else {
        return None;
    };
    let character = match kind {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(rest),
        _ => return None,
    };
    Some((character, 2))
}

/// What follows `\u`: four hexadecimal digits, or a surrogate pair.
fn unescape_unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let (first, rest) = hexadecimal(bytes)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let [b'\\', b'u', rest @ ..] = rest else {
        return None;
    };
    let (second, _) = hexadecimal(rest)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 12))
}

fn hexadecimal(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut value = 0_u32;
    for &digit in digits {
        value = (value << 4) | char::from(digit).to_digit(16)?;
    }
    Some((value, rest))
}

/// Room for strings whose escapes were undone. An unescaped string is never longer than its escaped form.
#[derive(Debug)]
pub(crate) struct Spare<'a> {
    room: &'a mut [u8],
}

impl<'a> Spare<'a> {
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        Self { room }
    }

    fn write(&mut self, characters: Characters<'_>) -> Option<&'a str> {
        let room = std::mem::take(&mut self.room);
        let mut free = &mut room[..];
        let mut length = 0_usize;
        for character in characters {
            let width = character.len_utf8();
            let (place, rest) = free.split_at_mut_checked(width)?;
            character.encode_utf8(place);
            free = rest;
            length = length.saturating_add(width);
        }
        let (written, rest) = room.split_at_mut_checked(length)?;
        self.room = rest;
        std::str::from_utf8(written).ok()
    }
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
        let mut reader = Reader { rest: document };
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
        let mut reader = Reader { rest: array };
        if reader.expect(b'[').is_err() {
            reader.rest = "]";
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

/// What is left to read.
#[derive(Debug, Clone)]
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Drops `count` bytes, all of them ASCII.
    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Takes `count` bytes that end before an ASCII byte or the end.
    fn take(&mut self, count: usize) -> Result<&'a str, JsonError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(JsonError::Syntax)?;
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

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.accept(byte) {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// Whether another item follows in a container that ends with `close`.
    fn another(&mut self, close: u8, first: bool) -> Result<bool, JsonError> {
        if self.accept(close) {
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.skip_whitespace();
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<Text<'a>, JsonError> {
        self.expect(b'"')?;
        let name = self.text()?;
        self.expect(b':')?;
        Ok(name)
    }

    fn value(&mut self) -> Result<Value<'a>, JsonError> {
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
        Ok(Text { raw, escaped })
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

/// The containers that are open inside the document's own object, innermost in the lowest bit of `objects`.
#[derive(Debug, Default)]
struct Nesting {
    objects: u64,
    depth: usize,
    /// Nothing was read of the innermost container yet.
    empty: bool,
}

const _: () = assert!(MAX_NESTING <= 64, "the open containers are bits of a u64");

impl Nesting {
    fn enter(&mut self, container: Container) -> Result<(), JsonError> {
        self.depth = self.depth.saturating_add(1);
        // The document's own object is the first level.
        if self.depth >= MAX_NESTING {
            return Err(JsonError::TooDeep);
        }
        self.objects = (self.objects << 1) | u64::from(container == Container::Object);
        self.empty = true;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
    }

    fn innermost(&self) -> Option<Container> {
        if self.depth == 0 {
            None
        } else if self.objects & 1 == 1 {
            Some(Container::Object)
        } else {
            Some(Container::Array)
        }
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

/// How many bytes at the front of `bytes` are neither a quote, a backslash nor a control character.
fn plain_prefix(bytes: &[u8]) -> usize {
    let mut length = 0_usize;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            let before = usize::try_from(special.trailing_zeros() >> 3).unwrap_or(0);
            return length.saturating_add(before);
        }
        length = length.saturating_add(8);
        rest = after;
    }
    let tail = rest
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
        .count();
    length.saturating_add(tail)
}

/// Marks, with their highest bit, the bytes of `word` that end plain text. Only the lowest mark is exact: a
/// borrow may mark bytes above it.
const fn special_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = 0x2222_2222_2222_2222;
    const BACKSLASHES: u64 = 0x5c5c_5c5c_5c5c_5c5c;
    const SPACES: u64 = 0x2020_2020_2020_2020;
    let quotes = word ^ QUOTES;
    let backslashes = word ^ BACKSLASHES;
    let quotes = quotes.wrapping_sub(LOW) & !quotes;
    let backslashes = backslashes.wrapping_sub(LOW) & !backslashes;
    let controls = word.wrapping_sub(SPACES) & !word;
    (quotes | backslashes | controls) & HIGH
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
