//! Doubles of what an engine asks, which count how often they were asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use asap_engine::{
    Algorithm, KeyError, KeyId, KeySource, Lookup, ReplayError, ReplayLog, UnixTime, VerifyingKey,
};

use crate::keys::key;

/// What a [`CountingKeys`] answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The key is at hand.
    AtHand(VerifyingKey),
    /// There is no such key, and no need to fetch.
    Unknown,
    /// The key is not at hand, and a fetch ends like this.
    Fetched(Result<Arc<VerifyingKey>, KeyError>),
}

impl Answer {
    /// The public key of the client's key of `algorithm`.
    #[must_use]
    pub fn key(algorithm: Algorithm) -> VerifyingKey {
        VerifyingKey::from_pem(key(algorithm).public_key_pem().as_bytes()).unwrap()
    }
}

type Hook = Box<dyn Fn() + Send + Sync>;

/// A source that gives the same answer for every key.
pub struct CountingKeys {
    answer: Answer,
    during_fetch: Hook,
    lookups: AtomicUsize,
    fetches: AtomicUsize,
}

impl CountingKeys {
    /// A source with this answer.
    #[must_use]
    pub fn new(answer: Answer) -> Self {
        Self {
            answer,
            during_fetch: Box::new(|| ()),
            lookups: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
        }
    }

    /// Has this happen while a key is fetched.
    #[must_use]
    pub fn with_fetch_hook(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.during_fetch = Box::new(hook);
        self
    }

    /// How often it was asked for a key at hand.
    #[must_use]
    pub fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    /// How often it was asked to fetch.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl std::fmt::Debug for CountingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CountingKeys").finish_non_exhaustive()
    }
}

impl KeySource for CountingKeys {
    fn with_key<T>(&self, _: KeyId<'_>, use_key: impl FnOnce(&VerifyingKey) -> T) -> Lookup<T> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        match &self.answer {
            Answer::AtHand(key) => Lookup::Found(use_key(key)),
            Answer::Unknown => Lookup::Unknown,
            Answer::Fetched(_) => Lookup::NotLoaded,
        }
    }

    async fn fetch(&self, _: KeyId<'_>, _: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        (self.during_fetch)();
        match &self.answer {
            Answer::Fetched(end) => end.clone(),
            _ => panic!("nobody was told to fetch"),
        }
    }
}

/// A log that gives the same answer for every token.
#[derive(Debug)]
pub struct CountingLog {
    answer: Result<(), ReplayError>,
    preparations: AtomicUsize,
    calls: AtomicUsize,
}

impl CountingLog {
    /// A log with this answer.
    #[must_use]
    pub const fn new(answer: Result<(), ReplayError>) -> Self {
        Self {
            answer,
            preparations: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        }
    }

    /// How often it was told that it may be asked about a token.
    #[must_use]
    pub fn preparations(&self) -> usize {
        self.preparations.load(Ordering::SeqCst)
    }

    /// How often it was asked to remember a token.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl ReplayLog for &CountingLog {
    fn check_and_insert(
        &self,
        _issuer: &str,
        _token_id: &str,
        _keep_until: UnixTime,
        _now: UnixTime,
    ) -> Result<(), ReplayError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.answer
    }

    fn prepare(&self, _issuer: &str, _token_id: &str) {
        self.preparations.fetch_add(1, Ordering::SeqCst);
    }

    fn longest_memory(&self) -> Duration {
        Duration::MAX
    }
}
