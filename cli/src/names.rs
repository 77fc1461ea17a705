//! Names of services and keys: the grammar of the specification, said in one line.

use asap_engine::KeyId;

use crate::outcome::Fault;

/// Checks that `name`, which `option` gave, is in the grammar that `iss` and `kid` share.
pub(crate) fn check(option: &str, name: &str) -> Result<(), Fault> {
    if KeyId::parse(name).is_some() {
        return Ok(());
    }
    Err(Fault::new(format!(
        "{option} must be non-empty segments of letters, digits and . _ - + joined by slashes, none of them . or .., and at most 1024 bytes"
    )))
}
