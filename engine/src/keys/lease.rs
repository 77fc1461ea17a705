//! What a key source hands out for a key that is used again and again: whether it is still the key, for less than a
//! look-up.
//!
//! A lease says yes only where a look-up would find the same key. Where it says no, a look-up may still find it: nothing is
//! refused by a lease.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "http")]
use super::repository::EntryLease;
use crate::crypto::KeySerial;

/// A hold on a key at hand, for whoever asks again and again whether it still is: [`KeySource::lease`](super::KeySource::lease).
///
/// It keeps alive what the source holds of that one key, some KiB for a `KeyRepository`, and for a `Keyring` a cache line.
#[derive(Debug, Clone)]
pub struct KeyLease(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Keyring(Arc<Standing>, KeySerial),
    #[cfg(feature = "http")]
    Repository(EntryLease),
}

impl KeyLease {
    /// A lease on a key that is good while its whole set stands.
    pub(super) const fn of_set(standing: Arc<Standing>, key: KeySerial) -> Self {
        Self(Kind::Keyring(standing, key))
    }

    /// A lease on a key that was fetched.
    #[cfg(feature = "http")]
    pub(super) const fn of_entry(entry: EntryLease) -> Self {
        Self(Kind::Repository(entry))
    }

    /// Whether the key is still the one that a look-up would find. Counts as a use of the key if it is; if not, a look-up
    /// tells more.
    #[inline]
    #[must_use]
    pub fn is_current(&self) -> bool {
        match &self.0 {
            Kind::Keyring(standing, _) => standing.stands(),
            #[cfg(feature = "http")]
            Kind::Repository(entry) => entry.is_current(),
        }
    }

    /// Which key it is on.
    pub(crate) fn key(&self) -> KeySerial {
        match &self.0 {
            Kind::Keyring(_, key) => *key,
            #[cfg(feature = "http")]
            Kind::Repository(entry) => entry.key(),
        }
    }
}

/// Whether a set of keys is still the one in use. Away from the reference counts, which are written with each lease, so
/// that those who only ask share a line that changes once.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Standing {
    has_ended: AtomicBool,
}

impl Standing {
    /// The set is not in use any more. Every lease on it says so from now on.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
    }

    fn stands(&self) -> bool {
        !self.has_ended.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Standing").field(&self.stands()).finish()
    }
}
