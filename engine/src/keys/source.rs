//! Where keys come from: an answer at once, or a fetch.

use std::future::Future;
use std::sync::Arc;

use super::{KeyId, KeyLease};
use crate::crypto::VerifyingKey;
use crate::error::VerifyError;

/// What a key source answers without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup<T> {
    /// The key is at hand and was used.
    Found(T),
    /// There is no such key, and a fetch would not find one.
    Unknown,
    /// The key is not at hand. [`KeySource::fetch`] may get it.
    NotLoaded,
}

/// Why a fetch brought no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyError {
    /// The source says that there is no such key.
    Unknown,
    /// The source could not be asked, which says nothing about the token.
    Unavailable,
}

impl From<KeyError> for VerifyError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unknown => Self::KeyUnknown,
            KeyError::Unavailable => Self::KeyUnavailable,
        }
    }
}

/// Where an engine gets its keys.
pub trait KeySource: Send + Sync {
    /// Hands the key to `use_key` if it is at hand. Never waits, and lends the key instead of sharing it, since
    /// a reference count that all threads write would cost more than the look-up.
    fn with_key<T>(&self, key_id: KeyId<'_>, use_key: impl FnOnce(&VerifyingKey) -> T)
    -> Lookup<T>;

    /// A hold on a key at hand, which a [token cache](crate::TokenCache) keeps with each token and asks on each hit instead of
    /// looking the key up. Not a use of the key. A source that hands out none has its keys looked up; one that wraps another
    /// can hand out the other's, if it adds nothing of its own to [`with_key`](Self::with_key).
    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        let _ = key_id;
        None
    }

    /// Gets a key that is not at hand: the only wait of a verification. `issuer` is who owns the key, as the token
    /// claims, so that a source can limit what one issuer costs; it says nothing about which key this is.
    fn fetch(
        &self,
        key_id: KeyId<'_>,
        issuer: &str,
    ) -> impl Future<Output = Result<Arc<VerifyingKey>, KeyError>> + Send;
}

impl<K: KeySource> KeySource for Arc<K> {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        (**self).with_key(key_id, use_key)
    }

    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        (**self).lease(key_id)
    }

    fn fetch(
        &self,
        key_id: KeyId<'_>,
        issuer: &str,
    ) -> impl Future<Output = Result<Arc<VerifyingKey>, KeyError>> + Send {
        (**self).fetch(key_id, issuer)
    }
}
