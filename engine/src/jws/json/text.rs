//! Strings of a JSON document: borrowed as they are spelled, escapes undone where somebody looks.

use std::borrow::Cow;

/// A string as it stands between its quotes, escapes included and known to be well-formed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Text<'a> {
    /// `raw` is well-formed; `escaped` says whether it has escapes.
    pub(super) const fn new(raw: &'a str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// `raw` has neither escapes nor what a string must not have.
    pub(crate) const fn plain(raw: &'a str) -> Self {
        Self::new(raw, false)
    }

    /// No characters at all.
    pub(crate) const EMPTY: Self = Self {
        raw: "",
        escaped: false,
    };

    /// The string, borrowed unless an escape has to be undone.
    #[inline]
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.characters().collect())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// The string, with escapes undone in `spare` where there are any.
    #[inline]
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
pub(super) fn unescape(bytes: &[u8]) -> Option<(char, usize)> {
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

/// How many bytes at the front of `bytes` are neither a quote, a backslash nor a control character.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut length = 0_usize;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return length.wrapping_add(bytes_before(special));
        }
        length = length.wrapping_add(8);
        rest = after;
    }
    let tail = rest
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
        .count();
    length.wrapping_add(tail)
}

/// How many bytes come before the lowest one of `marks` that is marked.
#[inline]
pub(super) fn bytes_before(marks: u64) -> usize {
    usize::try_from(marks.trailing_zeros() >> 3).unwrap_or(0)
}

/// Marks, with their highest bit, the bytes of `word` that end plain text. Only the lowest mark is exact: a
/// borrow may mark bytes above it.
#[inline]
pub(super) const fn special_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // With this bit turned over a quote is 0x20, and so below 0x21 together with the control characters.
    let quotes_low = word ^ (LOW * 0x02);
    let backslashes_zero = word ^ (LOW * 0x5c);
    let below = quotes_low.wrapping_sub(LOW * 0x21) | backslashes_zero.wrapping_sub(LOW);
    below & !word & HIGH
}
