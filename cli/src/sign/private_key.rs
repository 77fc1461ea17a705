//! The private key that signs: from a file or from `ASAP_PRIVATE_KEY`, and never from an argument's value.
//!
//! No fault quotes what was given: where a file's name is expected, a key may have been pasted.

use std::env;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{Algorithm, KeyRejected, SigningKey};
use zeroize::Zeroizing;

use crate::outcome::Fault;

const OPTION: &str = "--private-key";
const VARIABLE: &str = "ASAP_PRIVATE_KEY";

/// What a key of each type signs with unless told otherwise: "the client SHOULD use RS256 to ensure interoperability",
/// and a key on a curve has one algorithm anyway.
const NATURAL: [Algorithm; 5] = [
    Algorithm::Rs256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
];

/// Reads the key from `file`, or from the environment if there is none. `key_id` is what the `kid` of a data URI has
/// to be.
pub(super) fn read(
    file: Option<&Path>,
    algorithm: Option<Algorithm>,
    key_id: &str,
) -> Result<SigningKey, Fault> {
    let (source, text) = match file {
        Some(path) => (OPTION, from_file(path)?),
        None => (VARIABLE, from_environment()?),
    };
    let read_as = |algorithm| SigningKey::from_text(algorithm, &text, key_id);
    let key = match algorithm {
        Some(algorithm) => read_as(algorithm),
        None => first_that_fits(read_as),
    };
    key.map_err(|reason| match (reason, algorithm) {
        (KeyRejected::UnsupportedAlgorithm, Some(algorithm)) => Fault::new(format!(
            "--algorithm: the key of {source} does not sign with {algorithm}; without the option it signs with what it can"
        )),
        (KeyRejected::KeyIdMismatch, _) => Fault::new(format!(
            "{source}: the kid in the data URI is malformed or not that of --key-id"
        )),
        (reason, _) => Fault::new(format!(
            "{source}: {reason} (expected an unencrypted private key, as PEM or as a data URI)"
        )),
    })
}

fn first_that_fits(
    read_as: impl Fn(Algorithm) -> Result<SigningKey, KeyRejected>,
) -> Result<SigningKey, KeyRejected> {
    for algorithm in NATURAL {
        match read_as(algorithm) {
            Err(KeyRejected::UnsupportedAlgorithm) => {}
            settled => return settled,
        }
    }
    Err(KeyRejected::UnsupportedAlgorithm)
}

fn from_file(path: &Path) -> Result<Zeroizing<String>, Fault> {
    let name = path.as_os_str().as_encoded_bytes();
    if name.starts_with(b"data:") {
        return Err(Fault::new(format!(
            "{OPTION} takes the name of a file; a data URI goes into the environment variable {VARIABLE}"
        )));
    }
    let cannot_read = |error| Fault::new(format!("{OPTION}: the file that it names: {error}"));
    let file = File::open(path).map_err(cannot_read)?;
    // More than is read, so that no secret is left behind by a reallocation.
    let limit = MAX_PEM_LENGTH.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit.saturating_mul(2)));
    file.take(u64::try_from(limit).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)
        .map_err(cannot_read)?;
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Fault::new(format!(
            "{OPTION}: the file that it names holds no text (expected PEM or a data URI)"
        ))),
    }
}

fn from_environment() -> Result<Zeroizing<String>, Fault> {
    match env::var(VARIABLE).map(Zeroizing::new) {
        Ok(text) if !text.is_empty() => Ok(text),
        Err(env::VarError::NotUnicode(_)) => Err(Fault::new(format!(
            "{VARIABLE} holds no text (expected PEM or a data URI)"
        ))),
        _ => Err(Fault::new(format!(
            "there is no private key: name its file with {OPTION}, or set {VARIABLE}"
        ))),
    }
}
