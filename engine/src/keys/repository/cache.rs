//! The keys at hand, on two levels.
//!
//! All of them lie in a quick_cache, bounded by count and bytes, which also knows what to evict. Those in use lie
//! beside it in snapshots that readers share without writing a word: 64 parts, each an arc-swap of a hash table, so
//! that adding a key copies one part. A reader borrows the entry under the snapshot's guard; cloning the `Arc` of a
//! key that two threads use costs more than the look-up.
//!
//! Either level may hold what the other has dropped, so together they hold at most twice the bounds.

mod shard;

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::SeedableRandomState;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Lifecycle, Weighter};

use self::shard::{Shard, ShardBounds, find};
use super::entry::Entry;
use super::environment::{Moment, Now};
use crate::VerifyingKey;
use crate::limits::{KEY_ENTRY_OVERHEAD, KEY_SNAPSHOT_SHARDS, MAX_KEYS_IN_SNAPSHOT_SHARD};

/// The keys at hand.
pub(super) struct KeyCache<V = VerifyingKey> {
    hasher: SeedableRandomState,
    in_use: Box<[Shard<V>]>,
    all: Cache<Box<str>, Arc<Entry<V>>, AtLeast, SeedableRandomState, Evictions<V>>,
    evictions: Arc<AtomicU64>,
}

/// An entry weighs its bytes, and at least its share of the bytes if there are as many as allowed: so one capacity
/// bounds both.
#[derive(Debug, Clone)]
struct AtLeast(u64);

impl<V> Weighter<Box<str>, Arc<Entry<V>>> for AtLeast {
    fn weight(&self, _: &Box<str>, entry: &Arc<Entry<V>>) -> u64 {
        entry.weight().max(self.0)
    }
}

/// Counts what has to go, and drops it when no lock is held, as the default does.
struct Evictions<V> {
    count: Arc<AtomicU64>,
    then: DefaultLifecycle<Box<str>, Arc<Entry<V>>>,
}

impl<V> Clone for Evictions<V> {
    fn clone(&self) -> Self {
        Self {
            count: Arc::clone(&self.count),
            then: self.then.clone(),
        }
    }
}

impl<V> Lifecycle<Box<str>, Arc<Entry<V>>> for Evictions<V> {
    type RequestState = <DefaultLifecycle<Box<str>, Arc<Entry<V>>> as Lifecycle<
        Box<str>,
        Arc<Entry<V>>,
    >>::RequestState;

    fn on_evict(&self, state: &mut Self::RequestState, key_id: Box<str>, entry: Arc<Entry<V>>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        entry.set_listed(false);
        self.then.on_evict(state, key_id, entry);
    }
}

impl<V> KeyCache<V> {
    /// A cache of at most `max_keys` keys and `max_bytes` bytes, on each level.
    pub(super) fn new(max_keys: usize, max_bytes: u64, hasher: SeedableRandomState) -> Self {
        let keys = u64::try_from(max_keys).unwrap_or(u64::MAX).max(1);
        let share = max_bytes.checked_div(keys).unwrap_or(max_bytes).max(1);
        // As many as may fit. A few keys are not spread so thin that one part is full while another is empty.
        let fitting = max_bytes.checked_div(KEY_ENTRY_OVERHEAD).unwrap_or(0);
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX).min(max_keys);
        let shards = (fitting / 16)
            .next_power_of_two()
            .clamp(1, KEY_SNAPSHOT_SHARDS);
        let bounds = ShardBounds {
            keys: max_keys.div_ceil(shards).min(MAX_KEYS_IN_SNAPSHOT_SHARD),
            bytes: max_bytes
                .checked_div(u64::try_from(shards).unwrap_or(1))
                .unwrap_or(max_bytes),
        };
        let evictions = Arc::default();
        Self {
            in_use: (0..shards).map(|_| Shard::new(bounds)).collect(),
            all: Cache::with(
                fitting,
                max_bytes,
                AtLeast(share),
                hasher.clone(),
                Evictions {
                    count: Arc::clone(&evictions),
                    then: DefaultLifecycle::default(),
                },
            ),
            evictions,
            hasher,
        }
    }

    /// Hands the entry of a key that is usable at `now` to `use_entry`.
    pub(super) fn with_usable<T>(
        &self,
        key_id: &str,
        now: impl Now,
        use_entry: impl FnOnce(&Arc<Entry<V>>) -> T,
    ) -> Option<T> {
        let hash = self.hasher.hash_one(key_id);
        let shard = self.shard(hash)?;
        let snapshot = shard.snapshot();
        if let Some(entry) = find(&snapshot, hash, key_id).filter(|entry| entry.is_usable(now)) {
            entry.mark_used();
            return Some(use_entry(entry));
        }
        drop(snapshot);
        let entry = self.all.get(key_id).filter(|entry| entry.is_usable(now))?;
        entry.mark_used();
        shard.promote(&self.hasher, hash, &entry, now);
        Some(use_entry(&entry))
    }

    /// The entry of a key, usable or not.
    pub(super) fn stored(&self, key_id: &str) -> Option<Arc<Entry<V>>> {
        let in_use = || {
            let hash = self.hasher.hash_one(key_id);
            find(&self.shard(hash)?.snapshot(), hash, key_id).cloned()
        };
        self.all.peek(key_id).or_else(in_use)
    }

    /// Stores an entry in the place of what was there.
    pub(super) fn insert(&self, entry: &Arc<Entry<V>>, now: Moment) {
        self.list(entry);
        let hash = self.hasher.hash_one(entry.key_id());
        if let Some(shard) = self.shard(hash) {
            shard.add(&self.hasher, hash, entry, now);
        }
    }

    /// Keeps an entry that lives on: if one level has dropped it meanwhile, the other one is told.
    pub(super) fn keep(&self, entry: &Arc<Entry<V>>) {
        if !self.all.contains_key(entry.key_id()) {
            self.list(entry);
        }
    }

    /// Puts an entry among all of them, unless it has to go at once. Flights of one key are one after the other, and only
    /// they list its entries.
    fn list(&self, entry: &Arc<Entry<V>>) {
        // Before, since whoever evicts it says so under the lock of its part.
        entry.set_listed(true);
        if let Some(before) = self.all.peek(entry.key_id())
            && !Arc::ptr_eq(&before, entry)
        {
            before.set_listed(false);
        }
        self.all.insert(entry.key_id().into(), Arc::clone(entry));
        if !self.is_in_all(entry) {
            entry.set_listed(false);
        }
    }

    fn is_in_all(&self, entry: &Arc<Entry<V>>) -> bool {
        let stored = self.all.peek(entry.key_id());
        stored.is_some_and(|stored| Arc::ptr_eq(&stored, entry))
    }

    /// The entry of a key, if it is among all of them: for a lease, which holds no longer than that.
    pub(super) fn listed(&self, key_id: &str) -> Option<Arc<Entry<V>>> {
        self.all.peek(key_id)
    }

    /// Whether an entry is the one that a flight of its key would begin with. One that was evicted lives on in leases.
    pub(super) fn is_stored(&self, entry: &Arc<Entry<V>>) -> bool {
        let stored = self.stored(entry.key_id());
        stored.is_some_and(|stored| Arc::ptr_eq(&stored, entry))
    }

    /// Ends an entry, and drops it from both levels.
    pub(super) fn remove(&self, entry: &Arc<Entry<V>>) {
        entry.end();
        entry.set_listed(false);
        self.all
            .remove_if(entry.key_id(), |stored| Arc::ptr_eq(stored, entry));
        let hash = self.hasher.hash_one(entry.key_id());
        if let Some(shard) = self.shard(hash) {
            shard.remove(&self.hasher, entry);
        }
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many keys the snapshots hold.
    pub(super) fn len_in_use(&self) -> usize {
        self.in_use
            .iter()
            .map(|shard| shard.snapshot().len())
            .fold(0, usize::saturating_add)
    }

    /// What the keys weigh against the limit.
    pub(super) fn bytes(&self) -> u64 {
        self.all.weight()
    }

    /// How many keys had to go since the start.
    pub(super) fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }

    /// How many keys had to leave the snapshots since the start.
    pub(super) fn evictions_from_use(&self) -> u64 {
        let each = self.in_use.iter();
        each.map(|shard| shard.evictions())
            .fold(0, u64::wrapping_add)
    }

    /// How long ago the key was validated, of those usable at `now`, for which that is longest ago. It walks through
    /// both levels, and copies each `kid` on its way.
    pub(super) fn oldest(&self, now: Moment) -> Option<Duration> {
        let validated_at =
            |entry: &Arc<Entry<V>>| entry.is_usable(now).then(|| entry.validated_at());
        let all = self
            .all
            .iter()
            .filter_map(|(_, entry)| validated_at(&entry));
        let in_use = self
            .in_use
            .iter()
            .filter_map(|shard| shard.snapshot().iter().filter_map(validated_at).min());
        all.chain(in_use)
            .min()
            .map(|validated| now.since(validated))
    }

    /// The part of a hash, by bits that the table inside does not use.
    fn shard(&self, hash: u64) -> Option<&Shard<V>> {
        let index = usize::try_from((hash >> 40) & 0xffff)
            .ok()?
            .checked_rem(self.in_use.len())?;
        self.in_use.get(index)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::keys::repository::entry::tests::{at, entry, lifetime, response};

    const LONG: u64 = 1000;

    fn cache(max_keys: usize) -> KeyCache {
        KeyCache::new(max_keys, 1 << 30, SeedableRandomState::fixed())
    }

    fn fresh(key_id: &str) -> Arc<Entry> {
        entry(key_id, &lifetime(LONG, LONG, LONG))
    }

    fn has(cache: &KeyCache, key_id: &str, second: u64) -> bool {
        cache
            .with_usable(key_id, at(second), |entry| {
                assert_eq!(entry.key_id(), key_id)
            })
            .is_some()
    }

    #[test]
    fn a_stored_key_is_found_until_it_goes_stale() {
        let cache = cache(100);
        assert!(!has(&cache, "a/b", 0));
        cache.insert(&fresh("a/b"), at(0));
        assert!(
            has(&cache, "a/b", LONG - 1) && !has(&cache, "a/b", LONG) && !has(&cache, "a/c", 0)
        );
        assert!(cache.stored("a/b").is_some());
    }

    #[test]
    fn an_entry_that_lives_on_is_seen_without_a_new_snapshot() {
        let cache = cache(100);
        let entry = fresh("a/b");
        cache.insert(&entry, at(0));
        let before = cache
            .in_use
            .iter()
            .map(|shard| Arc::clone(&shard.snapshot()))
            .collect::<Vec<_>>();
        entry.renew(response(), at(LONG), &lifetime(LONG, LONG, LONG), 0);
        cache.keep(&entry);
        assert!(has(&cache, "a/b", LONG + 1));
        for (shard, before) in cache.in_use.iter().zip(before) {
            assert!(Arc::ptr_eq(&shard.snapshot(), &before));
        }
    }

    #[test]
    fn a_removed_key_is_gone_even_from_a_snapshot_taken_before() {
        let cache = cache(100);
        let entry = fresh("a/b");
        cache.insert(&entry, at(0));
        cache.insert(&fresh("a/c"), at(0));
        let held = Arc::clone(&entry);
        cache.remove(&entry);
        assert!(!held.is_usable(at(0)));
        assert!(!has(&cache, "a/b", 0) && has(&cache, "a/c", 0) && cache.stored("a/b").is_none());
        assert_eq!((cache.len(), cache.len_in_use()), (1, 1));
    }

    #[test]
    fn a_new_entry_takes_the_place_of_the_old_on_both_levels() {
        let cache = cache(100);
        let (old, new) = (fresh("a/b"), fresh("a/b"));
        cache.insert(&old, at(0));
        cache.insert(&new, at(0));
        cache.with_usable("a/b", at(0), |entry| assert!(Arc::ptr_eq(entry, &new)));
        assert_eq!((cache.len(), cache.len_in_use()), (1, 1));
        cache.remove(&old);
        assert!(has(&cache, "a/b", 0));
    }

    /// An entry is listed as long as a flight of its key would know it, whatever else holds it.
    #[test]
    fn what_was_evicted_replaced_or_removed_is_not_listed() {
        let cache = cache(20);
        let entries: Vec<_> = (0..200)
            .map(|number| fresh(&format!("svc/{}", number % 120)))
            .collect();
        for entry in &entries {
            cache.insert(entry, at(0));
            for entry in &entries {
                assert_eq!(entry.is_listed(), cache.is_in_all(entry));
            }
        }
        let count = || entries.iter().filter(|entry| entry.is_listed()).count();
        assert!((10..=20).contains(&count()), "{}", count());
        let (listed, evicted) = (
            entries.iter().find(|entry| entry.is_listed()).unwrap(),
            entries.iter().find(|entry| !entry.is_listed()).unwrap(),
        );
        cache.remove(listed);
        assert!(!listed.is_listed());
        cache.keep(evicted);
        assert_eq!(evicted.is_listed(), cache.is_in_all(evicted));
    }

    #[test]
    fn a_key_not_in_use_is_promoted_when_it_is_used() {
        let cache = cache(100);
        let entry = fresh("a/b");
        cache.all.insert("a/b".into(), Arc::clone(&entry));
        assert_eq!(cache.len_in_use(), 0);
        assert!(has(&cache, "a/b", 0));
        assert_eq!(cache.len_in_use(), 1);
    }

    #[test]
    fn both_levels_are_bounded_by_count_and_by_bytes() {
        let by_count = KeyCache::new(50, 1 << 30, SeedableRandomState::fixed());
        let by_bytes = KeyCache::new(
            1 << 20,
            50 * fresh("svc/key-000").weight(),
            SeedableRandomState::fixed(),
        );
        for number in 0..1000 {
            for cache in [&by_count, &by_bytes] {
                cache.insert(&fresh(&format!("svc/key-{number:03}")), at(0));
                assert!(
                    cache.len() <= 50 && cache.len_in_use() <= 64,
                    "{} {}",
                    cache.len(),
                    cache.len_in_use()
                );
            }
        }
        for cache in [&by_count, &by_bytes] {
            assert!(cache.len() > 25);
            // Each that is no longer there had to go, and none of them twice.
            let gone = 1000 - u64::try_from(cache.len()).unwrap();
            assert_eq!(cache.evictions(), gone);
            assert!(cache.bytes() > 0);
        }
    }

    #[test]
    fn the_age_is_that_of_the_usable_key_that_was_validated_longest_ago() {
        let cache = cache(100);
        assert_eq!(cache.oldest(at(5)), None);
        cache.insert(&entry("a/stale", &lifetime(1, 1, 1)), at(0));
        assert_eq!(cache.oldest(at(5)), None);
        let (older, newer) = (fresh("a/older"), fresh("a/newer"));
        older.renew(response(), at(2), &lifetime(LONG, LONG, LONG), 0);
        newer.renew(response(), at(4), &lifetime(LONG, LONG, LONG), 0);
        cache.insert(&newer, at(4));
        assert_eq!(cache.oldest(at(5)), Some(Duration::from_secs(1)));
        cache.insert(&older, at(4));
        assert_eq!(cache.oldest(at(5)), Some(Duration::from_secs(3)));
        cache.remove(&older);
        assert_eq!(cache.oldest(at(5)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn the_full_snapshot_drops_the_unusable_first_and_then_the_unused() {
        let cache = cache(3);
        let (stale, used, unused) = (
            entry("a/stale", &lifetime(1, 1, 1)),
            fresh("a/used"),
            fresh("a/unused"),
        );
        for entry in [&stale, &used, &unused] {
            cache.insert(entry, at(0));
        }
        let in_use = |key_id: &str| {
            let snapshot = cache.in_use[0].snapshot();
            snapshot.iter().any(|entry| entry.key_id() == key_id)
        };
        assert_eq!(cache.evictions_from_use(), 0);
        cache.insert(&fresh("a/first"), at(2));
        assert_eq!(cache.evictions_from_use(), 1);
        assert!(!in_use("a/stale") && in_use("a/used") && in_use("a/unused") && in_use("a/first"));
        // All were used, so the newcomer stays out, and from now on only those used again count as used.
        cache.insert(&fresh("a/second"), at(2));
        assert!(!in_use("a/second") && in_use("a/first"));
        assert!(has(&cache, "a/used", 2) && has(&cache, "a/first", 2));
        cache.insert(&fresh("a/third"), at(2));
        assert!(in_use("a/third") && in_use("a/used") && in_use("a/first") && !in_use("a/unused"));
        assert_eq!(cache.evictions_from_use(), 2);
    }
}
