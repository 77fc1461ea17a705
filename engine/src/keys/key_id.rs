//! The name of a key, and of a service: the grammar that keeps both safe as a URL path.

use std::fmt;

use crate::limits::MAX_KEY_ID_LENGTH;

/// A well-formed `kid`: non-empty segments joined by slashes, none of them `.` or `..`, every byte one of
/// `A-Z a-z 0-9 _ . - +` or the slash.
///
/// "The key identifier MUST be a String that is a non-empty sequence of non-empty substrings joined with the
/// forward slash character. None of the substrings can be `.` or `..`. As a further restriction, the key
/// identifier must match the following Java regular expression: `^[\w.\-\+/]*$`" (Java's `\w` is ASCII).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId<'a>(&'a str);

impl<'a> KeyId<'a> {
    /// Checks the grammar. `None` if `text` is outside of it or longer than
    /// [`MAX_KEY_ID_LENGTH`](crate::limits::MAX_KEY_ID_LENGTH).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        is_service_identifier(text).then_some(Self(text))
    }

    /// One that was checked before, and kept.
    pub(crate) const fn of_verified(text: &'a str) -> Self {
        Self(text)
    }

    /// The text of the `kid`.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether the key belongs to `issuer`: "The value of `kid` MUST be prefixed with the service identifier
    /// of the client and a `/` character."
    #[must_use]
    pub fn is_owned_by(self, issuer: &str) -> bool {
        self.0
            .strip_prefix(issuer)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Debug for KeyId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for KeyId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Whether `text` is in the grammar that `kid` and `iss` share.
pub(crate) fn is_service_identifier(text: &str) -> bool {
    if text.len() > MAX_KEY_ID_LENGTH {
        return false;
    }
    is_usual(text.as_bytes()) || is_legal(text)
}

/// Whether `bytes` are in the grammar and long, and no segment begins with a dot.
#[inline]
fn is_usual(bytes: &[u8]) -> bool {
    let ([first, ..], [.., last], Some(end)) = (bytes, bytes, bytes.last_chunk()) else {
        return false;
    };
    if kind(*first) != 0 || kind(*last) & !DOT != 0 || !is_usual_piece(end) {
        return false;
    }
    let mut rest = bytes;
    while let Some(piece) = rest.first_chunk() {
        if !is_usual_piece(piece) {
            return false;
        }
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    true
}

/// How many bytes are looked at at once, each with the one after it: as many as fit in a vector of every processor.
const STRIDE: usize = 16;

/// Whether all but the last byte are legal, and no segment begins with a slash or a dot after one of them.
#[inline]
fn is_usual_piece(piece: &[u8; STRIDE + 1]) -> bool {
    let ([bytes @ .., _], [_, next @ ..]) = (piece, piece);
    // Without a branch, so that the compiler can look at all of them at once.
    bytes.iter().zip(next).fold(true, |usual, (&byte, &next)| {
        let letter = byte | 0x20;
        let is_legal = letter.is_ascii_lowercase()
            | (b'-'..=b'9').contains(&byte)
            | (byte == b'+')
            | (byte == b'_');
        let is_odd = (byte == b'/') & (next | 1 == b'/');
        usual & is_legal & !is_odd
    })
}

/// Whether `text` is in the grammar.
fn is_legal(text: &str) -> bool {
    // One pass without a branch: what kinds of bytes there are, and whether one that may not begin a segment does.
    let (mut kinds, mut is_odd, mut before) = (0, 0, SLASH);
    for &byte in text.as_bytes() {
        let kind = kind(byte);
        kinds |= kind;
        is_odd |= (before << 1) & kind;
        before = kind & BEGINS;
    }
    if kinds & ILLEGAL != 0 {
        return false;
    }
    if is_odd != 0 || before != 0 || text.is_empty() {
        // A segment that is empty or begins with a dot: rare, and looked at whole.
        return text
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."));
    }
    true
}

/// A byte after which a segment begins.
const BEGINS: u8 = 1;
/// A byte that a segment seldom begins with: the bit above [`BEGINS`].
const ODD_FIRST: u8 = BEGINS << 1;
const SLASH: u8 = BEGINS | ODD_FIRST;
const DOT: u8 = ODD_FIRST;
const ILLEGAL: u8 = 0x80;

fn kind(byte: u8) -> u8 {
    static KINDS: [u8; 256] = kinds();
    KINDS.get(usize::from(byte)).copied().unwrap_or(ILLEGAL)
}

/// The kind of each byte. Those that are none of `[\w.\-\+/]` are illegal.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, where a panic is an error"
)]
const fn kinds() -> [u8; 256] {
    let mut kinds = [ILLEGAL; 256];
    let mut ordinary: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+";
    while let [byte, rest @ ..] = ordinary {
        kinds[*byte as usize] = 0;
        ordinary = rest;
    }
    kinds[b'/' as usize] = SLASH;
    kinds[b'.' as usize] = DOT;
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_but_legal_key_ids_are_accepted() {
        for text in [
            "a", "a/b", "...", "a..b", "-/-", "+", "a/.b", "a/..b/c", "_/0",
        ] {
            assert!(KeyId::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_could_leave_its_directory_or_its_url_is_refused() {
        for text in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            ".",
            "..",
            "a/.",
            "a/..",
            "../a",
            "a/../b",
            "a/./b",
            "a b",
            "a\n",
            "a\0",
            "a%2e",
            "a\\b",
            "a?b",
            "a#b",
            "https://a",
            "@host",
            "kлюч",
            "\u{212a}",
        ] {
            assert!(KeyId::parse(text).is_none(), "{text:?}");
        }
        assert!(KeyId::parse(&"a".repeat(MAX_KEY_ID_LENGTH)).is_some());
        assert!(KeyId::parse(&"a".repeat(MAX_KEY_ID_LENGTH + 1)).is_none());
    }

    #[test]
    fn a_byte_is_legal_as_the_regular_expression_says() {
        for byte in 0..=255_u8 {
            let is_legal = byte.is_ascii_alphanumeric() || b"_.-+/".contains(&byte);
            assert_eq!(kind(byte) & ILLEGAL == 0, is_legal, "{byte:#x}");
        }
    }

    #[test]
    fn the_one_pass_says_what_the_sentence_says() {
        // Every text of up to six of these, against the sentence of the specification.
        let alphabet = ["a", ".", "/", " "];
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            let longer = texts
                .iter()
                .flat_map(|text| alphabet.map(|next| format!("{text}{next}")));
            texts = std::iter::once(String::new()).chain(longer).collect();
            for text in &texts {
                let expected = is_in_the_grammar(text);
                assert_eq!(is_service_identifier(text), expected, "{text:?}");
            }
        }
    }

    /// The sentence of the specification, and the regular expression.
    fn is_in_the_grammar(text: &str) -> bool {
        text.bytes().all(|byte| kind(byte) & ILLEGAL == 0)
            && text
                .split('/')
                .all(|segment| !matches!(segment, "" | "." | ".."))
    }

    #[test]
    fn sixteen_bytes_at_once_say_what_the_sentence_says() {
        for length in [16, 17, 18, 32, 33, 34, 47, 50] {
            let usual: String = "se.ment_1/Key+2-".chars().cycle().take(length).collect();
            assert_eq!(is_usual(usual.as_bytes()), length > STRIDE, "{usual}");
            for position in 0..length {
                for byte in 0..0x80_u8 {
                    for before in ["", "/", "."] {
                        let mut text = usual.clone();
                        let changed = format!("{before}{}", char::from(byte));
                        text.replace_range(position..=position, &changed);
                        let expected = is_in_the_grammar(&text);
                        assert_eq!(is_service_identifier(&text), expected, "{text:?}");
                    }
                }
                let mut text = usual.clone();
                text.replace_range(position..=position, "\u{e1}");
                assert!(!is_service_identifier(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_key_is_owned_by_the_issuer_whose_name_and_a_slash_it_starts_with() {
        let key_id = KeyId::parse("svc/a/key").unwrap();
        assert!(key_id.is_owned_by("svc"));
        assert!(key_id.is_owned_by("svc/a"));
        for other in ["svc/a/key", "sv", "svc/", "SVC", "svc/b", "svc/a/key/x", ""] {
            assert!(!key_id.is_owned_by(other), "{other}");
        }
    }
}
