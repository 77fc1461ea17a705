//! A set that is known by configuration, swapped whole.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{KeySet, KeySetSource, KeySetVersion};
use crate::keys::KeyError;

/// The content of a file, as a source of keys. Readers take no lock; [`replace`](Self::replace) puts another set in its
/// place at once.
pub struct StaticKeySet {
    set: ArcSwap<KeySet>,
}

impl StaticKeySet {
    /// A source of this set.
    #[must_use]
    pub fn new(set: KeySet) -> Self {
        Self {
            set: ArcSwap::from_pointee(set),
        }
    }

    /// Puts `set` in the place of the one that was there. A verification that is under way may still end with that.
    pub fn replace(&self, set: KeySet) {
        self.set.store(Arc::new(set));
    }
}

impl KeySetSource for StaticKeySet {
    fn with_set<T>(&self, use_set: impl FnOnce(&KeySet) -> T) -> Option<T> {
        Some(use_set(&self.set.load()))
    }

    async fn fetch(&self, seen: Option<KeySetVersion>) -> Result<Arc<KeySet>, KeyError> {
        let set = self.set.load_full();
        if seen == Some(set.version()) {
            Err(KeyError::Unknown)
        } else {
            Ok(set)
        }
    }
}

impl fmt::Debug for StaticKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaticKeySet")
            .field(&self.set.load())
            .finish()
    }
}
