//! The compact form: what is accepted has one spelling, and a naive splitter says the same.

use asap_engine::internals::decode_compact;

use crate::oracle::base64::{Alphabet, encode};
use crate::oracle::token::segments;

/// `data` is a token.
pub fn compact(data: &[u8]) {
    let actual = decode_compact(data);
    let expected = segments(data);
    let Ok(found) = actual else {
        assert_eq!(actual.err(), expected.err());
        return;
    };
    let parts = [
        &found.unverified_header,
        &found.unverified_payload,
        &found.signature,
    ];
    assert_eq!(Ok(parts.map(Vec::clone)), expected);
    let again = parts.map(|part| encode(Alphabet::Url, part)).join(".");
    assert_eq!(again.as_bytes(), data, "it has another spelling");
    let (signing_input, _) = again.rsplit_once('.').expect("two dots");
    assert_eq!(found.signing_input, signing_input.as_bytes());
}
