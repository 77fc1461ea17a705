//! Sets of keys over HTTP: one document that holds all keys of a publisher, kept and refreshed as a single key is.
//!
//! ```text
//! with_set ─▶ cache ─ hit ─▶ set   (never waits)
//! fetch ─ no usable set ──────────────────────────▶ flight ─▶ the rest as for a key
//!       └ a set without the token's key ─▶ just validated? ─ yes ─▶ the key is in none
//!                                            └─ no ─▶ rate ─▶ flight
//! ```
//!
//! A token whose key is not in the set has it asked for again, though it is fresh: publishers rotate. Whoever sends
//! invented tokens causes one such question in each interval and no more. A set that was validated less than an interval
//! ago is as new as anything, so the token is refused; where the question may not be asked or is not answered, nobody
//! knows, and that is `key_unavailable`.
//!
//! Nothing that the server says is an answer about a key but a good set: not 404 either, and not a set that is refused.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::admission::Purpose;
use super::client::Client;
use super::entry::Entry;
use super::environment::{Environment, Machine, Moment};
use super::failure::Failure;
use super::fetch::Reading;
use super::key_set_config::{KeySetFormat, KeySetRepositoryConfig};
use super::rate::{Bucket, Rate};
use super::shared::Fetched;
use super::snapshot::KeyRepositoryStats;
use super::transport::{HttpTransport, Transport};
use crate::keys::{KeyError, KeySet, KeySetSource, KeySetVersion, Lookup};
use crate::limits::{SET_FETCH_BURST, SET_FETCH_INTERVAL};
use crate::{ConfigError, KeyId};

/// The name under which the one document is kept.
const SET: KeyId<'static> = KeyId::of_verified("key-set");

/// The client of one key set: a [`KeySetSource`] over HTTP.
///
/// Clones share everything. The set is kept for as long as its response says, refreshed ahead of its end while it is in use,
/// and asked for again if a token's key is not in it, within
/// [a limit](KeySetRepositoryConfig::with_refetch_interval).
///
/// ```no_run
/// use asap_engine::{ForgePolicy, ForgeVerifier, KeySetFormat, KeySetRepository, KeySetRepositoryConfig};
///
/// # async fn example(token: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let config = KeySetRepositoryConfig::new(
///     KeySetFormat::JwkSet,
///     "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json",
/// )?;
/// let policy = ForgePolicy::new("ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107")?;
/// let verifier = ForgeVerifier::new(policy, KeySetRepository::new(config)?);
/// let invocation = verifier.verify(token).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct KeySetRepository {
    client: Client<KeySet>,
    limits: Arc<Limits>,
}

/// What may be asked, and what was.
struct Limits {
    /// For a set that may have a key which the one at hand has not.
    refetches: Bucket,
    refetch_interval: Duration,
    /// For one in the place of a stale one.
    renewals: Bucket,
}

impl Limits {
    fn may_refetch(&self, now: Moment) -> bool {
        let rate = Rate::new(1, self.refetch_interval);
        self.refetches.take(rate, now)
    }

    fn may_renew(&self, now: Moment) -> bool {
        let rate = Rate::new(SET_FETCH_BURST, SET_FETCH_INTERVAL);
        self.renewals.take(rate, now)
    }

    /// Whether a set is new enough to say that a key is in none.
    fn is_conclusive(&self, entry: &Entry<KeySet>, now: Moment) -> bool {
        entry.is_usable(now) && now.since(entry.validated_at()) < self.refetch_interval
    }
}

impl KeySetRepository {
    /// A client as `config` wants it. It asks nothing yet. Fetches run on the tokio runtime that this is called in, which
    /// needs I/O and time enabled.
    ///
    /// # Errors
    /// If a setting cannot work, if there is no tokio runtime, or if the platform's root certificates cannot be loaded.
    pub fn new(config: KeySetRepositoryConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let transport = Arc::new(HttpTransport::new(&config.http)?);
        Self::assemble(&config, transport, Arc::new(Machine))
    }

    /// The client of a checked configuration, on a transport and in an environment of the caller's.
    pub(super) fn assemble(
        config: &KeySetRepositoryConfig,
        transport: Arc<dyn Transport>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, ConfigError> {
        let reading = match config.format {
            KeySetFormat::JwkSet => Reading::JWK_SET,
            KeySetFormat::PemList => Reading::PEM_LIST,
        };
        Ok(Self {
            client: Client::assemble(&config.http, reading, transport, environment)?,
            limits: Arc::new(Limits {
                refetches: Bucket::full(),
                refetch_interval: config.refetch_interval,
                renewals: Bucket::full(),
            }),
        })
    }

    /// The counters since the start, and how things stand. The set counts as one key.
    #[must_use]
    pub fn stats(&self) -> KeyRepositoryStats {
        self.client.shared.stats()
    }

    /// Gets a set that may be used.
    async fn usable(&self) -> Fetched<KeySet> {
        let shared = &self.client.shared;
        let is_usable = |entry: &Entry<KeySet>, now| entry.is_usable(now);
        let waiter = match shared.stored(SET) {
            // It is stale: nothing else limits how often it is asked for.
            Some(_) => shared.ask_again(SET, is_usable, |now| self.limits.may_renew(now)),
            None => {
                let issuer = SET.as_str();
                shared.join(SET, Purpose::FirstFetch { issuer })
            }
        };
        self.client.wait(waiter).await
    }

    /// Gets a set that may have what `seen` has not.
    async fn newer(&self, seen: KeySetVersion) -> Fetched<KeySet> {
        let shared = &self.client.shared;
        let is_enough = |entry: &Entry<KeySet>, now| {
            let is_another = entry.key().version() != seen && entry.is_usable(now);
            is_another || self.limits.is_conclusive(entry, now)
        };
        let stored = shared.stored(SET);
        let set = match stored.filter(|entry| is_enough(entry, shared.now())) {
            Some(entry) => Arc::clone(entry.key()),
            None => {
                let may_ask = |now| self.limits.may_refetch(now);
                let waiter = shared.ask_again(SET, is_enough, may_ask);
                self.client.wait(waiter).await?
            }
        };
        if set.version() != seen {
            return Ok(set);
        }
        // It is the old one: found unchanged, or kept since nobody answered.
        let is_conclusive = |entry: Arc<Entry<KeySet>>| {
            entry.key().version() == seen && self.limits.is_conclusive(&entry, shared.now())
        };
        Err(match shared.stored(SET).is_some_and(is_conclusive) {
            true => KeyError::Unknown,
            false => KeyError::Unavailable,
        })
    }
}

impl KeySetSource for KeySetRepository {
    fn with_set<T>(&self, use_set: impl FnOnce(&KeySet) -> T) -> Option<T> {
        match self.client.shared.with_key(SET, use_set) {
            Lookup::Found(used) => Some(used),
            Lookup::Unknown | Lookup::NotLoaded => None,
        }
    }

    async fn fetch(&self, seen: Option<KeySetVersion>) -> Result<Arc<KeySet>, KeyError> {
        match seen {
            Some(seen) => self.newer(seen).await,
            None => self.usable().await,
        }
    }
}

impl Reading<KeySet> {
    const JWK_SET: Self = Self {
        accept: HeaderValue::from_static("application/jwk-set+json, application/json;q=0.9"),
        read: |json, backend| KeySet::from_jwk_set_with(json, backend).map_err(Failure::NotAKeySet),
        may_be_absent: false,
    };

    const PEM_LIST: Self = Self {
        accept: HeaderValue::from_static("application/json"),
        read: |json, backend| {
            KeySet::from_pem_list_with(json, backend).map_err(Failure::NotAKeySet)
        },
        may_be_absent: false,
    };
}

impl fmt::Debug for KeySetRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetRepository")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
