//! One repository of a client, an origin of keys: where it is, how it is, and what the log is told when that changes.
//!
//! Its health is behind a lock that is held for some instructions, and only around fetches: a hit in the cache does not
//! come here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::environment::MonotonicClock;
use super::failure::Failure;
use super::fetch::Found;
use super::health::{Change, Health, Turn};
use super::snapshot::RepositoryStats;
use super::url::BaseUrl;
use crate::KeyId;

/// One repository.
pub(super) struct Origin {
    base: BaseUrl,
    clock: MonotonicClock,
    health: Mutex<Health>,
    probes: AtomicU64,
    prober: Mutex<Option<AbortHandle>>,
}

/// What an answer says about the repository that gave it.
#[derive(Debug)]
pub(super) enum Said {
    /// It served the key, or said that it is unchanged.
    Key,
    /// It answered otherwise: that there is no such key, that it will not tell, or nonsense.
    Other,
    /// It did not answer.
    Nothing(Failure),
}

impl Said {
    /// What an answer says.
    pub(super) fn of<V>(found: Result<&Found<V>, &Failure>) -> Self {
        match found {
            Ok(Found::Key { .. } | Found::Unchanged { .. }) => Self::Key,
            Err(failure) if failure.is_outage() => Self::Nothing(failure.clone()),
            Ok(_) | Err(_) => Self::Other,
        }
    }
}

impl Origin {
    /// A repository that is up until it turns out otherwise.
    pub(super) fn new(base: BaseUrl, clock: MonotonicClock) -> Self {
        Self {
            base,
            clock,
            health: Mutex::new(Health::new(clock.now())),
            probes: AtomicU64::new(0),
            prober: Mutex::new(None),
        }
    }

    pub(super) const fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// A fetch has come to this repository: is it asked?
    pub(super) fn turn(&self, key_id: KeyId<'_>) -> Turn {
        self.health().turn(key_id, self.clock.now())
    }

    /// A fetch wanted a key of it and went without.
    pub(super) fn want(&self, key_id: KeyId<'_>) {
        self.health().want(key_id, self.clock.now());
    }

    /// Another repository has served this key.
    pub(super) fn served_elsewhere(&self, key_id: KeyId<'_>) {
        self.health().served_elsewhere(key_id);
    }

    /// Notes what came of a request that was sent at `asked`, and tells the log if it changes the state.
    pub(super) fn note(&self, key_id: KeyId<'_>, asked: Instant, said: &Said) {
        let now = self.clock.now();
        let change = match said {
            Said::Key => self.health().answered(key_id, true, now),
            Said::Other => self.health().answered(key_id, false, now),
            Said::Nothing(failure) => {
                let asked = self.clock.moment(asked);
                self.health().failed(key_id, asked, now, failure)
            }
        };
        let repository = self.base.as_str();
        match (change, said) {
            (Some(Change::Up { after }), _) => {
                tracing::info!(
                    repository,
                    down_for_seconds = after.as_secs_f64(),
                    "the key repository answers again"
                );
            }
            (Some(Change::Down), Said::Nothing(failure)) => {
                tracing::warn!(repository, %key_id, %failure, "the key repository does not answer");
            }
            (Some(Change::Down) | None, _) => {}
        }
    }

    /// Whether it is down and the caller must begin to probe it.
    pub(super) fn begin_probing(&self) -> bool {
        self.health().begin_probing()
    }

    /// Keeps hold of who probes, to end it with this repository.
    pub(super) fn probed_by(&self, prober: AbortHandle) {
        *self.prober.lock().unwrap_or_else(PoisonError::into_inner) = Some(prober);
    }

    /// The key to probe for, which counts as one probe; or `None` if probing has ended.
    pub(super) fn next_probe(&self) -> Option<Box<str>> {
        let key_id = self.health().next_probe(self.clock.now())?;
        self.probes.fetch_add(1, Ordering::Relaxed);
        Some(key_id)
    }

    /// How long to wait for the next probe.
    pub(super) fn probe_pause(&self, random: u64) -> Duration {
        self.health().pause(random)
    }

    /// Nobody probes any more.
    pub(super) fn end_probing(&self) {
        self.health().end_probing();
    }

    /// What operators are told.
    pub(super) fn stats(&self) -> RepositoryStats {
        let health = self.health();
        RepositoryStats {
            base_url: self.base.as_str().into(),
            is_up: health.is_up(),
            unchanged_for: self.clock.now().since(health.since()),
            consecutive_failures: health.consecutive_failures(),
            probes: self.probes.load(Ordering::Relaxed),
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        let prober = self
            .prober
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(prober) = prober {
            prober.abort();
        }
    }
}
