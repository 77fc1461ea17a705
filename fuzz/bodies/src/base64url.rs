//! base64url, against its definition: which texts are accepted, and which bytes they are.

use asap_engine::internals::decode_base64url;

use crate::oracle::base64::{Alphabet, decode};

/// `data` is a segment.
pub fn base64url(data: &[u8]) {
    // The oracle accepts what it would itself have written, so agreement is canonicity too.
    assert_eq!(decode_base64url(data), decode(Alphabet::Url, data));
}
