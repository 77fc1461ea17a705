//! Stand-in of this branch only: the lead's `keys/mod.rs` replaces it at the merge.

use std::sync::Arc;

use crate::{KeyId, VerifyingKey};

/// What a key source has at hand.
#[derive(Debug)]
#[non_exhaustive]
pub enum Lookup<T> {
    /// The key was at hand; this is what became of it.
    Found(T),
    /// There is certainly no such key.
    Unknown,
    /// [`KeySource::fetch`] may get it.
    NotLoaded,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such key.
    Unknown,
    /// The source could not be asked.
    Unavailable,
}

/// Where keys come from.
pub trait KeySource: Send + Sync {
    /// Never waits; hands the key to `use_key` if it is at hand and usable.
    fn with_key<T>(&self, key_id: KeyId<'_>, use_key: impl FnOnce(&VerifyingKey) -> T)
    -> Lookup<T>;

    /// The only wait.
    fn fetch(
        &self,
        key_id: KeyId<'_>,
    ) -> impl Future<Output = Result<Arc<VerifyingKey>, KeyError>> + Send;
}
