//! Keys from a key repository over HTTP: "`${baseurl}/${kid}`", cached as HTTP says and in no other way.
//!
//! ```text
//! with_key ─▶ cache ─ hit ─▶ key   (never waits)
//!               └─ miss ─▶ NotLoaded
//! refresher ─ a key in use is near its end ─▶ flight, in the background
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
mod environment;
mod failure;
mod fetch;
mod flight;
mod freshness;
mod issuers;
#[cfg(feature = "internals")]
pub(crate) mod probe;
mod rate;
mod refresher;
mod shared;
#[cfg(feature = "internals")]
pub(crate) mod simulation;
mod stats;
mod sync;
mod transport;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

pub use self::config::KeyRepositoryConfig;
pub use self::stats::KeyRepositoryStats;

use self::admission::Admission;
use self::cache::KeyCache;
use self::environment::{Environment, Machine};
use self::fetch::Fetcher;
use self::refresher::refresh_ahead;
use self::shared::Shared;
use self::transport::{HttpTransport, Transport};
use crate::keys::{KeyError, KeySource, Lookup};
use crate::{ConfigError, KeyId, VerifyingKey, limits};

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
    shared: Arc<Shared<Fetcher, Handle>>,
    runtime: Handle,
    patience: Duration,
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
        let runtime = Handle::try_current().map_err(|_| {
            ConfigError::new("a key repository needs a tokio runtime: make it inside of one, which stays its own")
        })?;
        let cache = KeyCache::new(config.max_keys, config.max_bytes, environment.hasher());
        let admission = Admission::new(config.fetch_limits(), &*environment);
        let fetcher = Fetcher::new(config, transport, Arc::clone(&environment));
        let shared = Arc::new(Shared::new(
            cache,
            admission,
            fetcher,
            runtime.clone(),
            environment,
        ));
        let refresher = refresh_ahead(Arc::clone(shared.schedule()), Arc::downgrade(&shared));
        drop(runtime.spawn(refresher));
        Ok(Self {
            shared,
            runtime,
            patience: config.fetch_deadline.saturating_add(limits::FETCH_GRACE),
        })
    }

    /// The counters since the start.
    #[must_use]
    pub fn stats(&self) -> KeyRepositoryStats {
        self.shared.stats()
    }
}

impl KeySource for KeyRepository {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        self.shared.with_key(key_id, use_key)
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        let waiter = self.shared.join(key_id, issuer);
        let patient = {
            // The caller may be of another runtime, or of none.
            let _runtime = self.runtime.enter();
            tokio::time::timeout(self.patience, waiter.wait())
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
