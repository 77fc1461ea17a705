//! The grammar of `kid`, against the regular expression and the sentence of the specification; and who owns a key.

use asap_engine::KeyId;

use crate::oracle::key_id::is_key_id;

/// `data` is a `kid`.
pub fn key_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let key_id = KeyId::parse(text);
    assert_eq!(key_id.is_some(), is_key_id(text));
    let Some(key_id) = key_id else {
        return;
    };
    assert_eq!(key_id.as_str(), text);
    // A well-formed kid is ASCII, so that each position ends a character.
    for (position, byte) in text.bytes().enumerate() {
        let owner = &text[..position];
        assert_eq!(key_id.is_owned_by(owner), byte == b'/', "{owner}");
    }
    assert!(!key_id.is_owned_by(text));
    if let Some((owner, _)) = text.rsplit_once('/') {
        assert!(is_key_id(owner), "an owner's name is well-formed");
    }
}
