//! The grammar of `kid` and `iss`, and who owns a key, against the sentences of the specification.

use asap_engine::{KeyId, limits};
use proptest::prelude::*;

use crate::for_all;
use crate::shapes::{segments, text};

/// Texts in the grammar, nearly in it, and far from it.
fn name() -> impl Strategy<Value = String> {
    let near = "[ab./_+-]{0,8}|[\\w./ %\\\\-]{0,12}|(\\.{0,3}/){0,4}\\.{0,3}";
    let long = (limits::MAX_KEY_ID_LENGTH - 2..=limits::MAX_KEY_ID_LENGTH + 2)
        .prop_map(|length| "a/".repeat(length)[..length].to_owned());
    prop_oneof![4 => near, 2 => segments(1..=5), 1 => text(8), 1 => long]
}

/// "The key identifier MUST be a String that is a non-empty sequence of non-empty substrings joined with the forward
/// slash character. None of the substrings can be “.” or “..”. As a further restriction, the key identifier must match
/// the following Java regular expression: ^[\w.\-\+/]*$".
fn is_in_the_grammar(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-+/".contains(&byte);
    text.split('/')
        .all(|segment| !matches!(segment, "" | "." | ".."))
        && text.bytes().all(legal)
        && text.len() <= limits::MAX_KEY_ID_LENGTH
}

#[test]
fn a_key_id_is_what_the_sentence_says() {
    for_all(2_000, name(), |text| {
        let key_id = KeyId::parse(&text);
        prop_assert_eq!(key_id.is_some(), is_in_the_grammar(&text));
        prop_assert_eq!(key_id.map_or(text.as_str(), KeyId::as_str), &text);
        Ok(())
    });
}

/// "The value of kid MUST be prefixed with the service identifier of the client and a “/” character": the issuers that
/// own a key are the texts before its slashes, and no others.
#[test]
fn a_key_is_owned_by_the_texts_before_its_slashes_and_by_nobody_else() {
    for_all(500, (segments(1..=5), name()), |(text, other)| {
        let key_id = KeyId::parse(&text).unwrap();
        let owners: Vec<_> = text
            .match_indices('/')
            .map(|(slash, _)| &text[..slash])
            .collect();
        for end in 0..=text.len() {
            let issuer = &text[..end];
            prop_assert_eq!(key_id.is_owned_by(issuer), owners.contains(&issuer));
        }
        prop_assert_eq!(key_id.is_owned_by(&other), owners.contains(&other.as_str()));
        Ok(())
    });
}
