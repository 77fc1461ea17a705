//! Where a set of keys comes from: a file that was read at the start, or a URL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use asap_engine::{KeyError, KeySet, KeySetRepository, KeySetSource, KeySetVersion, StaticKeySet};

use super::keys::{repository_counters, stats_json};

/// The source of a set, shared by all workers.
#[derive(Debug)]
pub(super) enum SetSource {
    /// The content of a file, and how often it was looked into.
    File(StaticKeySet, AtomicU64),
    /// A URL.
    Repository(KeySetRepository),
}

impl SetSource {
    pub(super) fn file(set: KeySet) -> Self {
        Self::File(StaticKeySet::new(set), AtomicU64::new(0))
    }

    /// What the source was asked so far, as one JSON object. A set counts as one key.
    pub(super) fn stats_json(&self) -> String {
        match self {
            Self::File(_, hits) => stats_json(&[
                ("fetches", 1),
                ("hits", hits.load(Ordering::Relaxed)),
                ("coalesced", 0),
                // Nothing limits how often a file is looked into.
                ("refused_by_limits", 0),
                ("failures", 0),
                ("keys", 1),
            ]),
            Self::Repository(repository) => stats_json(&repository_counters(&repository.stats())),
        }
    }
}

impl KeySetSource for SetSource {
    fn with_set<T>(&self, use_set: impl FnOnce(&KeySet) -> T) -> Option<T> {
        match self {
            Self::File(set, hits) => {
                hits.fetch_add(1, Ordering::Relaxed);
                set.with_set(use_set)
            }
            Self::Repository(repository) => repository.with_set(use_set),
        }
    }

    async fn fetch(&self, seen: Option<KeySetVersion>) -> Result<Arc<KeySet>, KeyError> {
        match self {
            Self::File(set, _) => set.fetch(seen).await,
            Self::Repository(repository) => repository.fetch(seen).await,
        }
    }
}
