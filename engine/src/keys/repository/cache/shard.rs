//! One part of the snapshot of the keys in use: a table that is replaced whole, and who makes the next one.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use super::Entry;
use crate::keys::repository::environment::{Moment, Now};

/// What one part of the snapshot may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShardBounds {
    pub(super) keys: usize,
    pub(super) bytes: u64,
}

impl ShardBounds {
    fn allow<V>(self, entries: &[Arc<Entry<V>>]) -> bool {
        let bytes = entries
            .iter()
            .map(|entry| entry.weight())
            .fold(0, u64::saturating_add);
        entries.len() <= self.keys && bytes <= self.bytes
    }
}

/// One part of the snapshot.
pub(super) struct Shard<V> {
    bounds: ShardBounds,
    snapshot: ArcSwap<HashTable<Arc<Entry<V>>>>,
    /// Held by whoever makes the next snapshot; readers never ask for it.
    changing: Mutex<()>,
    evictions: AtomicU64,
}

impl<V> Shard<V> {
    pub(super) fn new(bounds: ShardBounds) -> Self {
        Self {
            bounds,
            snapshot: ArcSwap::from_pointee(HashTable::new()),
            changing: Mutex::new(()),
            evictions: AtomicU64::new(0),
        }
    }

    /// The keys as they are now. Readers neither lock nor write.
    pub(super) fn snapshot(&self) -> Guard<Arc<HashTable<Arc<Entry<V>>>>> {
        self.snapshot.load()
    }

    /// How many keys had to leave since the start.
    pub(super) fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }

    /// Adds an entry that is in use again, unless somebody else is changing the snapshot: the next use will do.
    pub(super) fn promote(
        &self,
        hasher: &SeedableRandomState,
        hash: u64,
        entry: &Arc<Entry<V>>,
        now: impl Now,
    ) {
        if let Ok(_changing) = self.changing.try_lock() {
            self.place(hasher, hash, entry, now);
        }
    }

    /// Adds a new entry.
    pub(super) fn add(
        &self,
        hasher: &SeedableRandomState,
        hash: u64,
        entry: &Arc<Entry<V>>,
        now: Moment,
    ) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.place(hasher, hash, entry, now);
    }

    /// Puts an entry in the place of another of its key. If there is no room, the unusable ones go, then those not
    /// used since the last time there was no room; if all are in use, the newcomer stays out for now.
    fn place(&self, hasher: &SeedableRandomState, hash: u64, entry: &Arc<Entry<V>>, now: impl Now) {
        let current = self.snapshot.load();
        if find(&current, hash, entry.key_id()).is_some_and(|present| Arc::ptr_eq(present, entry)) {
            return;
        }
        let others = current
            .iter()
            .filter(|other| other.key_id() != entry.key_id());
        let mut entries: Vec<_> = others.map(Arc::clone).collect();
        let others = entries.len();
        entries.push(Arc::clone(entry));
        if !self.bounds.allow(&entries) {
            entries.retain(|entry| entry.is_usable(now));
        }
        if !self.bounds.allow(&entries) {
            entries.retain(|other| Arc::ptr_eq(other, entry) || other.take_used());
        }
        if !self.bounds.allow(&entries) {
            entries.retain(|other| !Arc::ptr_eq(other, entry));
            if entries.len() == current.len() {
                return;
            }
        }
        let kept = entries.iter().filter(|other| !Arc::ptr_eq(other, entry));
        let evicted = others.saturating_sub(kept.count());
        let evicted = u64::try_from(evicted).unwrap_or(u64::MAX);
        self.evictions.fetch_add(evicted, Ordering::Relaxed);
        self.publish(hasher, &entries);
    }

    /// Drops this entry, and no other of its key.
    pub(super) fn remove(&self, hasher: &SeedableRandomState, entry: &Arc<Entry<V>>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.snapshot.load();
        let entries: Vec<_> = current
            .iter()
            .filter(|other| !Arc::ptr_eq(other, entry))
            .map(Arc::clone)
            .collect();
        if entries.len() != current.len() {
            self.publish(hasher, &entries);
        }
    }

    fn publish(&self, hasher: &SeedableRandomState, entries: &[Arc<Entry<V>>]) {
        let rehash = |entry: &Arc<Entry<V>>| hasher.hash_one(entry.key_id());
        let mut table = HashTable::with_capacity(entries.len());
        for entry in entries {
            table.insert_unique(rehash(entry), Arc::clone(entry), rehash);
        }
        self.snapshot.store(Arc::new(table));
    }
}

/// The entry of a key in a snapshot.
pub(super) fn find<'t, V>(
    table: &'t HashTable<Arc<Entry<V>>>,
    hash: u64,
    key_id: &str,
) -> Option<&'t Arc<Entry<V>>> {
    table.find(hash, |entry| entry.is_of(key_id))
}
