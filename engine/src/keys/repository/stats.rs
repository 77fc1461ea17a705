//! Counters that no two threads fight for. Monitoring reads them as a snapshot (`snapshot.rs`).
//!
//! A look-up is counted on the way of every token, so its counters are [striped](crate::striped). What happens off the
//! hot path is counted plainly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::admission::Refusal;
use super::failure::Failure;
use super::snapshot::{FetchOutcomes, KeyRepositoryStats};
use crate::striped::StripedCounter;

/// How a fetch ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome<'a> {
    Key,
    Unchanged,
    NotFound,
    Failed(&'a Failure),
}

/// The counters.
#[derive(Debug)]
pub(super) struct Stats {
    hits: StripedCounter,
    misses: StripedCounter,
    coalesced: AtomicU64,
    fetches: AtomicU64,
    revalidations: AtomicU64,
    refused_by_issuer_rate: AtomicU64,
    refused_by_rate: AtomicU64,
    refused_by_places: AtomicU64,
    outcomes: Outcomes,
    first_fetches_under_way: AtomicUsize,
    revalidations_under_way: AtomicUsize,
}

#[derive(Debug, Default)]
struct Outcomes {
    key: AtomicU64,
    unchanged: AtomicU64,
    not_found: AtomicU64,
    connection: AtomicU64,
    tls: AtomicU64,
    deadline: AtomicU64,
    status: AtomicU64,
    redirect: AtomicU64,
    body: AtomicU64,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            hits: StripedCounter::new(),
            misses: StripedCounter::new(),
            coalesced: AtomicU64::new(0),
            fetches: AtomicU64::new(0),
            revalidations: AtomicU64::new(0),
            refused_by_issuer_rate: AtomicU64::new(0),
            refused_by_rate: AtomicU64::new(0),
            refused_by_places: AtomicU64::new(0),
            outcomes: Outcomes::default(),
            first_fetches_under_way: AtomicUsize::new(0),
            revalidations_under_way: AtomicUsize::new(0),
        }
    }
}

impl Stats {
    pub(super) fn hit(&self) {
        self.hits.count();
    }

    pub(super) fn miss(&self) {
        self.misses.count();
    }

    pub(super) fn coalesced(&self) {
        self.coalesced.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::IssuerRate => &self.refused_by_issuer_rate,
            Refusal::Rate => &self.refused_by_rate,
            Refusal::Places => &self.refused_by_places,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A fetch begins. It is under way until the guard is dropped.
    pub(super) fn departed(self: &Arc<Self>, is_revalidation: bool) -> UnderWay {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        if is_revalidation {
            self.revalidations.fetch_add(1, Ordering::Relaxed);
        }
        let under_way = UnderWay {
            stats: Arc::clone(self),
            is_revalidation,
        };
        under_way.gauge().fetch_add(1, Ordering::Relaxed);
        under_way
    }

    /// A fetch has ended so.
    pub(super) fn ended(&self, outcome: Outcome<'_>) {
        let outcomes = &self.outcomes;
        let counter = match outcome {
            Outcome::Key => &outcomes.key,
            Outcome::Unchanged => &outcomes.unchanged,
            Outcome::NotFound => &outcomes.not_found,
            Outcome::Failed(failure) => match failure {
                Failure::Name(_)
                | Failure::Proxy(_)
                | Failure::Connection(_)
                | Failure::Truncated => &outcomes.connection,
                Failure::Tls(_) => &outcomes.tls,
                Failure::Deadline => &outcomes.deadline,
                Failure::Status(_) => &outcomes.status,
                Failure::Url | Failure::Redirect(_) => &outcomes.redirect,
                Failure::Http
                | Failure::ContentEncoding
                | Failure::TooLong
                | Failure::NotAKey(_)
                | Failure::NotAKeySet(_) => &outcomes.body,
            },
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What is counted here; the rest of the snapshot is left empty.
    pub(super) fn snapshot(&self) -> KeyRepositoryStats {
        let refused_by_issuer_rate = self.refused_by_issuer_rate.load(Ordering::Relaxed);
        let refused_by_rate = self.refused_by_rate.load(Ordering::Relaxed);
        let refused_by_places = self.refused_by_places.load(Ordering::Relaxed);
        let outcomes = self.outcomes.snapshot();
        KeyRepositoryStats {
            hits: self.hits.total(),
            misses: self.misses.total(),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            fetches: self.fetches.load(Ordering::Relaxed),
            revalidations: self.revalidations.load(Ordering::Relaxed),
            failures: outcomes.failures(),
            outcomes,
            refused_by_limits: refused_by_issuer_rate
                .wrapping_add(refused_by_rate)
                .wrapping_add(refused_by_places),
            refused_by_issuer_rate,
            refused_by_rate,
            refused_by_places,
            first_fetches_under_way: self.first_fetches_under_way.load(Ordering::Relaxed),
            revalidations_under_way: self.revalidations_under_way.load(Ordering::Relaxed),
            ..KeyRepositoryStats::default()
        }
    }
}

impl Outcomes {
    fn snapshot(&self) -> FetchOutcomes {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FetchOutcomes {
            key: read(&self.key),
            unchanged: read(&self.unchanged),
            not_found: read(&self.not_found),
            connection: read(&self.connection),
            tls: read(&self.tls),
            deadline: read(&self.deadline),
            status: read(&self.status),
            redirect: read(&self.redirect),
            body: read(&self.body),
        }
    }
}

/// One fetch that is under way, until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    stats: Arc<Stats>,
    is_revalidation: bool,
}

impl UnderWay {
    fn gauge(&self) -> &AtomicUsize {
        if self.is_revalidation {
            &self.stats.revalidations_under_way
        } else {
            &self.stats.first_fetches_under_way
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.gauge().fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_of_all_threads_add_up() {
        let stats = Stats::default();
        let look_up = |number| {
            if number % 4 == 0 {
                stats.miss()
            } else {
                stats.hit()
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(look_up));
            }
        });
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.hits, snapshot.misses), (3000, 1000));
    }

    #[test]
    fn a_fetch_is_under_way_until_its_guard_is_dropped() {
        let stats = Arc::new(Stats::default());
        let first = stats.departed(false);
        let second = stats.departed(true);
        let under_way = || {
            let snapshot = stats.snapshot();
            (
                snapshot.first_fetches_under_way,
                snapshot.revalidations_under_way,
            )
        };
        assert_eq!(under_way(), (1, 1));
        drop(first);
        assert_eq!(under_way(), (0, 1));
        drop(second);
        assert_eq!(under_way(), (0, 0));
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.fetches, snapshot.revalidations), (2, 1));
    }
}
