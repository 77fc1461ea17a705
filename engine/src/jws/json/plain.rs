//! The plain way to write an object, which is how machines write headers and claims: no whitespace, strings without
//! escapes, numbers without sign, fraction and exponent, nothing nested. Names of three letters, which all are that a
//! token must have, are compared as numbers.
//!
//! A shortcut and not a second opinion: it either reads the members that the strict reader would read, or says
//! that the object is not plain, and then the strict reader decides everything.

use super::text::{Text, plain_prefix};
use super::{Number, Value};

/// The three letters of a name, as [`name`] packs them.
pub(crate) type PlainName = u32;

/// Packs the three letters of a name.
pub(crate) const fn name(letters: &[u8; 3]) -> PlainName {
    let [a, b, c] = *letters;
    u32::from_le_bytes([a, b, c, 0])
}

/// The members of an object that may be plain.
#[derive(Debug)]
pub(crate) struct PlainMembers<'a> {
    document: &'a str,
    /// Where the next member's separator stands: the brace before the first, the comma before the others.
    at: usize,
    separator: u8,
    /// Where the name stands of the member that was read last.
    name_start: usize,
    name_end: usize,
}

impl<'a> PlainMembers<'a> {
    pub(crate) const fn of(document: &'a str) -> Self {
        Self {
            document,
            at: 0,
            separator: b'{',
            name_start: 0,
            name_end: 0,
        }
    }

    /// The next member, or `Some(None)` after the last. `None` if the object is not plain. A name that has not three
    /// letters counts as zero; see [`name`](Self::name).
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Option<(PlainName, Value<'a>)>> {
        let unread = self.document.as_bytes().get(self.at..)?;
        let Some((head, value)) = unread.split_first_chunk::<7>() else {
            // An empty object is left to the strict reader.
            return (unread == b"}" && self.separator == b',').then_some(None);
        };
        let [separator, b'"', a, b, c, closing, colon] = *head else {
            return None;
        };
        if separator != self.separator {
            return None;
        }
        self.separator = b',';
        self.name_start = self.at.wrapping_add(2);
        if (closing, colon) == (b'"', b':') {
            self.name_end = self.name_start.wrapping_add(3);
            self.at = self.at.wrapping_add(7);
            return Some(Some((name(&[a, b, c]), self.value(value)?)));
        }
        self.after_other_name().map(|value| Some((0, value)))
    }

    /// The name of the member that was read last, if it is plain too.
    pub(crate) fn name(&self) -> Option<Text<'a>> {
        let name = self.document.get(self.name_start..self.name_end)?;
        (plain_prefix(name.as_bytes()) == name.len()).then(|| Text::new(name, false))
    }

    /// The value after a name of any length.
    #[inline(never)]
    fn after_other_name(&mut self) -> Option<Value<'a>> {
        let unread = self.document.as_bytes().get(self.name_start..)?;
        let length = plain_prefix(unread);
        let [b'"', b':', value @ ..] = unread.get(length..)? else {
            return None;
        };
        self.name_end = self.name_start.wrapping_add(length);
        self.at = self.name_end.wrapping_add(2);
        self.value(value)
    }

    #[inline(always)]
    fn value(&mut self, unread: &[u8]) -> Option<Value<'a>> {
        match unread {
            [b'"', text @ ..] => self.text(text),
            [b'1'..=b'9', ..] => self.number(unread),
            _ => None,
        }
    }

    /// `unread` begins after the opening quote, which is the next byte.
    #[inline(always)]
    fn text(&mut self, unread: &[u8]) -> Option<Value<'a>> {
        let length = plain_prefix(unread);
        if unread.get(length) != Some(&b'"') {
            return None;
        }
        let start = self.at.wrapping_add(1);
        let end = start.wrapping_add(length);
        self.at = end.wrapping_add(1);
        let raw = self.document.get(start..end)?;
        Some(Value::Text(Text::new(raw, false)))
    }

    #[inline(always)]
    fn number(&mut self, unread: &[u8]) -> Option<Value<'a>> {
        let (mut value, mut length) = match unread.first_chunk::<8>().and_then(eight_digits) {
            Some(value) => (value, 8_usize),
            None => (0, 0),
        };
        for &byte in unread.get(length..)? {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            length = length.wrapping_add(1);
        }
        let start = self.at;
        self.at = start.wrapping_add(length);
        let literal = self.document.get(start..self.at)?;
        Some(Value::Number(Number::of_digits(literal, value)))
    }
}

/// The value of eight digits at once: of the ten that a time has, the loop is left with two.
#[inline(always)]
fn eight_digits(bytes: &[u8; 8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const SIXES: u64 = 0x0606_0606_0606_0606;
    let word = u64::from_le_bytes(*bytes);
    // A digit has 3 in its high half, and still has it with 6 added.
    if (word & HIGH) != ZEROS || (word.wrapping_add(SIXES) & HIGH) != ZEROS {
        return None;
    }
    // Neighbours join to numbers of two digits, of four, of eight. The first digit is the lowest byte.
    let ones = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10).wrapping_add(ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32);
    Some(eight & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::super::Members;
    use super::*;

    /// The members as text, by the shortcut.
    fn plain(document: &str) -> Option<Vec<String>> {
        let mut members = PlainMembers::of(document);
        let mut found = Vec::new();
        while let Some((letters, value)) = members.next()? {
            let text = members.name()?.decode();
            let expected = match text.as_bytes().try_into() {
                Ok(three) => name(three),
                Err(_) => 0,
            };
            assert_eq!(letters, expected, "{document}");
            found.push(shown(&text, value));
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

    const PLAIN: [&str; 7] = [
        r#"{"scope":"read","a":1,"":"x","é":2,"abcdefghijklmnop":"q"}"#,
        r#"{"iss":"a","x":1}"#,
        r#"{"iss":"svc","exp":1700000060,"aud":"é"}"#,
        r#"{"alg":"RS256","kid":"a/b","typ":"JWT"}"#,
        r#"{"jti":""}"#,
        r#"{"exp":99999999999999999999999}"#,
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
            " {\"iss\":1}",
            "{\"iss\":1} ",
            "{\"iss\" :1}",
            "{\"iss\":01}",
            "{\"iss\":0}",
            "{\"iss\":-1}",
            "{\"iss\":1.0}",
            "{\"iss\":1e3}",
            "{\"iss\":true}",
            "{\"iss\":[]}",
            "{\"iss\":\"a\\u0062\"}",
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
