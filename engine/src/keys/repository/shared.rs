//! What all clones of a repository share, and who does what: who leads a flight, who waits, what becomes of an answer.
//!
//! What it needs from outside comes as two traits, [`Fetch`] and [`Spawn`]: sockets and the runtime stay out, and the
//! tests of `interleavings` run this very code under every order of its steps.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::admission::{Admission, Purpose, Refusal, Ticket};
use super::cache::KeyCache;
use super::entry::Entry;
use super::environment::{Environment, Moment, MonotonicClock};
use super::fetch::{Answer, Reuse};
use super::flight::{Flights, Joined, Landing, Waiter};
use super::freshness::StoredResponse;
use super::refresher::Schedule;
use super::snapshot::{KeyRepositoryStats, RepositoryStats};
use super::stats::{Outcome, Stats};
use crate::keys::{KeyError, Lookup};
use crate::{KeyId, VerifyingKey};

/// What a flight brings to those who wait for it.
pub(super) type Fetched = Result<Arc<VerifyingKey>, KeyError>;

/// Asks for a key, wherever that is.
pub(super) trait Fetch: Send + Sync + 'static {
    /// Fetches a key, or revalidates what is `stored` of it.
    fn fetch(
        &self,
        key_id: KeyId<'_>,
        stored: Option<&StoredResponse>,
    ) -> impl Future<Output = Answer> + Send;

    /// How the repositories stand.
    fn repositories(&self) -> Vec<RepositoryStats> {
        Vec::new()
    }
}

/// Runs what must not end with the caller who began it.
pub(super) trait Spawn: Send + Sync + 'static {
    /// Runs `task` to its end, unless the runtime ends before.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}

impl Spawn for Handle {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.spawn(task));
    }
}

/// What all clones share.
pub(super) struct Shared<F, S> {
    cache: KeyCache,
    flights: Arc<Flights<Fetched>>,
    admission: Admission,
    fetcher: F,
    tasks: S,
    environment: Arc<dyn Environment>,
    clock: MonotonicClock,
    schedule: Arc<Schedule>,
    stats: Arc<Stats>,
}

impl<F: Fetch, S: Spawn> Shared<F, S> {
    pub(super) fn new(
        cache: KeyCache,
        admission: Admission,
        fetcher: F,
        tasks: S,
        environment: Arc<dyn Environment>,
    ) -> Self {
        Self {
            cache,
            flights: Arc::new(Flights::new()),
            admission,
            fetcher,
            tasks,
            environment,
            clock: MonotonicClock::start(),
            schedule: Arc::new(Schedule::new()),
            stats: Arc::default(),
        }
    }

    /// The counters since the start, and how things stand.
    pub(super) fn stats(&self) -> KeyRepositoryStats {
        let now = self.clock.now();
        let repositories = self.fetcher.repositories();
        let probes = repositories.iter().map(|repository| repository.probes);
        KeyRepositoryStats {
            probes: probes.fold(0, u64::wrapping_add),
            evictions: self.cache.evictions(),
            evictions_from_use: self.cache.evictions_from_use(),
            keys: self.cache.len(),
            keys_in_use: self.cache.len_in_use(),
            bytes: self.cache.bytes(),
            in_flight: self.flights.len(),
            oldest_flight: self.flights.oldest(),
            oldest_key: self.cache.oldest(now),
            repositories,
            ..self.stats.snapshot()
        }
    }

    /// What time it is.
    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// When which key is to be refreshed.
    pub(super) const fn schedule(&self) -> &Arc<Schedule> {
        &self.schedule
    }

    /// Hands a key at hand to `use_key`, and has it refreshed if that is due.
    pub(super) fn with_key<T>(
        self: &Arc<Self>,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        let now = self.clock.now();
        let found = self.cache.with_usable(key_id.as_str(), now, |entry| {
            let used = use_key(entry.key());
            (used, entry.claim_refresh(now).then(|| Arc::clone(entry)))
        });
        let Some((used, due)) = found else {
            self.stats.miss();
            return Lookup::NotLoaded;
        };
        self.stats.hit();
        if let Some(entry) = due {
            self.refresh(entry);
        }
        Lookup::Found(used)
    }

    /// Whether the key may be used now. Asking is no use of it.
    pub(super) fn is_at_hand(&self, key_id: KeyId<'_>) -> bool {
        let stored = self.cache.stored(key_id.as_str());
        stored.is_some_and(|entry| entry.is_usable(self.clock.now()))
    }

    /// Joins the flight of a key that is not at hand, or begins it.
    pub(super) fn join(
        self: &Arc<Self>,
        key_id: KeyId<'_>,
        purpose: Purpose<'_>,
    ) -> Waiter<Fetched> {
        match self.flights.join(key_id.as_str()) {
            Joined::Lead(landing) => self.lead(landing, purpose),
            Joined::Wait(waiter) => {
                self.stats.coalesced();
                waiter
            }
        }
    }

    /// Leads the flight of a key that a caller waits for.
    fn lead(self: &Arc<Self>, landing: Landing<Fetched>, purpose: Purpose<'_>) -> Waiter<Fetched> {
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
        let purpose = match known {
            Some(_) => Purpose::Revalidation,
            None => purpose,
        };
        self.depart(landing, known, purpose);
        waiter
    }

    /// Refreshes a key whose time has come, unless nobody has used it since the last time.
    pub(super) fn refresh_if_in_use(self: &Arc<Self>, entry: Arc<Entry>) {
        if entry.is_wanted() && entry.claim_refresh(self.clock.now()) {
            self.refresh(entry);
        }
    }

    /// Refreshes in the background a key that is still usable; the caller has claimed it.
    fn refresh(self: &Arc<Self>, entry: Arc<Entry>) {
        match self.flights.join(entry.key_id()) {
            Joined::Lead(landing) => {
                self.depart(landing, Some(entry), Purpose::Revalidation);
            }
            Joined::Wait(_) => drop(self.claim(Some(&entry))),
        }
    }

    /// Starts the fetch, if the limits allow it.
    fn depart(
        self: &Arc<Self>,
        landing: Landing<Fetched>,
        known: Option<Arc<Entry>>,
        purpose: Purpose<'_>,
    ) {
        let claim = self.claim(known.as_ref());
        match self.admission.admit(purpose, self.clock.now()) {
            Ok(ticket) => {
                let flight = Arc::clone(self).fly(landing, known, ticket, claim);
                self.tasks.spawn(flight);
            }
            Err(refusal) => {
                self.report_refusal(landing.key(), refusal);
                landing.land(Err(KeyError::Unavailable));
            }
        }
    }

    /// Each refusal is counted; a flood does not fill the log.
    fn report_refusal(&self, key_id: &str, refusal: Refusal) {
        self.stats.refused(refusal);
        tracing::debug!(key_id, limit = ?refusal, "the key was not asked for: a limit is reached");
        if self.admission.may_warn(self.clock.now()) {
            tracing::warn!(
                limit = ?refusal,
                "keys are not asked for: a limit is reached; said at most once a second"
            );
        }
    }

    async fn fly(
        self: Arc<Self>,
        landing: Landing<Fetched>,
        known: Option<Arc<Entry>>,
        mut ticket: Ticket,
        claim: RefreshClaim,
    ) {
        let Some(key_id) = KeyId::parse(landing.key()) else {
            return;
        };
        ticket.take_place().await;
        let under_way = self.stats.departed(known.is_some());
        let stored = known.as_ref().map(|entry| entry.response());
        // Boxed, so that those who wait for a place are small.
        let fetching = Box::pin(self.fetcher.fetch(key_id, stored.as_deref()));
        let answer = fetching.await;
        if matches!(answer, Answer::Key { .. }) {
            self.admission.brought_key(&mut ticket);
        }
        let fetched = self.settle(key_id, known, answer);
        drop(claim);
        drop(under_way);
        drop(ticket);
        landing.land(fetched);
    }

    /// Brings the cache up to date with an answer, and tells what those who wait get.
    fn settle(&self, key_id: KeyId<'_>, known: Option<Arc<Entry>>, answer: Answer) -> Fetched {
        self.stats.ended(match &answer {
            Answer::Key { .. } => Outcome::Key,
            Answer::Unchanged { .. } => Outcome::Unchanged,
            Answer::NoSuchKey => Outcome::NotFound,
            Answer::Withdrawn(failure) | Answer::Failed(failure) => Outcome::Failed(failure),
        });
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
            (answer @ (Answer::NoSuchKey | Answer::Withdrawn(_)), known) => {
                if let Some(known) = known {
                    self.cache.remove(&known);
                }
                Err(match answer {
                    Answer::NoSuchKey => KeyError::Unknown,
                    _ => KeyError::Unavailable,
                })
            }
            (Answer::Failed(failure), Some(known)) => {
                let now = self.clock.now();
                known.could_not_refresh(now, failure.allows_stale(), self.random());
                self.schedule.add(&known);
                if known.is_usable(now) {
                    Ok(Arc::clone(known.key()))
                } else {
                    Err(KeyError::Unavailable)
                }
            }
            (Answer::Failed(_) | Answer::Unchanged { .. }, None) => Err(KeyError::Unavailable),
        }
    }

    fn random(&self) -> u64 {
        self.environment.random()
    }

    /// The duty to refresh `known`, if anything is known.
    fn claim(&self, known: Option<&Arc<Entry>>) -> RefreshClaim {
        RefreshClaim {
            claimed: known.map(Arc::clone),
            clock: self.clock,
            schedule: Arc::clone(&self.schedule),
            random: self.random(),
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
                self.random(),
            );
            let entry = Arc::new(entry);
            self.cache.insert(&entry, self.clock.now());
            self.schedule.add(&entry);
        }
    }

    fn renew(&self, known: &Arc<Entry>, reuse: Reuse) {
        let Reuse {
            response,
            lifetime,
            asked,
        } = reuse;
        if lifetime.is_reusable() {
            known.renew(response, self.clock.moment(asked), &lifetime, self.random());
            self.cache.keep(known);
            self.schedule.add(known);
        } else {
            self.cache.remove(known);
        }
    }
}

impl<F, S> Drop for Shared<F, S> {
    fn drop(&mut self) {
        // The refresher finds nobody any more, and ends.
        self.schedule.wake();
    }
}

/// The duty to refresh a key. However the attempt ends, another one becomes possible.
struct RefreshClaim {
    claimed: Option<Arc<Entry>>,
    clock: MonotonicClock,
    schedule: Arc<Schedule>,
    random: u64,
}

impl Drop for RefreshClaim {
    fn drop(&mut self) {
        if let Some(entry) = &self.claimed
            && entry.postpone_claimed(self.clock.now(), self.random)
        {
            self.schedule.add(entry);
        }
    }
}
