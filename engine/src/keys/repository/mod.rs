//! Keys from a key repository over HTTP: "`${baseurl}/${kid}`", cached as HTTP says and in no other way.
//!
//! ```text
//! with_key ─▶ cache ─ hit ─▶ key   (never waits)
//!               └─ miss ─▶ NotLoaded
//! refresher ─ a key in use is near its end ─▶ flight, in the background
//! fetch ─▶ flight ─ leader ─▶ admission ─▶ failover ─▶ fetch ─▶ freshness ─▶ cache ─▶ everyone who waits
//!               └─ others wait
//! ```
//!
//! A fetch runs on a task of its own, so that no caller's hanging up cancels it for others. Its failure reaches
//! those who waited and is not kept. Of several repositories one that is down is passed by until it answers again, and
//! that is all that is remembered of an outage. What a response means for a token: 403, 404 and 410 say that there is
//! no such key; whatever else yields no key says nothing about the token.
//!
//! Freshness is kept in monotonic time; the time of day is read only for the dates that HTTP compares.

// What is asked of it, and what it says of itself.
mod client;
mod config;
mod key_set;
mod key_set_config;
mod snapshot;
mod stats;
mod warm_up;

// Keys at hand.
mod cache;
mod entry;
mod lease;
mod refresher;

// How long they may be used.
mod cache_control;
mod freshness;

// Who fetches, and whether.
mod admission;
mod flight;
mod issuers;
mod rate;
mod shared;
mod sync;

// Which repository is asked.
mod failover;
mod health;
mod origin;
mod prober;

// One key from one repository.
mod failure;
mod fetch;
mod redirect;
mod url;

// Below it: connections, clocks and chance.
mod address;
mod connection;
mod connector;
mod environment;
mod proxy;
mod resolver;
mod transport;

// For the fuzz targets and the simulator.
#[cfg(feature = "internals")]
pub(crate) mod probe;
#[cfg(feature = "internals")]
pub(crate) mod simulation;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

pub use self::config::KeyRepositoryConfig;
pub use self::key_set::KeySetRepository;
pub use self::key_set_config::{KeySetFormat, KeySetRepositoryConfig};
pub use self::snapshot::{FetchOutcomes, KeyRepositoryStats, RepositoryStats};
pub use self::warm_up::WarmUp;

pub(super) use self::lease::EntryLease;

use self::admission::Purpose;
use self::client::Client;
use self::environment::{Environment, Machine};
use self::fetch::Reading;
use self::shared::Fetched;
use self::transport::{HttpTransport, Transport};
use crate::keys::{KeyError, KeyLease, KeySource, Lookup};
use crate::{ConfigError, KeyId, VerifyingKey};

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
///     _ => match keys.fetch(key_id, "service").await {
///         Ok(_key) => println!("fetched"),
///         Err(error) => println!("{error:?}"),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeyRepository {
    client: Client,
    places: usize,
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
        let transport = Arc::new(HttpTransport::new(&config)?);
        Self::assemble(&config, transport, Arc::new(Machine))
    }

    /// The client of a checked configuration, on a transport and in an environment of the caller's.
    fn assemble(
        config: &KeyRepositoryConfig,
        transport: Arc<dyn Transport>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, ConfigError> {
        let client = Client::assemble(config, Reading::KEY, transport, environment)?;
        Ok(Self {
            client,
            places: config.max_concurrent_fetches,
        })
    }

    /// Has the keys fetched that are not at hand, and waits until each is there or is not coming: for a gateway that
    /// holds traffic back until its keys are there. No rate limits it; as many keys are asked for at once as
    /// [`with_max_concurrent_fetches`](KeyRepositoryConfig::with_max_concurrent_fetches) says.
    ///
    /// ```no_run
    /// # async fn example(keys: asap_engine::KeyRepository) {
    /// # use asap_engine::KeyId;
    /// let wanted = ["service-a/key-1", "service-b/key-1"].map(|text| KeyId::parse(text).expect("a kid"));
    /// while !keys.warm_up(wanted).await.unavailable.is_empty() {
    ///     tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    /// }
    /// // Now open the door.
    /// # }
    /// ```
    pub async fn warm_up<'a>(&self, key_ids: impl IntoIterator<Item = KeyId<'a>>) -> WarmUp {
        let mut result = WarmUp::default();
        let mut under_way = VecDeque::new();
        for key_id in key_ids {
            if self.client.shared.is_at_hand(key_id) {
                result.at_hand = result.at_hand.saturating_add(1);
                continue;
            }
            under_way.push_back((key_id, self.client.shared.join(key_id, Purpose::WarmUp)));
            if under_way.len() >= self.places
                && let Some((key_id, waiter)) = under_way.pop_front()
            {
                self.note(&mut result, key_id, self.client.wait(waiter).await);
            }
        }
        for (key_id, waiter) in under_way {
            self.note(&mut result, key_id, self.client.wait(waiter).await);
        }
        result
    }

    fn note(&self, result: &mut WarmUp, key_id: KeyId<'_>, fetched: Fetched) {
        let missing = match fetched {
            Ok(_) if self.client.shared.is_at_hand(key_id) => {
                result.at_hand = result.at_hand.saturating_add(1);
                return;
            }
            Ok(_) => &mut result.not_kept,
            Err(KeyError::Unknown) => &mut result.unknown,
            Err(KeyError::Unavailable) => &mut result.unavailable,
        };
        missing.push(key_id.as_str().into());
    }

    /// Whether the key may be used now, without a wait. Asking is no use of it, and is counted nowhere.
    #[must_use]
    pub fn is_at_hand(&self, key_id: KeyId<'_>) -> bool {
        self.client.shared.is_at_hand(key_id)
    }

    /// The counters since the start, and how things stand. It walks the cache: see [`KeyRepositoryStats`].
    #[must_use]
    pub fn stats(&self) -> KeyRepositoryStats {
        self.client.shared.stats()
    }
}

impl KeySource for KeyRepository {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        self.client.shared.with_key(key_id, use_key)
    }

    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        let lease = EntryLease::new(Arc::clone(&self.client.shared), key_id)?;
        Some(KeyLease::of_entry(lease))
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        self.client
            .wait(
                self.client
                    .shared
                    .join(key_id, Purpose::FirstFetch { issuer }),
            )
            .await
    }
}

impl fmt::Debug for KeyRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRepository")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(shuttle)]
mod interleavings;
#[cfg(test)]
#[cfg(not(shuttle))]
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
