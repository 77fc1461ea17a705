//! What monitoring is told of a key repository: the counters since its start, and how it stands. Plain data, to be
//! written out in whatever format; it names repositories, and neither keys nor tokens.

use std::time::Duration;

/// The counters of a [`KeyRepository`](super::KeyRepository) since its start, and how it stands now.
///
/// They are read one after the other while others go on counting, so sums may be out by what happened meanwhile. Taking
/// a snapshot walks the cache for the ages, at less than 5 microseconds a key without optimisation: it is for once in
/// some seconds. It holds up no look-up of a key in use.
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
    pub(super) fn failures(&self) -> u64 {
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
