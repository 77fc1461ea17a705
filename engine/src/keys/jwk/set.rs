//! A JWK Set (RFC 7517 section 5): one object, whose `keys` is an array of JWKs.

use super::{read_key, refusal};
use crate::crypto::Backend;
use crate::jws::fields::{self, fields};
use crate::jws::json::{Elements, Value};
use crate::keys::key_set::{KeySetRejected, PublishedKey};
use crate::limits::MAX_KEYS_IN_SET;

fields! {
    /// The one member that is defined. Others "MUST be ignored" (RFC 7517 section 5).
    struct Set { keys = "keys", }
}

/// Reads a set: its keys that verify signatures here.
pub(in crate::keys) fn read_set(
    document: &str,
    backend: Backend,
) -> Result<Vec<PublishedKey>, KeySetRejected> {
    let set: Set<'_> = fields::read(document).map_err(refusal)?;
    let Some(Value::Array(array)) = set.keys else {
        return Err(KeySetRejected::NotASet);
    };
    let mut keys = Vec::new();
    for (place, element) in Elements::of(array).enumerate() {
        let Value::Object(key) = element else {
            return Err(KeySetRejected::NotASet);
        };
        if place >= MAX_KEYS_IN_SET {
            return Err(KeySetRejected::TooManyKeys);
        }
        keys.extend(read_key(key, backend)?);
    }
    Ok(keys)
}
