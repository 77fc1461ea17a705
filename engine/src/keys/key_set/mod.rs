//! Keys that are published together: a JWK Set (RFC 7517 section 5), or Trello's list of PEM texts.
//!
//! A set is read whole or refused whole, and swapped whole. Which key of it a token was signed with, the token's `kid`
//! says; where tokens have none, each key is tried.

mod pem_list;
mod rejected;
mod source;
mod static_source;

pub use rejected::KeySetRejected;
pub use source::KeySetSource;
pub use static_source::StaticKeySet;

use std::fmt;

use super::jwk;
use crate::crypto::{Algorithm, Backend, KeySerial, VerifyingKey};
use crate::error::VerifyError;
use crate::limits::MAX_KEY_SET_LENGTH;

/// A set of public keys.
///
/// ```
/// # use asap_engine::{KeySet, KeySetRejected};
/// let set = KeySet::from_jwk_set(br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"key-1",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// assert_eq!(set.len(), 1);
/// # Ok::<(), KeySetRejected>(())
/// ```
pub struct KeySet {
    version: KeySetVersion,
    keys: Box<[PublishedKey]>,
}

/// Tells a set that was read from every other of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySetVersion(KeySerial);

/// One key of a set.
pub(super) struct PublishedKey {
    key_id: Option<Box<str>>,
    /// The one algorithm that its publisher wants it used with, if he says so.
    only: Option<Algorithm>,
    key: VerifyingKey,
}

impl PublishedKey {
    pub(super) const fn new(
        key_id: Option<Box<str>>,
        only: Option<Algorithm>,
        key: VerifyingKey,
    ) -> Self {
        Self { key_id, only, key }
    }

    fn verifies(&self, algorithm: Algorithm) -> bool {
        self.key.verifies(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether a token could mean either of the two.
    fn is_ambiguous_with(&self, other: &Self) -> bool {
        let both_verify =
            |algorithm: &Algorithm| self.verifies(*algorithm) && other.verifies(*algorithm);
        self.key_id.is_some()
            && self.key_id == other.key_id
            && Algorithm::ALL.iter().any(both_verify)
    }
}

impl KeySet {
    /// Reads a JWK Set, for the default backend.
    ///
    /// Keys that are not for verifying signatures here are left out: another `kty`, `crv` or `alg`, another `use` or
    /// `key_ops`, an RSA modulus out of range. What is malformed has the whole set refused, and so does a private or
    /// symmetric key in it, and a `kid` that two keys of it have for the same algorithm.
    ///
    /// # Errors
    ///
    /// Says why the set was refused.
    pub fn from_jwk_set(json: &[u8]) -> Result<Self, KeySetRejected> {
        Self::from_jwk_set_with(json, Backend::default())
    }

    /// As [`from_jwk_set`](Self::from_jwk_set), for `backend`.
    ///
    /// # Errors
    ///
    /// Says why the set was refused.
    pub fn from_jwk_set_with(json: &[u8], backend: Backend) -> Result<Self, KeySetRejected> {
        Self::of(jwk::read_set(document(json)?, backend)?)
    }

    /// Reads `{"keys": [...]}` with PEM texts in it, as Trello publishes them, for the default backend. Such keys have no
    /// `kid`.
    ///
    /// # Errors
    ///
    /// Says why the list was refused.
    pub fn from_pem_list(json: &[u8]) -> Result<Self, KeySetRejected> {
        Self::from_pem_list_with(json, Backend::default())
    }

    /// As [`from_pem_list`](Self::from_pem_list), for `backend`.
    ///
    /// # Errors
    ///
    /// Says why the list was refused.
    pub fn from_pem_list_with(json: &[u8], backend: Backend) -> Result<Self, KeySetRejected> {
        Self::of(pem_list::read(document(json)?, backend)?)
    }

    fn of(keys: Vec<PublishedKey>) -> Result<Self, KeySetRejected> {
        if keys.is_empty() {
            return Err(KeySetRejected::NoKeys);
        }
        let is_ambiguous = keys.iter().enumerate().any(|(place, key)| {
            let before = keys.iter().take(place);
            before.into_iter().any(|other| key.is_ambiguous_with(other))
        });
        if is_ambiguous {
            return Err(KeySetRejected::DuplicateKeyId);
        }
        Ok(Self {
            version: KeySetVersion(KeySerial::next()),
            keys: keys.into_boxed_slice(),
        })
    }

    /// How many keys there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none: never.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What tells this set from all others.
    #[must_use]
    pub const fn version(&self) -> KeySetVersion {
        self.version
    }

    /// For the fuzz targets: the `kid` of each key, and the algorithms that it verifies.
    #[cfg(feature = "internals")]
    pub(crate) fn keys(&self) -> impl Iterator<Item = (Option<&str>, Vec<Algorithm>)> {
        self.keys.iter().map(|key| {
            let algorithms = Algorithm::ALL.iter().copied();
            let verified = algorithms.filter(|algorithm| key.verifies(*algorithm));
            (key.key_id.as_deref(), verified.collect())
        })
    }

    /// Checks a signature with the key of this `kid`.
    pub(crate) fn verify_by_id(
        &self,
        key_id: &str,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let is_of = |key: &&PublishedKey| key.key_id.as_deref() == Some(key_id);
        let mut named = self.keys.iter().filter(is_of).peekable();
        if named.peek().is_none() {
            return Err(VerifyError::KeyUnknown);
        }
        match named.find(|key| key.verifies(algorithm)) {
            Some(found) => found.key.verify(algorithm, message, signature),
            None => Err(VerifyError::AlgorithmMismatch),
        }
    }

    /// Checks a signature with each of the keys, of which [eight](crate::limits::MAX_KEYS_TRIED) at most are tried.
    pub(crate) fn verify_by_any(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let fitting = self.keys.iter().filter(|key| key.verifies(algorithm));
        let mut refusal = VerifyError::AlgorithmMismatch;
        for tried in fitting.take(crate::limits::MAX_KEYS_TRIED) {
            match tried.key.verify(algorithm, message, signature) {
                Ok(()) => return Ok(()),
                Err(refused) => refusal = refused,
            }
        }
        Err(refusal)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet").field("len", &self.len()).finish()
    }
}

/// The text of a set.
fn document(json: &[u8]) -> Result<&str, KeySetRejected> {
    if json.len() > MAX_KEY_SET_LENGTH {
        return Err(KeySetRejected::TooLong);
    }
    simdutf8::basic::from_utf8(json).map_err(|_| KeySetRejected::NotJson)
}
