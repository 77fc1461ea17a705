//! The header, against serde_json and the rules: which are accepted, with which code the others are refused, and what
//! `alg` and `kid` are.

use asap_engine::Algorithm;
use asap_engine::internals::parse_header;

use crate::oracle;

/// `data` is a decoded header.
pub fn header(data: &[u8]) {
    let is_allowed = |algorithm| algorithm != Algorithm::Ps512;
    oracle::agree(
        &parse_header(data, is_allowed),
        &oracle::header::read(data, is_allowed),
    );
}
