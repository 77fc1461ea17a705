//! The plain way to write an object, which is how machines write headers and claims: no whitespace between the members, names
//! and strings without escapes, numbers of at most 18 digits without sign, fraction and exponent, arrays of such strings. Names
//! of three letters, which all are that an ASAP token must have, are compared as numbers. A value of any other kind is read in
//! its place by the strict reader.
//!
//! A shortcut and not a second opinion: it either reads the members that the strict reader would read, or says
//! that the object is not plain, and then the strict reader decides everything.

use super::text::{bytes_before, special_bytes};
use super::{Number, Text, Value, reader::Reader};

/// The three letters of a name, as [`name`] packs them, or [`OTHER`].
pub(crate) type PlainName = u64;

/// A name that has not three letters.
const OTHER: PlainName = PlainName::MAX;

/// The bytes of a [`PlainName`] that hold letters.
const LETTERS: PlainName = 0x00ff_ffff;

/// Packs the three letters of a name.
pub(crate) const fn name(letters: &[u8; 3]) -> PlainName {
    let [a, b, c] = *letters;
    u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0])
}

/// The value of a plain member.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlainValue<'a> {
    /// A string, which is what it spells.
    Text(&'a str),
    /// A number.
    Whole(i64),
    /// An array of at least one such string, as it is spelled.
    Texts(&'a str),
    /// What is none of these, as it is spelled.
    Other(&'a str),
}

impl<'a> PlainValue<'a> {
    /// The string, if it is one.
    #[inline(always)]
    pub(crate) const fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Whole(_) | Self::Texts(_) | Self::Other(_) => None,
        }
    }

    /// The number, if it is one.
    #[inline(always)]
    pub(crate) const fn whole(self) -> Option<i64> {
        match self {
            Self::Text(_) | Self::Texts(_) | Self::Other(_) => None,
            Self::Whole(value) => Some(value),
        }
    }
}

/// A member of a plain object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainMember<'a> {
    /// The name, if it has three letters: see [`PlainMembers::name`].
    pub(crate) name: PlainName,
    pub(crate) value: PlainValue<'a>,
    /// Where the name stands.
    name_start: usize,
    name_end: usize,
}

/// The members of an object that may be plain.
#[derive(Debug)]
pub(crate) struct PlainMembers<'a> {
    document: &'a str,
    /// Where the next member's separator stands: the brace before the first, the comma before the others.
    at: usize,
    separator: u8,
}

impl<'a> PlainMembers<'a> {
    pub(crate) const fn of(document: &'a str) -> Self {
        Self {
            document,
            at: 0,
            separator: b'{',
        }
    }

    /// The next member, or `Some(None)` after the last. `None` if the object is not plain.
    // Inlined, all of this stays in registers: so nothing here may borrow `self` for a call, but the cold one.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Option<PlainMember<'a>>> {
        let bytes = self.document.as_bytes();
        let unread = bytes.get(self.at..)?;
        let separator = std::mem::replace(&mut self.separator, b',');
        let Some(head) = unread.first_chunk::<8>() else {
            // An empty object is left to the strict reader.
            return (unread == b"}" && separator == b',').then_some(None);
        };
        let head = u64::from_le_bytes(*head);
        let name_start = self.at.wrapping_add(2);
        let (name, name_end, first) = if head & FRAME == frame(separator) {
            let name_end = name_start.wrapping_add(3);
            ((head >> 16) & LETTERS, name_end, head >> 56)
        } else {
            let (name_end, first) = end_of_other_name(bytes, self.at, separator)?;
            (OTHER, name_end, u64::from(first))
        };
        let start = name_end.wrapping_add(2);
        let value = if first == u64::from(b'"') {
            let text = start.wrapping_add(1);
            match closing_quote(bytes, text) {
                Some(end) => {
                    self.at = end.wrapping_add(1);
                    let (_, rest) = self.document.split_at_checked(text)?;
                    let (text, _) = rest.split_at_checked(end.wrapping_sub(text))?;
                    PlainValue::Text(text)
                }
                None => self.other(start)?,
            }
        } else if first == u64::from(b'[') {
            match texts(self.document, start) {
                Some(array) => {
                    self.at = start.wrapping_add(array.len());
                    PlainValue::Texts(array)
                }
                None => self.other(start)?,
            }
        } else {
            match digits(bytes.get(start..)?) {
                Some((value, length)) => {
                    self.at = start.wrapping_add(length);
                    PlainValue::Whole(value)
                }
                None => self.other(start)?,
            }
        };
        Some(Some(PlainMember {
            name,
            value,
            name_start,
            name_end,
        }))
    }

    /// The value that begins at `start`, whatever it is, by the strict reader.
    #[cold]
    fn other(&mut self, start: usize) -> Option<PlainValue<'a>> {
        let mut reader = Reader::at(self.document, start);
        reader.value().ok()?;
        let spelled = reader.since(start).ok()?;
        self.at = start.wrapping_add(spelled.len());
        // What is white space before a value is none of it.
        let is_whitespace = spelled.starts_with([' ', '\n', '\r', '\t']);
        (!is_whitespace).then_some(PlainValue::Other(spelled))
    }

    /// The name of `member`, one of these, if it is plain too.
    pub(crate) fn name(&self, member: PlainMember<'_>) -> Option<&'a str> {
        // Another name was looked at when its end was searched for.
        if special_bytes(member.name | !LETTERS) != 0 {
            return None;
        }
        part(self.document, member.name_start, member.name_end)
    }

    /// The value of `member`, the one that was read last, as the strict reader reads it.
    #[inline]
    pub(crate) fn value(&self, member: PlainMember<'a>) -> Option<Value<'a>> {
        Some(match member.value {
            PlainValue::Text(text) => Value::Text(Text::plain(text)),
            PlainValue::Whole(value) => {
                let start = member.name_end.wrapping_add(2);
                let literal = part(self.document, start, self.at)?;
                Value::Number(Number::of_plain(literal, value))
            }
            PlainValue::Texts(array) => Value::Array(array),
            PlainValue::Other(spelled) => match spelled.as_bytes() {
                [b'{', ..] => Value::Object(spelled),
                [b'[', ..] => Value::Array(spelled),
                _ => Value::of(spelled).ok()?,
            },
        })
    }
}

/// The bytes around the three letters of a name, if they are three: a separator and a quote before them, a quote and a
/// colon behind.
const FRAME: u64 = u64::from_le_bytes([0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0]);

/// What those bytes are if the separator is `separator`.
#[inline(always)]
const fn frame(separator: u8) -> u64 {
    u64::from_le_bytes([separator, b'"', 0, 0, 0, b'"', b':', 0])
}

/// Where the name of any length ends of the member at `at`, and the first byte of its value.
#[inline(never)]
fn end_of_other_name(bytes: &[u8], at: usize, separator: u8) -> Option<(usize, u8)> {
    if bytes.get(at) != Some(&separator) || bytes.get(at.wrapping_add(1)) != Some(&b'"') {
        return None;
    }
    let end = closing_quote(bytes, at.wrapping_add(2))?;
    match bytes.get(end..)? {
        [b'"', b':', first, ..] => Some((end, *first)),
        _ => None,
    }
}

/// A part that is seldom wanted.
#[inline(never)]
fn part(document: &str, start: usize, end: usize) -> Option<&str> {
    document.get(start..end)
}

/// The array that begins at `start`, if it holds plain strings and nothing else.
#[inline(never)]
fn texts(document: &str, start: usize) -> Option<&str> {
    let bytes = document.as_bytes();
    let mut separator = start;
    loop {
        if bytes.get(separator.wrapping_add(1)) != Some(&b'"') {
            return None;
        }
        separator = closing_quote(bytes, separator.wrapping_add(2))?.wrapping_add(1);
        match bytes.get(separator)? {
            b',' => {}
            b']' => return part(document, start, separator.wrapping_add(1)),
            _ => return None,
        }
    }
}

/// Where the quote stands that ends the text from `start` on, if that has no escapes.
#[inline(always)]
fn closing_quote(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(chunk) = bytes.get(at..)?.first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            let end = at.wrapping_add(bytes_before(special));
            return (bytes.get(end) == Some(&b'"')).then_some(end);
        }
        at = at.wrapping_add(8);
    }
    closing_quote_near_end(bytes, at)
}

/// The same in the last seven bytes.
#[inline(never)]
fn closing_quote_near_end(bytes: &[u8], start: usize) -> Option<usize> {
    // The last eight, without those that were looked at. The zeros that come in for them are control characters.
    let last = u64::from_le_bytes(*bytes.last_chunk::<8>()?);
    let others = start.wrapping_add(8).checked_sub(bytes.len())?;
    let unread = last.checked_shr(u32::try_from(others).ok()?.wrapping_mul(8))?;
    let end = start.wrapping_add(bytes_before(special_bytes(unread)));
    (bytes.get(end) == Some(&b'"')).then_some(end)
}

/// The value of the digits at the front of `bytes`, and how many they are: at most 18, which fit into 63 bits, and no
/// zero before others.
#[inline(always)]
fn digits(bytes: &[u8]) -> Option<(i64, usize)> {
    if !matches!(bytes, [b'1'..=b'9', ..]) {
        return None;
    }
    let (mut value, mut length) = match bytes.first_chunk::<8>().and_then(eight_digits) {
        Some(value) => (value, 8_usize),
        None => (0, 0),
    };
    for &byte in bytes.get(length..)? {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length = length.wrapping_add(1);
    }
    (length <= 18).then_some((value.cast_signed(), length))
}

/// The value of eight digits at once: of the ten that a time has, the loop is left with two.
#[inline(always)]
fn eight_digits(bytes: &[u8; 8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const SIXES: u64 = 0x0606_0606_0606_0606;
    let word = u64::from_le_bytes(*bytes);
    // A digit has 3 in its high half, and still has it with 6 added.
    let high_halves = (word & HIGH) | ((word.wrapping_add(SIXES) & HIGH) >> 4);
    if high_halves != ZEROS | (ZEROS >> 4) {
        return None;
    }
    // Neighbours join to numbers of two digits, of four, of eight. The first digit is the lowest byte, and each factor
    // is the power of ten for the lower one and a shift to its place for the sum.
    let pairs = (word & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(10 << 8 | 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(100 << 16 | 1) >> 16;
    Some((fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use super::super::{Members, Value};
    use super::*;

    /// The members as text, by the shortcut.
    fn plain(document: &str) -> Option<Vec<String>> {
        let mut members = PlainMembers::of(document);
        let mut found = Vec::new();
        while let Some(member) = members.next()? {
            let text = members.name(member)?;
            let expected = match text.as_bytes().try_into() {
                Ok(three) => name(three),
                Err(_) => OTHER,
            };
            assert_eq!(member.name, expected, "{document}");
            found.push(match member.value {
                PlainValue::Text(value) => format!("{text} = {value:?}"),
                PlainValue::Whole(value) => format!("{text} = {value} {:?}", Some(value)),
                PlainValue::Texts(array) => format!("{text} = {array}"),
                PlainValue::Other(_) => shown(text, members.value(member)?),
            });
            assert_eq!(found.last(), Some(&shown(text, members.value(member)?)));
        }
        Some(found)
    }

    /// The members as text, by the strict reader.
    fn strict(document: &str) -> Option<Vec<String>> {
        let mut members = Members::of(document).ok()?;
        let mut found = Vec::new();
        while let Some((name, value)) = members.next().ok()? {
            found.push(shown(&name.decode(), value));
        }
        Some(found)
    }

    fn shown(name: &str, value: Value<'_>) -> String {
        match value {
            Value::Text(text) => format!("{name} = {:?}", text.decode()),
            Value::Number(number) => {
                format!("{name} = {} {:?}", number.literal(), number.whole())
            }
            Value::Array(array) => format!("{name} = {array}"),
            Value::Object(object) => format!("{name} = {object}"),
            Value::Literal(literal) => format!("{name} = {literal:?}"),
        }
    }

    const PLAIN: [&str; 11] = [
        r#"{"context":{"user":{"id":"a\"b","x":[1,{}]}},"sub":null,"iss":"a"}"#,
        r#"{"x":"a\u0062","y":[],"z":-1.5e3,"t":true,"u":[1,"a" , {}]}"#,
        r#"{"exp":1000000000000000000,"nbf":0,"iss":{}}"#,
        r#"{"aud":["svc","é","a longer name"],"x":[""]}"#,
        r#"{"scope":"read","a":1,"":"x","é":2,"abcdefghijklmnop":"q"}"#,
        r#"{"x":1,"iss":"a"}"#,
        r#"{"iss":"svc","exp":1700000060,"aud":"é"}"#,
        r#"{"alg":"RS256","kid":"a/b","typ":"JWT"}"#,
        r#"{"jti":""}"#,
        r#"{"exp":999999999999999999}"#,
        r#"{"exp":1,"exp":1}"#,
    ];

    #[test]
    fn what_is_plain_is_read_as_the_strict_reader_reads_it() {
        for document in PLAIN {
            assert!(plain(document).is_some(), "{document}");
            assert_eq!(plain(document), strict(document), "{document}");
        }
    }

    #[test]
    fn eight_digits_at_once_are_the_number_that_they_spell() {
        let mut number = 1_u64;
        for _ in 0..10_000 {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let digits = format!("{:08}", (number >> 20) % 100_000_000);
            let bytes: [u8; 8] = digits.as_bytes().try_into().unwrap();
            assert_eq!(eight_digits(&bytes), digits.parse().ok(), "{digits}");
        }
        for position in 0..8 {
            for byte in 0..=255_u8 {
                let mut bytes = *b"98765432";
                bytes[position] = byte;
                assert_eq!(eight_digits(&bytes).is_some(), byte.is_ascii_digit());
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_strict_reader() {
        for document in [
            "",
            "{",
            "{}",
            "{\"iss\":\"a\",\"x\":1}",
            " {\"iss\":1}",
            "{\"iss\":1} ",
            "{\"iss\" :1}",
            "{\"iss\":01}",
            "{\"iss\":1.0}",
            "{\"iss\":1e3}",
            "{\"iss\": {}}",
            "{\"iss\":{} }",
            "{\"iss\":{}}}",
            "{\"iss\":{\"a\"}}",
            "{\"iss\":\"\\ud800\"}",
            "{\"iss\":[\"a\",]}",
            "{\"iss\":[\"a\"",
            "{\"iss\":\"a",
            "{\"iss\":1,}",
            "{,\"iss\":1}",
            "{\"iss\":1\"sub\":2}",
            "{\"iss\":\"\t\"}",
            "{\"iss\":1}}",
            "[\"iss\":1}",
            "{\"iss\":1;\"sub\":2}",
            "{\"iss\":}",
        ] {
            assert_eq!(plain(document), None, "{document:?}");
        }
    }

    #[test]
    fn no_single_change_makes_the_two_readers_differ() {
        let bytes: Vec<u8> = (b' '..=b'~').chain([b'\n', b'\t', 0, 0x7f]).collect();
        for document in PLAIN {
            for position in 0..document.len() {
                for &byte in &bytes {
                    let mut changed = document.as_bytes().to_vec();
                    changed[position] = byte;
                    check(&changed);
                    changed.remove(position);
                    check(&changed);
                    changed.insert(position, byte);
                    changed.insert(position, byte);
                    check(&changed);
                }
                check(&document.as_bytes()[..position]);
            }
        }
    }

    /// If the shortcut answers, it answers as the strict reader does.
    fn check(document: &[u8]) {
        let Ok(document) = std::str::from_utf8(document) else {
            return;
        };
        if let Some(members) = plain(document) {
            assert_eq!(Some(members), strict(document), "{document}");
        }
    }
}
