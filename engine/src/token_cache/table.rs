//! The sets, and who has to go when there is no room: whoever was not used since a hand came by last (CLOCK).
//!
//! One thread at a time keeps a token; who finds another at it goes away, and the token is checked in full once more. To
//! replace an entry, arc-swap asks every thread whether it is looking at it, so an insertion takes 0.1 microseconds more for
//! each thread there is; that only one thread pays that at any time bounds what a flood of new tokens takes from the others.
//!
//! A hit marks its token as used, once. When bytes are short, a hand goes from set to set: it takes the mark off what has
//! one, and frees what has none. A token that has expired is not accepted any more, so it loses its mark and then its
//! place; tokens that come once never get a mark, so a flood of them frees itself.

use std::sync::Arc;

use super::entry::{Entry, Verified};
use super::finder::Hash;
use super::ledger::{Charge, Ledger};
use super::prefetch;
use super::set::{PLACES, Set};
use super::sync::{AtomicU64, Mutex, Ordering, TryLockError};
use crate::limits::{MAX_SWEPT_SETS, TOKEN_CACHE_BYTES_PER_PLACE, TOKEN_CACHE_NEAR_BYTES};

pub(super) struct Table {
    sets: Box<[Set]>,
    ledger: Arc<Ledger>,
    /// Held by whoever changes a set.
    hand: Mutex<Hand>,
    insertions: AtomicU64,
    evictions: AtomicU64,
}

/// The set at which the next search for room begins.
struct Hand(usize);

impl Table {
    /// A table that takes no more than `max_bytes` with all that is in it. None if there is not enough memory for its
    /// sets.
    pub(super) fn new(max_bytes: usize) -> Option<Self> {
        let set_and_its_entries = TOKEN_CACHE_BYTES_PER_PLACE
            .saturating_mul(PLACES)
            .saturating_add(size_of::<Set>());
        let count = max_bytes.checked_div(set_and_its_entries)?.max(1);
        let mut sets = Vec::new();
        sets.try_reserve_exact(count).ok()?;
        sets.resize_with(count, Set::default);
        let left = max_bytes
            .saturating_sub(count.saturating_mul(size_of::<Set>()))
            .saturating_sub(size_of::<Ledger>());
        Some(Self {
            sets: sets.into_boxed_slice(),
            ledger: Ledger::new(left),
            hand: Mutex::new(Hand(0)),
            insertions: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        })
    }

    /// The set of a token.
    #[inline]
    pub(super) fn set(&self, hash: Hash) -> Option<&Set> {
        self.sets.get(hash.choose(self.sets.len()))
    }

    /// Has all that is looked at for tokens of these hashes brought near, for all of them at the same time.
    pub(super) fn prepare(&self, hashes: &[Option<Hash>]) {
        if !prefetch::IS_AVAILABLE {
            return;
        }
        let sets = || {
            hashes
                .iter()
                .flatten()
                .filter_map(|hash| Some((self.set(*hash)?, *hash)))
        };
        sets().for_each(|(set, _)| prefetch::line(set));
        // What fits into a processor's own cache is near already, and to go there twice more costs as much as it gains.
        if self.ledger.bytes() < TOKEN_CACHE_NEAR_BYTES {
            return;
        }
        let each_entry = |look: fn(&Entry)| {
            for (set, hash) in sets() {
                set.find(hash, |entry| {
                    look(entry);
                    None::<()>
                });
            }
        };
        each_entry(prefetch::line);
        each_entry(Entry::prefetch);
    }

    /// Keeps a token, in the place of what was kept of it before. Does nothing if another thread is keeping one, or if
    /// there is no room for it now.
    pub(super) fn keep(&self, hash: Hash, verified: &Verified<'_>) {
        let Some(set) = self.set(hash) else { return };
        let mut hand = match self.hand.try_lock() {
            Ok(hand) => hand,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let mut is_kept = false;
        let before = set.place_of(hash, |entry| {
            let is_of_it = entry.texts_if_of(verified.token).is_some();
            is_kept |= is_of_it && entry.key() == verified.key;
            is_of_it
        });
        if is_kept {
            return;
        }
        let charge = self.charge(&mut hand, Entry::weight(verified));
        if let Some(charge) = charge
            && let Some(place) = before.or_else(|| set.room())
            && let Some(entry) = Entry::new(verified, charge)
        {
            if set.keep(place, hash, entry) {
                self.evictions.fetch_add(1, Ordering::Relaxed);
            }
            self.insertions.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The charge of an entry. What is short is made free, as far as the hand gets.
    fn charge(&self, hand: &mut Hand, bytes: usize) -> Option<Charge> {
        let charge = self.ledger.charge(bytes);
        charge.or_else(|| {
            (0..MAX_SWEPT_SETS.min(self.sets.len())).find_map(|_| {
                self.sweep_one(hand);
                self.ledger.charge(bytes)
            })
        })
    }

    fn sweep_one(&self, hand: &mut Hand) {
        let Some(set) = self.sets.get(hand.0).or_else(|| self.sets.first()) else {
            return;
        };
        let swept = u64::try_from(set.sweep()).unwrap_or(0);
        self.evictions.fetch_add(swept, Ordering::Relaxed);
        let next = hand.0.saturating_add(1);
        hand.0 = next.checked_rem(self.sets.len()).unwrap_or(0);
    }

    /// As if another thread kept a token.
    #[cfg(test)]
    #[cfg(not(shuttle))]
    pub(super) fn hold(&self) -> impl Drop {
        self.hand.lock().unwrap()
    }

    pub(super) fn insertions(&self) -> u64 {
        self.insertions.load(Ordering::Relaxed)
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions.load(Ordering::Relaxed)
    }

    pub(super) fn entries(&self) -> usize {
        self.ledger.entries()
    }

    /// What the sets and all entries take.
    pub(super) fn bytes(&self) -> usize {
        let sets = self.sets.len().saturating_mul(size_of::<Set>());
        sets.saturating_add(self.ledger.bytes())
    }
}
