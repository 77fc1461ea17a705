//! The name or the value of a parameter, as it is spelled (`application/x-www-form-urlencoded`): what it stands for, how it
//! is written in a canonical request, and what it comes before.

use std::cmp::Ordering;

use arrayvec::ArrayVec;

use super::Malformed;

/// A name or a value. Its escapes are whole, and what it stands for is UTF-8 without NUL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component<'a> {
    spelled: &'a [u8],
    spelling: Spelling,
}

/// How a name or a value is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// With unreserved characters only: it stands for itself everywhere.
    Plain,
    /// As a canonical request has it.
    Canonical,
    /// In any other way.
    Other,
}

impl<'a> Component<'a> {
    /// Reads a name or a value, of which it is known whether all characters are unreserved. Implementations disagree on what a
    /// broken escape and what is not UTF-8 stand for, so one of them would hash what another reads differently.
    #[inline]
    pub(super) fn read(spelled: &'a [u8], is_plain: bool) -> Result<Self, Malformed> {
        let spelling = if is_plain {
            Spelling::Plain
        } else {
            spelling(spelled)?
        };
        Ok(Self { spelled, spelling })
    }

    const fn is_plain(self) -> bool {
        matches!(self.spelling, Spelling::Plain)
    }

    /// Whether [`write`](Self::write) appends what is spelled.
    pub(super) const fn is_canonical(self) -> bool {
        !matches!(self.spelling, Spelling::Other)
    }

    /// How many bytes it is spelled with.
    pub(super) const fn length_spelled(self) -> usize {
        self.spelled.len()
    }

    /// The first eight bytes that [`write`](Self::write) appends, as a number, with zeros for those that are not there. If two
    /// differ, they are in the order of the encoded texts, since no such byte is zero.
    pub(super) fn encoded_prefix(self) -> u64 {
        if self.is_canonical() {
            return prefix(self.spelled);
        }
        let mut encoded = ArrayVec::<u8, 10>::new();
        for byte in self.bytes() {
            if encoded.len() >= 8 {
                break;
            }
            encoded.extend(encoding(byte));
        }
        prefix(&encoded)
    }

    /// Whether it stands for `text`.
    pub(super) fn is(self, text: &str) -> bool {
        if self.is_plain() {
            self.spelled == text.as_bytes()
        } else {
            self.bytes().eq(text.bytes())
        }
    }

    /// Whether both stand for the same text.
    pub(super) fn is_same(self, other: Self) -> bool {
        if self.is_plain() && other.is_plain() {
            self.spelled == other.spelled
        } else {
            self.bytes().eq(other.bytes())
        }
    }

    /// Appends it percent-encoded: unreserved characters stand for themselves, every other byte is `%XX` (RFC 3986 section
    /// 2.1, upper case).
    pub(super) fn write(self, out: &mut Vec<u8>) {
        if self.is_canonical() {
            out.extend_from_slice(self.spelled);
            return;
        }
        for byte in self.bytes() {
            out.extend(encoding(byte));
        }
    }

    /// The order of what [`write`](Self::write) appends.
    pub(super) fn cmp_encoded(self, other: Self) -> Ordering {
        if self.is_plain() && other.is_plain() {
            return self.spelled.cmp(other.spelled);
        }
        // A percent sign comes before every unreserved character, and upper-case digits in the order of their numbers.
        let rank = |byte| (is_unreserved(byte), byte);
        self.bytes().map(rank).cmp(other.bytes().map(rank))
    }

    /// The order of what they stand for, by units of UTF-16, as strings are compared in Java and JavaScript.
    pub(super) fn cmp_decoded(self, other: Self) -> Ordering {
        if self.is_plain() && other.is_plain() {
            return self.spelled.cmp(other.spelled);
        }
        self.characters()
            .map(utf16_rank)
            .cmp(other.characters().map(utf16_rank))
    }

    const fn bytes(self) -> Bytes<'a> {
        Bytes {
            unread: self.spelled,
        }
    }

    fn characters(self) -> impl Iterator<Item = char> {
        let mut bytes = self.bytes();
        std::iter::from_fn(move || next_character(&mut bytes).flatten())
    }
}

/// The first eight bytes as a number, the first one highest.
#[inline]
fn prefix(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut first = [0; 8];
    for (place, byte) in first.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_be_bytes(first)
}

/// A byte in a canonical request.
#[inline]
fn encoding(byte: u8) -> ArrayVec<u8, 3> {
    let mut encoding = ArrayVec::new();
    if is_unreserved(byte) {
        encoding.push(byte);
    } else {
        encoding.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
    }
    encoding
}

/// Orders characters by their units of UTF-16: a pair of surrogates comes before what lies from U+E000 to U+FFFF.
fn utf16_rank(character: char) -> (bool, char) {
    (matches!(character, '\u{e000}'..='\u{ffff}'), character)
}

/// The unreserved characters (RFC 3986 section 2.3).
#[inline]
pub(super) fn is_unreserved(byte: u8) -> bool {
    const UNRESERVED: [bool; 256] = {
        let mut table = [false; 256];
        let mut characters: &[u8] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        while let [first, rest @ ..] = characters {
            let (_, from_here) = table.split_at_mut(widen(*first));
            if let [place, ..] = from_here {
                *place = true;
            }
            characters = rest;
        }
        table
    };
    UNRESERVED.get(widen(byte)).copied().unwrap_or_default()
}

/// `usize::from`, which is not `const`.
#[expect(clippy::as_conversions, reason = "every u8 is a usize")]
const fn widen(byte: u8) -> usize {
    byte as usize
}

/// How a name or a value is spelled that is not plain.
fn spelling(spelled: &[u8]) -> Result<Spelling, Malformed> {
    let mut spelling = Spelling::Canonical;
    let mut is_ascii = true;
    let mut unread = spelled;
    while let [first, rest @ ..] = unread {
        unread = rest;
        let stands_for = if *first == b'%' {
            let [high, low, rest @ ..] = rest else {
                return Err(Malformed);
            };
            if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                return Err(Malformed);
            }
            unread = rest;
            let byte = number(*high) << 4 | number(*low);
            let is_canonical =
                !high.is_ascii_lowercase() && !low.is_ascii_lowercase() && !is_unreserved(byte);
            if !is_canonical {
                spelling = Spelling::Other;
            }
            byte
        } else {
            if !is_unreserved(*first) {
                spelling = Spelling::Other;
            }
            *first
        };
        if stands_for == 0 {
            return Err(Malformed);
        }
        is_ascii &= stands_for.is_ascii();
    }
    if !is_ascii {
        let mut bytes = Bytes { unread: spelled };
        while let Some(character) = next_character(&mut bytes) {
            character.ok_or(Malformed)?;
        }
    }
    Ok(spelling)
}

/// The bytes that a spelling stands for.
#[derive(Debug, Clone)]
struct Bytes<'a> {
    unread: &'a [u8],
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.unread.split_first()?;
        self.unread = rest;
        match first {
            b'+' => Some(b' '),
            b'%' => match rest {
                [high, low, rest @ ..] => {
                    self.unread = rest;
                    Some(number(*high) << 4 | number(*low))
                }
                _ => Some(b'%'),
            },
            byte => Some(*byte),
        }
    }
}

/// The next character of UTF-8, or `None` in its place where the bytes are none.
fn next_character(bytes: &mut Bytes<'_>) -> Option<Option<char>> {
    let first = bytes.next()?;
    let width = match first {
        0..=0x7f => return Some(Some(char::from(first))),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some(None),
    };
    let mut buffer = [first, 0, 0, 0];
    for place in buffer.iter_mut().take(width).skip(1) {
        match bytes.next() {
            Some(byte) => *place = byte,
            None => return Some(None),
        }
    }
    let text = buffer.get(..width).map(str::from_utf8);
    Some(text.and_then(|text| text.ok()?.chars().next()))
}

/// The number of a hexadecimal digit.
const fn number(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit.wrapping_sub(b'0'),
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

/// The digit, in upper case, of a number below 16.
const fn digit(number: u8) -> u8 {
    match number {
        0..=9 => b'0'.wrapping_add(number),
        _ => b'A'.wrapping_sub(10).wrapping_add(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spelled: &[u8]) -> Result<Component<'_>, Malformed> {
        Component::read(spelled, spelled.iter().all(|byte| is_unreserved(*byte)))
    }

    fn component(spelled: &str) -> Component<'_> {
        read(spelled.as_bytes()).unwrap()
    }

    fn written(spelled: &str) -> String {
        let mut out = Vec::new();
        component(spelled).write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_byte_is_written_as_the_rules_say() {
        for byte in 1..=0x7f_u8 {
            let spelled = format!("%{byte:02x}");
            let character = char::from(byte);
            let expected = if character.is_ascii_alphanumeric() || "-._~".contains(character) {
                character.to_string()
            } else {
                format!("%{byte:02X}")
            };
            assert_eq!(written(&spelled), expected);
        }
        assert_eq!(written("a+b%2bc*,~"), "a%20b%2Bc%2A%2C~");
        assert_eq!(written("\u{fc}%C3%bc"), "%C3%BC%C3%BC");
    }

    #[test]
    fn broken_escapes_nul_and_what_is_no_utf_8_are_refused() {
        for spelled in [
            &b"%"[..],
            b"%4",
            b"%4g",
            b"%g4",
            b"a%",
            b"%%41",
            b"%00",
            b"\0",
            b"%ff",
            b"\xff",
            b"%C3",
            b"%C3%28",
            b"%c0%80",
            b"%ed%a0%80",
            b"%f4%90%80%80",
            b"%e2%82",
            b"%F8%88%80%80%80",
            b"%80",
            b"%+1",
        ] {
            assert!(read(spelled).is_err(), "{}", spelled.escape_ascii());
        }
    }

    #[test]
    fn decoded_texts_are_ordered_by_units_of_utf_16() {
        let texts = [
            "",
            "a",
            "\u{e9}",
            "\u{d7ff}",
            "\u{10000}",
            "\u{1f600}",
            "\u{10ffff}",
            "\u{e000}",
            "\u{ff5e}",
            "\u{ffff}",
        ];
        for one in texts {
            for other in texts {
                let expected = one.encode_utf16().cmp(other.encode_utf16());
                assert_eq!(component(one).cmp_decoded(component(other)), expected);
            }
        }
    }

    #[test]
    fn encoded_texts_are_ordered_as_they_are_written() {
        let texts = [
            "",
            "-",
            ".1",
            "%3A1",
            "Z",
            "a",
            "a%20",
            "a-",
            "~",
            "%C3%BC",
            "z",
            "%7Ea",
            "+",
            "*",
            "abcdefgh",
            "abcdefg%c3%bc",
            "abcdef+",
            "abcdefgh-",
            "abcdefg",
            "%2b%2b%2b",
            "+++a",
        ];
        for one in texts {
            for other in texts {
                let expected = written(one).cmp(&written(other));
                assert_eq!(
                    component(one).cmp_encoded(component(other)),
                    expected,
                    "{one} {other}"
                );
                let prefixes = [one, other].map(|text| component(text).encoded_prefix());
                if prefixes[0] != prefixes[1] {
                    assert_eq!(prefixes[0].cmp(&prefixes[1]), expected, "{one} {other}");
                }
            }
        }
    }
}
