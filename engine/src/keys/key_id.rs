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
    // A segment that is empty or begins with a dot is rare, and is looked at whole.
    let mut before = b'/';
    let mut is_odd = false;
    for &byte in text.as_bytes() {
        if !is_identifier_byte(byte) {
            return false;
        }
        is_odd |= (before == b'/') & ((byte == b'/') | (byte == b'.'));
        before = byte;
    }
    if is_odd || before == b'/' {
        return text
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."));
    }
    true
}

fn is_identifier_byte(byte: u8) -> bool {
    static LEGAL: [bool; 256] = legal_bytes();
    LEGAL.get(usize::from(byte)).copied().unwrap_or(false)
}

/// For each byte, whether it is one of `[\w.\-\+/]`.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, where a panic is an error"
)]
const fn legal_bytes() -> [bool; 256] {
    let mut legal = [false; 256];
    let mut bytes: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+/";
    while let [byte, rest @ ..] = bytes {
        legal[*byte as usize] = true;
        bytes = rest;
    }
    legal
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
            assert_eq!(is_identifier_byte(byte), is_legal, "{byte:#x}");
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
