//! Counters that no two threads fight for, and the snapshot of them that monitoring reads.
//!
//! A look-up is counted on the way of every token, so each thread writes a cache line of its own; reading adds
//! the lines up. What happens off the hot path is counted plainly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::admission::Refusal;
use super::failure::Failure;

/// Lines for the look-ups: more threads than this share lines, and lose a few nanoseconds, not counts.
const STRIPES: usize = 64;

/// Two cache lines, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The line of the calling thread: threads take them in turn.
fn thread_stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    STRIPE.try_with(|stripe| *stripe).unwrap_or(0)
}

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
    lines: Box<[Line]>,
    coalesced: AtomicU64,
    fetches: AtomicU64,
    revalidations: AtomicU64,
    refused_by_issuer_rate: AtomicU64,
    refused_by_rate: AtomicU64,
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
            lines: (0..STRIPES).map(|_| Line::default()).collect(),
            coalesced: AtomicU64::new(0),
            fetches: AtomicU64::new(0),
            revalidations: AtomicU64::new(0),
            refused_by_issuer_rate: AtomicU64::new(0),
            refused_by_rate: AtomicU64::new(0),
            outcomes: Outcomes::default(),
            first_fetches_under_way: AtomicUsize::new(0),
            revalidations_under_way: AtomicUsize::new(0),
        }
    }
}

impl Stats {
    pub(super) fn hit(&self) {
        if let Some(line) = self.lines.get(thread_stripe()) {
            line.hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn miss(&self) {
        if let Some(line) = self.lines.get(thread_stripe()) {
            line.misses.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn coalesced(&self) {
        self.coalesced.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, refusal: Refusal) {
        let counter = match refusal {
            Refusal::IssuerRate => &self.refused_by_issuer_rate,
            Refusal::Rate => &self.refused_by_rate,
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
                | Failure::NotAKey(_) => &outcomes.body,
            },
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What is counted here; the rest of the snapshot is left empty.
    pub(super) fn snapshot(&self) -> KeyRepositoryStats {
        let sum = |counter: fn(&Line) -> &AtomicU64| {
            self.lines.iter().fold(0, |sum: u64, line| {
                sum.wrapping_add(counter(line).load(Ordering::Relaxed))
            })
        };
        let refused_by_issuer_rate = self.refused_by_issuer_rate.load(Ordering::Relaxed);
        let refused_by_rate = self.refused_by_rate.load(Ordering::Relaxed);
        let outcomes = self.outcomes.snapshot();
        KeyRepositoryStats {
            hits: sum(|line| &line.hits),
            misses: sum(|line| &line.misses),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            fetches: self.fetches.load(Ordering::Relaxed),
            revalidations: self.revalidations.load(Ordering::Relaxed),
            failures: outcomes.failures(),
            outcomes,
            refused_by_limits: refused_by_issuer_rate.wrapping_add(refused_by_rate),
            refused_by_issuer_rate,
            refused_by_rate,
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

/// The counters of a [`KeyRepository`](super::KeyRepository) since its start, and how it stands now.
///
/// They are read one after the other while others go on counting, so sums may be out by what happened meanwhile. Taking
/// a snapshot walks the cache for the ages: some microseconds for a hundred keys, milliseconds for many thousand. It
/// holds up no look-up of a key in use. Once in some seconds is what it is for.
///
/// As Prometheus reads it:
///
/// ```
/// use asap_engine::{KeyRepository, KeyRepositoryConfig, KeyRepositoryStats};
/// use std::fmt::{Display, Write};
///
/// fn prometheus(stats: &KeyRepositoryStats) -> Result<String, std::fmt::Error> {
///     let mut text = String::new();
///     let mut sample = |name: &str, label: &str, value: &str, number: &dyn Display| match label {
///         "" => writeln!(text, "asap_keys_{name} {number}"),
///         _ => writeln!(text, "asap_keys_{name}{{{label}=\"{value}\"}} {number}"),
///     };
///     sample("lookups_total", "result", "hit", &stats.hits)?;
///     sample("lookups_total", "result", "miss", &stats.misses)?;
///     sample("coalesced_total", "", "", &stats.coalesced)?;
///     for (outcome, count) in stats.outcomes.by_name() {
///         sample("fetches_total", "outcome", outcome, &count)?;
///     }
///     sample("refused_total", "limit", "issuer_rate", &stats.refused_by_issuer_rate)?;
///     sample("refused_total", "limit", "rate", &stats.refused_by_rate)?;
///     sample("evictions_total", "", "", &stats.evictions)?;
///     sample("stored", "", "", &stats.keys)?;
///     sample("stored_bytes", "", "", &stats.bytes)?;
///     sample("fetches_in_flight", "", "", &stats.in_flight)?;
///     if let Some(age) = stats.oldest_key {
///         sample("oldest_seconds", "", "", &age.as_secs_f64())?;
///     }
///     for repository in &stats.repositories {
///         // No quotation mark and no backslash is in a URL that the engine has taken.
///         sample("repository_up", "repository", &repository.base_url, &u8::from(repository.is_up))?;
///     }
///     Ok(text)
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # let _entered = runtime.enter();
/// let config = KeyRepositoryConfig::allowing_http_to_loopback("http://127.0.0.1:8080")?;
/// let text = prometheus(&KeyRepository::new(config)?.stats())?;
/// assert!(text.contains("asap_keys_fetches_total{outcome=\"not_found\"} 0\n"));
/// assert!(text.contains("asap_keys_repository_up{repository=\"http://127.0.0.1:8080\"} 1\n"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyRepositoryStats {
    /// Look-ups that found a usable key at hand, and callers of a fetch who found one there after all.
    pub hits: u64,
    /// Look-ups that found none.
    pub misses: u64,
    /// Callers that waited for a fetch another had begun.
    pub coalesced: u64,
    /// Fetches begun, refreshes in the background included. Redirects and further repositories are part of one
    /// fetch.
    pub fetches: u64,
    /// Those of them that asked about a key already in the cache.
    pub revalidations: u64,
    /// How those ended that have.
    pub outcomes: FetchOutcomes,
    /// Fetches that yielded neither a key nor the answer that there is none: the sum of the failures among the
    /// outcomes.
    pub failures: u64,
    /// Fetches that were not begun because a limit was reached: the sum of the next two.
    pub refused_by_limits: u64,
    /// Those that were not begun because their issuer had asked for too many keys that there were not.
    pub refused_by_issuer_rate: u64,
    /// Those that were not begun because all issuers together had.
    pub refused_by_rate: u64,
    /// Questions whether a repository that was down answers again. They are not fetches.
    pub probes: u64,
    /// Keys that had to go because the cache was full.
    pub evictions: u64,
    /// Keys that had to leave the snapshot that the hot path reads because it was full. They may still be in the cache.
    pub evictions_from_use: u64,
    /// Keys in the cache, stale ones included.
    pub keys: usize,
    /// Keys in the snapshot that the hot path reads.
    pub keys_in_use: usize,
    /// What the keys in the cache count for against its limit, in bytes.
    pub bytes: u64,
    /// Keys that are being fetched, or for which a fetch waits for its place; refreshes in the background included.
    pub in_flight: usize,
    /// Fetches under way of keys that are not in the cache.
    pub first_fetches_under_way: usize,
    /// Fetches under way of keys that are.
    pub revalidations_under_way: usize,
    /// For how long the oldest fetch has been under way, or has waited for its place.
    pub oldest_flight: Option<Duration>,
    /// How long ago the usable key was fetched or revalidated for which that is longest ago.
    pub oldest_key: Option<Duration>,
    /// The repositories, in their order.
    pub repositories: Vec<RepositoryStats>,
}

/// How fetches ended. One whose task was ended with its runtime counts nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FetchOutcomes {
    /// With a key.
    pub key: u64,
    /// The stored response still holds (304).
    pub unchanged: u64,
    /// There is no such key.
    pub not_found: u64,
    /// The connection could not be made (name, proxy, TCP), or broke.
    pub connection: u64,
    /// TLS did not come about.
    pub tls: u64,
    /// A deadline passed.
    pub deadline: u64,
    /// A status that says nothing about the key.
    pub status: u64,
    /// A redirect that may not be followed, or one too many.
    pub redirect: u64,
    /// The answer was not HTTP, or its body no key, too long, or encoded.
    pub body: u64,
}

impl FetchOutcomes {
    /// All of them by name, for labels.
    #[must_use]
    pub const fn by_name(&self) -> [(&'static str, u64); 9] {
        [
            ("key", self.key),
            ("unchanged", self.unchanged),
            ("not_found", self.not_found),
            ("connection", self.connection),
            ("tls", self.tls),
            ("deadline", self.deadline),
            ("status", self.status),
            ("redirect", self.redirect),
            ("body", self.body),
        ]
    }

    /// Those that yielded neither a key nor the answer that there is none.
    fn failures(&self) -> u64 {
        [
            self.connection,
            self.tls,
            self.deadline,
            self.status,
            self.redirect,
            self.body,
        ]
        .into_iter()
        .fold(0, u64::wrapping_add)
    }
}

/// How one repository stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepositoryStats {
    /// Its base URL, without a slash at the end.
    pub base_url: String,
    /// Whether it answered last: false from the first connection failure, deadline or 5xx to the next other answer. Of
    /// several repositories, fetches pass by those that are down.
    pub is_up: bool,
    /// For how long it has been up, or down.
    pub unchanged_for: Duration,
    /// Requests that failed so since the last answer, probes included.
    pub consecutive_failures: u32,
    /// Questions whether it answers again.
    pub probes: u64,
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
