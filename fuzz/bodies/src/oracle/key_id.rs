//! The grammar of `kid` and `iss`, by the regular expression and the sentence of the specification.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// `^[\w.\-\+/]*$`, where Java's `\w` is ASCII; `\z`, since Java's `matches` takes the whole text.
static ALPHABET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u)\A[\w.\-\+/]*\z").expect("a regular expression"));

/// "a non-empty sequence of non-empty substrings joined with the forward slash character. None of the substrings can
/// be `.` or `..`", and no longer than the engine takes.
pub(crate) fn is_key_id(text: &str) -> bool {
    ALPHABET.is_match(text.as_bytes())
        && text
            .split('/')
            .all(|segment| !["", ".", ".."].contains(&segment))
        && text.len() <= asap_engine::limits::MAX_KEY_ID_LENGTH
}
