//! What all clones of a repository share, and who does what: who leads a flight and who waits; what becomes of an
//! answer is in `settle`.
//!
//! What it needs from outside comes as two traits, [`Fetch`] and [`Runtime`]: sockets and the runtime stay out, and the
//! tests of `interleavings` run this very code under every order of its steps.

mod settle;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use self::settle::RefreshClaim;
use super::admission::{Admission, Purpose, Refusal, Ticket};
use super::cache::KeyCache;
use super::entry::Entry;
use super::environment::{Environment, Moment, MonotonicClock};
use super::fetch::Answer;
use super::flight::{Flights, Joined, Landing, Waiter};
use super::freshness::StoredResponse;
use super::refresher::Schedule;
use super::snapshot::{KeyRepositoryStats, RepositoryStats};
use super::stats::Stats;
use crate::keys::{KeyError, Lookup};
use crate::{KeyId, VerifyingKey};

/// What a flight brings to those who wait for it.
pub(super) type Fetched<V = VerifyingKey> = Result<Arc<V>, KeyError>;

/// Asks for a key, or for whatever else is fetched by a name, wherever that is.
pub(super) trait Fetch: Send + Sync + 'static {
    /// What is fetched.
    type Document: Send + Sync + 'static;

    /// Fetches a key, or revalidates what is `stored` of it.
    fn fetch(
        &self,
        key_id: KeyId<'_>,
        stored: Option<&StoredResponse>,
    ) -> impl Future<Output = Answer<Self::Document>> + Send;

    /// How the repositories stand.
    fn repositories(&self) -> Vec<RepositoryStats> {
        Vec::new()
    }
}

/// Runs what must not end with the caller who began it, and tells when time is up.
pub(super) trait Runtime: Send + Sync + 'static {
    /// Runs `task` to its end, unless the runtime ends before.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Waits for `future`, but no longer than `patience`. Called on a task of its own.
    fn within<T>(
        patience: Duration,
        future: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;
}

impl Runtime for Handle {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.spawn(task));
    }

    async fn within<T>(patience: Duration, future: impl Future<Output = T> + Send) -> Option<T> {
        tokio::time::timeout(patience, future).await.ok()
    }
}

/// What all clones share, away from the count of those who share it.
#[repr(align(64))]
pub(super) struct Shared<F: Fetch, S> {
    cache: KeyCache<F::Document>,
    flights: Arc<Flights<Fetched<F::Document>>>,
    admission: Admission,
    fetcher: F,
    tasks: S,
    place_patience: Duration,
    environment: Arc<dyn Environment>,
    clock: MonotonicClock,
    schedule: Arc<Schedule<F::Document>>,
    stats: Arc<Stats>,
}

impl<F: Fetch, S: Runtime> Shared<F, S> {
    pub(super) fn new(
        cache: KeyCache<F::Document>,
        admission: Admission,
        fetcher: F,
        tasks: S,
        place_patience: Duration,
        environment: Arc<dyn Environment>,
    ) -> Self {
        Self {
            cache,
            flights: Arc::new(Flights::new()),
            admission,
            fetcher,
            tasks,
            place_patience,
            clock: environment.start_clock(),
            environment,
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
    pub(super) const fn schedule(&self) -> &Arc<Schedule<F::Document>> {
        &self.schedule
    }

    /// Hands a key at hand to `use_key`, and has it refreshed if that is due.
    pub(super) fn with_key<T>(
        self: &Arc<Self>,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&F::Document) -> T,
    ) -> Lookup<T> {
        let now = self.clock.glance();
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

    /// The entry of a key, if there may be a lease on it.
    pub(super) fn listed(&self, key_id: KeyId<'_>) -> Option<Arc<Entry<F::Document>>> {
        self.cache.listed(key_id.as_str())
    }

    /// Uses a key by its entry, as [`with_key`](Self::with_key) does by its name, and has it refreshed if that is due. False
    /// if the entry is not the one to go by any more, which counts as nothing: a look-up is next.
    pub(super) fn use_entry(self: &Arc<Self>, entry: &Arc<Entry<F::Document>>) -> bool {
        let now = self.clock.glance();
        if !entry.is_listed() || !entry.is_usable(now) {
            return false;
        }
        entry.mark_used();
        self.stats.hit();
        if entry.claim_refresh(now) {
            self.refresh(Arc::clone(entry));
        }
        true
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
    ) -> Waiter<Fetched<F::Document>> {
        match self.flights.join(key_id.as_str()) {
            Joined::Lead(landing) => self.lead(landing, purpose),
            Joined::Wait(waiter) => {
                self.stats.coalesced();
                waiter
            }
        }
    }

    /// The entry of a key, usable or not.
    pub(super) fn stored(&self, key_id: KeyId<'_>) -> Option<Arc<Entry<F::Document>>> {
        self.cache.stored(key_id.as_str())
    }

    /// Joins the flight of a document that is not good enough for the caller, usable or not; or begins it, if what is stored
    /// is still not and `may_ask`.
    pub(super) fn ask_again(
        self: &Arc<Self>,
        key_id: KeyId<'_>,
        is_enough: impl FnOnce(&Entry<F::Document>, Moment) -> bool,
        may_ask: impl FnOnce(Moment) -> bool,
    ) -> Waiter<Fetched<F::Document>> {
        let landing = match self.flights.join(key_id.as_str()) {
            Joined::Lead(landing) => landing,
            Joined::Wait(waiter) => {
                self.stats.coalesced();
                return waiter;
            }
        };
        let (waiter, now) = (landing.waiter(), self.clock.now());
        let known = self.stored(key_id);
        if let Some(entry) = known.as_ref().filter(|entry| is_enough(entry, now)) {
            // The flight before this one landed after this caller had looked.
            landing.land(Ok(Arc::clone(entry.key())));
        } else if may_ask(now) {
            self.depart(landing, known, Purpose::Revalidation);
        } else {
            self.report_refusal(landing.key(), Refusal::Rate);
            landing.land(Err(KeyError::Unavailable));
        }
        waiter
    }

    /// Leads the flight of a key that a caller waits for.
    fn lead(
        self: &Arc<Self>,
        landing: Landing<Fetched<F::Document>>,
        purpose: Purpose<'_>,
    ) -> Waiter<Fetched<F::Document>> {
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
    pub(super) fn refresh_if_in_use(self: &Arc<Self>, entry: Arc<Entry<F::Document>>) {
        if entry.is_wanted()
            && self.cache.is_stored(&entry)
            && entry.claim_refresh(self.clock.now())
        {
            self.refresh(entry);
        }
    }

    /// Refreshes in the background a key that is still usable; the caller has claimed it.
    fn refresh(self: &Arc<Self>, entry: Arc<Entry<F::Document>>) {
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
        landing: Landing<Fetched<F::Document>>,
        known: Option<Arc<Entry<F::Document>>>,
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
        landing: Landing<Fetched<F::Document>>,
        known: Option<Arc<Entry<F::Document>>>,
        mut ticket: Ticket,
        claim: RefreshClaim<F::Document>,
    ) {
        let Some(key_id) = KeyId::parse(landing.key()) else {
            return;
        };
        if S::within(self.place_patience, ticket.take_place())
            .await
            .is_none()
        {
            // Whoever began this has given up, and others would be kept waiting for its turn.
            self.report_refusal(key_id.as_str(), Refusal::Places);
            landing.land(Err(KeyError::Unavailable));
            return;
        }
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

    fn random(&self) -> u64 {
        self.environment.random()
    }

    /// The duty to refresh `known`, if anything is known.
    fn claim(&self, known: Option<&Arc<Entry<F::Document>>>) -> RefreshClaim<F::Document> {
        RefreshClaim {
            claimed: known.map(Arc::clone),
            clock: self.clock,
            schedule: Arc::clone(&self.schedule),
            random: self.random(),
        }
    }
}

impl<F: Fetch, S> Drop for Shared<F, S> {
    fn drop(&mut self) {
        // The refresher finds nobody any more, and ends.
        self.schedule.wake();
    }
}
