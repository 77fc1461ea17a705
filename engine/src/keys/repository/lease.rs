//! A hold on a fetched key: its entry, asked directly.
//!
//! It holds while the entry is listed among all of the cache, since whoever fetches the key then knows of it: a 404 ends
//! it, another key takes its place and ends it, a 304 has it live on. An entry that was evicted would miss all that, so a
//! lease on it does not hold any more, and a look-up decides.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::entry::Entry;
use super::failover::Failover;
use super::shared::Shared;
use crate::KeyId;
use crate::crypto::KeySerial;

/// A hold on the entry of a key.
#[derive(Clone)]
pub(in crate::keys) struct EntryLease {
    entry: Arc<Entry>,
    shared: Arc<Shared<Failover, Handle>>,
}

impl EntryLease {
    /// A hold on the key of `key_id`, if its entry is listed.
    pub(super) fn new(shared: Arc<Shared<Failover, Handle>>, key_id: KeyId<'_>) -> Option<Self> {
        let entry = shared.listed(key_id)?;
        Some(Self { entry, shared })
    }

    /// Whether the key is at hand and the same, in which case this was a use of it.
    pub(in crate::keys) fn is_current(&self) -> bool {
        self.shared.use_entry(&self.entry)
    }

    /// Which key it is.
    pub(in crate::keys) fn key(&self) -> KeySerial {
        self.entry.key().serial()
    }
}

impl fmt::Debug for EntryLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryLease").finish_non_exhaustive()
    }
}
