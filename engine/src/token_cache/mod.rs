//! Tokens that were verified, for clients that use a token again, as the specification lets them.
//!
//! The key is the token, whole: a hash of its end [finds](finder) it, and all of its bytes are compared. What was found is
//! accepted only if it is still so: the time is checked, and the key source is asked whether the key that verified it
//! is the one that it would be verified with now, by a lease on that key, or else by a look-up. Whatever is not found, or not so any more, is checked in full. So the
//! cache refuses nothing, and no refusal is ever kept.
//!
//! ```text
//! token ─ finder ─▶ set ─ same bytes ─▶ entry ─ time, key ─▶ the texts, copied
//! ```
//!
//! A reader takes no lock, allocates nothing, and writes no line that is shared but for one mark, once. An
//! [entry](entry) never changes; a [set] of seven lets the others go without a lock. What all take together is in a
//! [ledger].

mod entry;
mod finder;
mod ledger;
mod prefetch;
mod set;
mod stats;
mod sync;
mod table;

#[cfg(test)]
#[cfg(shuttle)]
mod interleavings;
#[cfg(test)]
#[cfg(not(shuttle))]
mod tests;

use std::fmt;

pub(crate) use self::entry::Verified;
pub use self::stats::TokenCacheStats;

use self::finder::{Finder, Hash};
use self::table::Table;
use crate::crypto::KeySerial;
use crate::error::ConfigError;
use crate::identity::Layout;
use crate::keys::{KeyId, KeyLease};
use crate::limits::{BATCH_AT_ONE_TIME, MIN_TOKEN_CACHE_BYTES};
use crate::pipeline::Window;
use crate::striped::StripedCounter;

/// Remembers verified tokens, in bounded memory: for [`Engine::with_token_cache`](crate::Engine::with_token_cache).
///
/// A token takes its own length, that of its `kid` and its claims, and some 220 bytes: 1.1 KB for a realistic one. When
/// all bytes are taken, tokens that were not used for the longest go.
///
/// A token also holds on to its key, which the source would else free when it drops it: where each token has a key of its
/// own from a `KeyRepository`, those are some KiB for each beside what is counted here, until the token goes.
///
/// The tokens in it are bearer tokens. They stay in this process's memory until others take their place, after they have
/// expired, too.
pub struct TokenCache {
    finder: Finder,
    table: Table,
    max_bytes: usize,
    hits: StripedCounter,
    misses: StripedCounter,
}

impl TokenCache {
    /// A cache that takes at most `max_bytes` of memory, all included.
    ///
    /// # Errors
    ///
    /// If that is less than [`MIN_TOKEN_CACHE_BYTES`](crate::limits::MIN_TOKEN_CACHE_BYTES) or more than there is, or if
    /// the system has no randomness.
    pub fn new(max_bytes: usize) -> Result<Self, ConfigError> {
        Self::with_finder(max_bytes, Finder::random()?)
    }

    fn with_finder(max_bytes: usize, finder: Finder) -> Result<Self, ConfigError> {
        if max_bytes < MIN_TOKEN_CACHE_BYTES {
            return Err(ConfigError::new(format!(
                "a token cache of {max_bytes} bytes is too small to be of use: give it at least {MIN_TOKEN_CACHE_BYTES}"
            )));
        }
        let table = Table::new(max_bytes.saturating_sub(Self::FIXED)).ok_or_else(|| {
            ConfigError::new(format!(
                "there is not enough memory for a token cache of {max_bytes} bytes"
            ))
        })?;
        Ok(Self {
            finder,
            table,
            max_bytes,
            hits: StripedCounter::new(),
            misses: StripedCounter::new(),
        })
    }

    /// What it takes beside the table's share, in bytes.
    const FIXED: usize = size_of::<Self>().saturating_add(StripedCounter::BYTES.saturating_mul(2));

    /// The counters since the start, and how it stands.
    #[must_use]
    pub fn stats(&self) -> TokenCacheStats {
        TokenCacheStats {
            hits: self.hits.total(),
            misses: self.misses.total(),
            insertions: self.table.insertions(),
            evictions: self.table.evictions(),
            entries: self.table.entries(),
            bytes: self.table.bytes().saturating_add(Self::FIXED),
            max_bytes: self.max_bytes,
        }
    }

    /// What `take` makes of the identity of `token`, if it was verified, `is_time` says of its window that it is
    /// now, and `is_current` of its key that it still is the one with this serial number. `take` gets the identity's texts and their layout.
    #[inline]
    pub(crate) fn recall<T>(
        &self,
        token: &[u8],
        is_time: impl Fn(Window) -> bool,
        is_current: impl Fn(KeyId<'_>, KeySerial) -> bool,
        take: impl FnMut(&str, &Layout) -> T,
    ) -> Option<T> {
        let hash = self.finder.hash(token);
        let recalled = hash.and_then(|hash| self.find(hash, token, is_time, is_current, take));
        match recalled {
            Some(_) => self.hits.count(),
            None => self.misses.count(),
        }
        recalled
    }

    #[inline]
    fn find<T>(
        &self,
        hash: Hash,
        token: &[u8],
        is_time: impl Fn(Window) -> bool,
        is_current: impl Fn(KeyId<'_>, KeySerial) -> bool,
        mut take: impl FnMut(&str, &Layout) -> T,
    ) -> Option<T> {
        self.table.set(hash)?.find(hash, |entry| {
            let texts = entry.texts_if_of(token)?;
            let key_id = || KeyId::of_verified(entry.layout().key_id(texts));
            let holds = is_time(entry.window())
                && (entry.lease().is_some_and(KeyLease::is_current)
                    || is_current(key_id(), entry.key()));
            holds.then(|| take(texts, entry.layout()))
        })
    }

    /// Has what is looked at for these tokens brought near: memory that would else be waited for, for one after the other.
    pub(crate) fn prepare(&self, tokens: &[&[u8]]) {
        let mut hashes = [None; BATCH_AT_ONE_TIME];
        for (hash, token) in hashes.iter_mut().zip(tokens) {
            *hash = self.finder.hash(token);
        }
        self.table.prepare(&hashes);
    }

    /// Keeps a token that was verified just now.
    pub(crate) fn keep(&self, verified: &Verified<'_>) {
        if let Some(hash) = self.finder.hash(verified.token) {
            self.table.keep(hash, verified);
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
