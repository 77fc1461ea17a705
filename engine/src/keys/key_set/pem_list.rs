//! Trello's list of keys: `{"keys": ["-----BEGIN PUBLIC KEY-----...", ...]}`.

use super::{KeySetRejected, PublishedKey};
use crate::crypto::{Backend, VerifyingKey};
use crate::error::KeyRejected;
use crate::jws::fields::{self, FieldsError, fields};
use crate::jws::json::{Elements, Value};
use crate::limits::MAX_KEYS_TRIED;

fields! {
    /// The one member of the list.
    struct List { keys = "keys", }
}

/// Reads the list. A text that is no public key has it refused: nobody else's keys are in there.
pub(super) fn read(document: &str, backend: Backend) -> Result<Vec<PublishedKey>, KeySetRejected> {
    let list: List<'_> = fields::read(document).map_err(|error| match error {
        FieldsError::Syntax | FieldsError::TooDeep => KeySetRejected::NotJson,
        FieldsError::Duplicate => KeySetRejected::DuplicateMember,
    })?;
    let Some(Value::Array(array)) = list.keys else {
        return Err(KeySetRejected::NotASet);
    };
    let mut keys = Vec::new();
    for element in Elements::of(array) {
        let Value::Text(pem) = element else {
            return Err(KeySetRejected::NotASet);
        };
        if keys.len() >= MAX_KEYS_TRIED {
            return Err(KeySetRejected::TooManyKeys);
        }
        let key =
            VerifyingKey::from_pem_with(pem.decode().as_bytes(), backend).map_err(|rejected| {
                match rejected {
                    KeyRejected::BackendMissing => KeySetRejected::BackendMissing,
                    _ => KeySetRejected::MalformedKey,
                }
            })?;
        keys.push(PublishedKey::new(None, None, key));
    }
    Ok(keys)
}
