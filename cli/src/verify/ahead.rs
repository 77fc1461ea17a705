//! Keys that are fetched before their tokens' turn.
//!
//! Verdicts are in the order of the input, so one key that a repository takes seconds for would hold up the fetches of
//! all after it. While a worker waits for a key, those of the next tokens are fetched too. Each such fetch is one token's
//! own, as if it had been begun at its turn: what it brought serves that token, and is kept only if HTTP says so.

use std::collections::HashMap;
use std::sync::Arc;

use asap_engine::limits::DEFAULT_MAX_CONCURRENT_FETCHES;
use asap_engine::{KeyError, KeyId, KeyRepository, KeySource, VerifyingKey};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// How many lines a worker looks ahead: a few microseconds' work for each wait.
pub(super) const LINES_AHEAD: usize = 64;

/// A fetch under way.
type Fetch = JoinHandle<Result<Arc<VerifyingKey>, KeyError>>;

/// Begins to fetch a key for a token.
pub(super) fn begin(
    repository: &KeyRepository,
    runtime: &Handle,
    key_id: KeyId<'_>,
    issuer: &str,
) -> Fetch {
    let repository = repository.clone();
    let (key_id, issuer) = (key_id.as_str().to_owned(), issuer.to_owned());
    runtime.spawn(async move {
        let key_id = KeyId::parse(&key_id).ok_or(KeyError::Unknown)?;
        repository.fetch(key_id, &issuer).await
    })
}

/// The fetches that were begun ahead, by `kid`.
#[derive(Debug, Default)]
pub(super) struct Begun(HashMap<Box<str>, Fetch>);

impl Begun {
    /// The fetch that was begun for the first of the tokens with this key, if one was.
    pub(super) fn take(&mut self, key_id: KeyId<'_>) -> Option<Fetch> {
        self.0.remove(key_id.as_str())
    }

    /// Room for fetches beside that of `awaited`.
    pub(super) const fn beside<'a>(
        &'a mut self,
        awaited: KeyId<'a>,
        repository: &'a KeyRepository,
        runtime: &'a Handle,
    ) -> Ahead<'a> {
        Ahead {
            begun: self,
            awaited,
            repository,
            runtime,
        }
    }
}

/// Where a worker that waits for a key has others fetched.
pub(super) struct Ahead<'a> {
    begun: &'a mut Begun,
    awaited: KeyId<'a>,
    repository: &'a KeyRepository,
    runtime: &'a Handle,
}

impl Ahead<'_> {
    /// Whether as many are fetched as may be at once.
    pub(super) fn is_full(&self) -> bool {
        self.begun.0.len() >= DEFAULT_MAX_CONCURRENT_FETCHES
    }

    /// Has a key fetched that a later token needs, unless it is at hand or under way.
    pub(super) fn begin(&mut self, key_id: KeyId<'_>, issuer: &str) {
        let text = key_id.as_str();
        if text != self.awaited.as_str()
            && !self.begun.0.contains_key(text)
            && !self.repository.is_at_hand(key_id)
        {
            let fetch = begin(self.repository, self.runtime, key_id, issuer);
            self.begun.0.insert(text.into(), fetch);
        }
    }
}
