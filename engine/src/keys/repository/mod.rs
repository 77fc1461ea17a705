//! Keys from a key repository over HTTP: "`${baseurl}/${kid}`", cached as HTTP says and in no other way.
//!
//! ```text
//! with_key ─▶ cache ─ hit ─▶ key   (never waits; near the key's end a hit starts a refresh)
//!               └─ miss ─▶ NotLoaded
//! fetch ─▶ flight ─ leader ─▶ admission ─▶ fetch ─▶ freshness ─▶ cache ─▶ everyone who waits
//!               └─ others wait
//! ```
//!
//! A fetch runs on a task of its own, so that no caller's hanging up cancels it for others. Its failure reaches
//! those who waited and is not kept. What a response means for a token: 403, 404 and 410 say that there is no such
//! key; whatever else yields no key says nothing about the token.
//!
//! Freshness is kept in monotonic time; the time of day is read only for the dates that HTTP compares.

mod admission;
mod cache;
mod cache_control;
mod config;
mod connector;
mod entry;
mod failure;
mod fetch;
mod flight;
mod freshness;
#[cfg(feature = "internals")]
pub(crate) mod probe;
mod stats;
mod url;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

pub use self::config::KeyRepositoryConfig;
pub use self::stats::KeyRepositoryStats;

use self::admission::{Admission, Purpose};
use self::cache::KeyCache;
use self::entry::{Entry, MonotonicClock};
use self::fetch::{Answer, Fetcher, Reuse};
use self::flight::{Flights, Joined, Landing, Waiter};
use self::stats::Stats;
use crate::keys::{KeyError, KeySource, Lookup};
use crate::{ConfigError, KeyId, VerifyingKey, limits};

/// What a flight brings to those who wait for it.
type Fetched = Result<Arc<VerifyingKey>, KeyError>;

/// The client of a key repository: a [`KeySource`] over HTTP.
///
/// Clones share everything.
///
/// A response is kept for as long as its own headers say, and one without `max-age` or `Expires` is not kept at all:
/// it serves those who waited for it. The same goes for each redirect on the way: a repository that redirects without
/// `Cache-Control` on the redirect is asked for every token.
///
/// ```no_run
/// use asap_engine::{KeyId, KeyRepository, KeyRepositoryConfig, KeySource, Lookup};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = KeyRepositoryConfig::new("https://keys.example/v1")?
///     .with_fallback("https://keys-standby.example/v1")?;
/// let keys = KeyRepository::new(config)?;
/// let key_id = KeyId::parse("service/key-1").ok_or("not a kid")?;
/// match keys.with_key(key_id, |_key| "at hand") {
///     Lookup::Found(answer) => println!("{answer}"),
///     _ => match keys.fetch(key_id).await {
///         Ok(_key) => println!("fetched"),
///         Err(error) => println!("{error:?}"),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyRepository {
    shared: Arc<Shared>,
}

struct Shared {
    cache: KeyCache,
    flights: Arc<Flights<Fetched>>,
    admission: Admission,
    fetcher: Fetcher,
    clock: MonotonicClock,
    runtime: Handle,
    patience: Duration,
    stats: Stats,
}

impl KeyRepository {
    /// A client as `config` wants it. It asks nothing yet. Fetches run on the tokio runtime that this is called in,
    /// which needs I/O and time enabled.
    ///
    /// # Errors
    /// If a setting cannot work, if there is no tokio runtime, or if the platform's root certificates cannot be
    /// loaded.
    pub fn new(config: KeyRepositoryConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let runtime = Handle::try_current().map_err(|_| {
            ConfigError::new("a key repository needs a tokio runtime: make it inside of one, which stays its own")
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                cache: KeyCache::new(config.max_keys, config.max_bytes),
                flights: Arc::new(Flights::new()),
                admission: Admission::new(config.max_concurrent_fetches),
                fetcher: Fetcher::new(&config)?,
                clock: MonotonicClock::start(),
                runtime,
                patience: config.fetch_deadline.saturating_add(limits::FETCH_GRACE),
                stats: Stats::default(),
            }),
        })
    }

    /// The counters since the start.
    #[must_use]
    pub fn stats(&self) -> KeyRepositoryStats {
        let shared = &self.shared;
        shared.stats.snapshot(
            shared.cache.len(),
            shared.cache.len_in_use(),
            shared.flights.len(),
        )
    }
}

impl KeySource for KeyRepository {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        let shared = &self.shared;
        let now = shared.clock.now();
        let found = shared.cache.with_usable(key_id.as_str(), now, |entry| {
            let used = use_key(entry.key());
            (used, entry.claim_refresh(now).then(|| Arc::clone(entry)))
        });
        let Some((used, due)) = found else {
            return Lookup::NotLoaded;
        };
        shared.stats.hit();
        if let Some(entry) = due {
            shared.refresh(entry);
        }
        Lookup::Found(used)
    }

    async fn fetch(&self, key_id: KeyId<'_>) -> Result<Arc<VerifyingKey>, KeyError> {
        let shared = &self.shared;
        let waiter = match shared.flights.join(key_id.as_str()) {
            Joined::Lead(landing) => shared.lead(landing),
            Joined::Wait(waiter) => {
                shared.stats.coalesced();
                waiter
            }
        };
        let patient = {
            // The caller may be of another runtime, or of none.
            let _runtime = shared.runtime.enter();
            tokio::time::timeout(shared.patience, waiter.wait())
        };
        match patient.await {
            Ok(Some(fetched)) => fetched,
            Ok(None) | Err(_) => Err(KeyError::Unavailable),
        }
    }
}

impl fmt::Debug for KeyRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRepository")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Leads the flight of a key that a caller waits for.
    fn lead(self: &Arc<Self>, landing: Landing<Fetched>) -> Waiter<Fetched> {
        let waiter = landing.waiter();
        let known = self.cache.stored(landing.key());
        let usable = known
            .as_ref()
            .filter(|entry| entry.is_usable(self.clock.now()));
        if let Some(entry) = usable {
            // The flight before this one landed after this caller had looked.
            self.stats.hit();
            landing.land(Ok(Arc::clone(entry.key())));
            return waiter;
        }
        self.depart(landing, known);
        waiter
    }

    /// Refreshes in the background a key that is still usable; the caller has claimed it.
    fn refresh(self: &Arc<Self>, entry: Arc<Entry>) {
        match self.flights.join(entry.key_id()) {
            Joined::Lead(landing) => self.depart(landing, Some(entry)),
            Joined::Wait(_) => drop(RefreshClaim::new(self, Some(&entry))),
        }
    }

    /// Starts the fetch, if the limits allow it.
    fn depart(self: &Arc<Self>, landing: Landing<Fetched>, known: Option<Arc<Entry>>) {
        let purpose = if known.is_some() {
            Purpose::Revalidation
        } else {
            Purpose::FirstFetch
        };
        let claim = RefreshClaim::new(self, known.as_ref());
        let Some(place) = self.admission.admit(purpose) else {
            self.stats.refused_by_limits();
            // Counted, and not a warning: a flood would fill the log.
            tracing::debug!(
                key_id = landing.key(),
                "the key was not asked for: too many fetches are under way"
            );
            landing.land(Err(KeyError::Unavailable));
            return;
        };
        self.stats.fetch();
        if purpose == Purpose::Revalidation {
            self.stats.revalidation();
        }
        let flight = Arc::clone(self).fly(landing, known, place, claim);
        self.runtime.spawn(flight);
    }

    async fn fly(
        self: Arc<Self>,
        landing: Landing<Fetched>,
        known: Option<Arc<Entry>>,
        place: OwnedSemaphorePermit,
        claim: RefreshClaim,
    ) {
        let Some(key_id) = KeyId::parse(landing.key()) else {
            return;
        };
        let stored = known.as_ref().map(|entry| entry.response());
        let answer = self.fetcher.fetch(key_id, stored.as_deref()).await;
        let fetched = self.settle(key_id, known, answer);
        drop(claim);
        drop(place);
        landing.land(fetched);
    }

    /// Brings the cache up to date with an answer, and tells what those who wait get.
    fn settle(&self, key_id: KeyId<'_>, known: Option<Arc<Entry>>, answer: Answer) -> Fetched {
        match (answer, known) {
            (
                Answer::Key {
                    key,
                    body_length,
                    reuse,
                },
                known,
            ) => {
                let key = Arc::new(key);
                self.store(key_id, &key, body_length, reuse);
                if let Some(known) = known {
                    // After the store: whoever looks meanwhile finds one or the other.
                    self.cache.remove(&known);
                }
                Ok(key)
            }
            (Answer::Unchanged { reuse }, Some(known)) => {
                let key = Arc::clone(known.key());
                self.renew(&known, reuse);
                Ok(key)
            }
            (Answer::NoSuchKey, known) => {
                if let Some(known) = known {
                    self.cache.remove(&known);
                }
                Err(KeyError::Unknown)
            }
            (Answer::Failed(failure), Some(known)) => {
                self.stats.failure();
                let now = self.clock.now();
                known.could_not_refresh(now, failure.allows_stale(), random());
                if known.is_usable(now) {
                    Ok(Arc::clone(known.key()))
                } else {
                    Err(KeyError::Unavailable)
                }
            }
            (Answer::Failed(_) | Answer::Unchanged { .. }, None) => {
                self.stats.failure();
                Err(KeyError::Unavailable)
            }
        }
    }

    fn store(&self, key_id: KeyId<'_>, key: &Arc<VerifyingKey>, body_length: usize, reuse: Reuse) {
        let Reuse {
            response,
            lifetime,
            asked,
        } = reuse;
        if lifetime.is_reusable() {
            let asked = self.clock.moment(asked);
            let key = Arc::clone(key);
            let entry = Entry::new(
                key_id.as_str(),
                key,
                body_length,
                response,
                asked,
                &lifetime,
                random(),
            );
            self.cache.insert(&Arc::new(entry), self.clock.now());
        }
    }

    fn renew(&self, known: &Arc<Entry>, reuse: Reuse) {
        let Reuse {
            response,
            lifetime,
            asked,
        } = reuse;
        if lifetime.is_reusable() {
            known.renew(response, self.clock.moment(asked), &lifetime, random());
            self.cache.keep(known);
        } else {
            self.cache.remove(known);
        }
    }
}

/// The duty to refresh a key. However the attempt ends, another one becomes possible.
struct RefreshClaim {
    claimed: Option<Arc<Entry>>,
    clock: MonotonicClock,
}

impl RefreshClaim {
    fn new(shared: &Shared, known: Option<&Arc<Entry>>) -> Self {
        Self {
            claimed: known.map(Arc::clone),
            clock: shared.clock,
        }
    }
}

impl Drop for RefreshClaim {
    fn drop(&mut self) {
        if let Some(entry) = &self.claimed {
            entry.postpone_claimed(self.clock.now(), random());
        }
    }
}

/// Jitter, not secrets: the standard library's hasher keys, new with each call.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_outside_of_a_runtime_is_a_configuration_error() {
        let config = KeyRepositoryConfig::allowing_http_to_loopback("http://127.0.0.1").unwrap();
        assert!(
            KeyRepository::new(config)
                .unwrap_err()
                .to_string()
                .contains("tokio runtime")
        );
    }
}
