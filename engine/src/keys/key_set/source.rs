//! Where sets of keys come from: an answer at once, or a fetch.

use std::future::Future;
use std::sync::Arc;

use super::{KeySet, KeySetVersion};
use crate::keys::KeyError;

/// Where a verifier gets the set of keys that its tokens are signed with.
pub trait KeySetSource: Send + Sync {
    /// Hands the set to `use_set` if it is at hand. Never waits.
    fn with_set<T>(&self, use_set: impl FnOnce(&KeySet) -> T) -> Option<T>;

    /// Gets the set: the only wait of a verification. `seen` is the set in which a token's key was not found, if there was
    /// one at hand; a source that may not be asked again so soon says what it knows.
    ///
    /// [`KeyError::Unknown`] says that the set that was seen is the newest, so that the key is in none;
    /// [`KeyError::Unavailable`] that nobody could find out.
    fn fetch(
        &self,
        seen: Option<KeySetVersion>,
    ) -> impl Future<Output = Result<Arc<KeySet>, KeyError>> + Send;
}

impl<K: KeySetSource> KeySetSource for Arc<K> {
    fn with_set<T>(&self, use_set: impl FnOnce(&KeySet) -> T) -> Option<T> {
        (**self).with_set(use_set)
    }

    fn fetch(
        &self,
        seen: Option<KeySetVersion>,
    ) -> impl Future<Output = Result<Arc<KeySet>, KeyError>> + Send {
        (**self).fetch(seen)
    }
}
