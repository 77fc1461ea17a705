//! Counters that no two threads fight for.
//!
//! A hit is counted on the way of every token, so each thread writes a cache line of its own; reading adds
//! the lines up.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::admission::Refusal;

/// Lines for the hits: more threads than this share lines, and lose a few nanoseconds, not counts.
const STRIPES: usize = 64;

/// Two cache lines, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// A counter with a line per thread.
#[derive(Debug)]
struct StripedCounter {
    lines: Box<[Line]>,
}

impl Default for StripedCounter {
    fn default() -> Self {
        Self {
            lines: (0..STRIPES).map(|_| Line::default()).collect(),
        }
    }
}

impl StripedCounter {
    fn increment(&self) {
        if let Some(line) = self.lines.get(thread_stripe()) {
            line.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sum(&self) -> u64 {
        self.lines.iter().fold(0, |sum: u64, line| {
            sum.wrapping_add(line.0.load(Ordering::Relaxed))
        })
    }
}

/// The line of the calling thread: threads take them in turn.
fn thread_stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    STRIPE.try_with(|stripe| *stripe).unwrap_or(0)
}

/// What happens off the hot path is counted plainly.
#[derive(Debug, Default)]
pub(super) struct Stats {
    hits: StripedCounter,
    fetches: AtomicU64,
    coalesced: AtomicU64,
    refused_by_places: AtomicU64,
    refused_by_issuer_rate: AtomicU64,
    refused_by_rate: AtomicU64,
    revalidations: AtomicU64,
    failures: AtomicU64,
}

impl Stats {
    pub(super) fn hit(&self) {
        self.hits.increment();
    }

    pub(super) fn fetch(&self) {
        self.fetches.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn coalesced(&self) {
        self.coalesced.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::Places => &self.refused_by_places,
            Refusal::IssuerRate => &self.refused_by_issuer_rate,
            Refusal::Rate => &self.refused_by_rate,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn revalidation(&self) {
        self.revalidations.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(
        &self,
        keys: usize,
        keys_in_use: usize,
        in_flight: usize,
    ) -> KeyRepositoryStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let refused_by_places = load(&self.refused_by_places);
        let refused_by_issuer_rate = load(&self.refused_by_issuer_rate);
        let refused_by_rate = load(&self.refused_by_rate);
        KeyRepositoryStats {
            hits: self.hits.sum(),
            fetches: self.fetches.load(Ordering::Relaxed),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            refused_by_limits: refused_by_places
                .saturating_add(refused_by_issuer_rate)
                .saturating_add(refused_by_rate),
            refused_by_places,
            refused_by_issuer_rate,
            refused_by_rate,
            revalidations: self.revalidations.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            keys,
            keys_in_use,
            in_flight,
        }
    }
}

/// The counters of a [`KeyRepository`](super::KeyRepository) since its start, read one after the other while others
/// go on counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyRepositoryStats {
    /// Look-ups that found a usable key at hand.
    pub hits: u64,
    /// Fetches begun, refreshes in the background included. Redirects and further repositories are part of one
    /// fetch.
    pub fetches: u64,
    /// Callers that waited for a fetch another had begun.
    pub coalesced: u64,
    /// Fetches that were not begun because a limit was reached: the sum of the next three.
    pub refused_by_limits: u64,
    /// Those that were not begun because too many were under way.
    pub refused_by_places: u64,
    /// Those that were not begun because their issuer had asked for too many keys that there were not.
    pub refused_by_issuer_rate: u64,
    /// Those that were not begun because all issuers together had.
    pub refused_by_rate: u64,
    /// Fetches that asked about a key already in the cache.
    pub revalidations: u64,
    /// Fetches that yielded neither a key nor the answer that there is none.
    pub failures: u64,
    /// Keys in the cache, stale ones included.
    pub keys: usize,
    /// Keys in the snapshot that the hot path reads.
    pub keys_in_use: usize,
    /// Fetches under way.
    pub in_flight: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_of_all_threads_add_up() {
        let stats = Stats::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| stats.hit()));
            }
        });
        assert_eq!(stats.snapshot(0, 0, 0).hits, 4000);
    }
}
