//! Where a worker gets its keys: a directory, or a key repository.
//!
//! A key repository's client answers from its cache without a lock; what it has to fetch is waited for here, and
//! several workers that miss the same key wait for one fetch. From a directory each worker keeps the keys it has used,
//! so that no two processors write the same memory for a token.

use std::collections::HashMap;
use std::sync::Arc;

use asap_engine::{
    Admitted, Authentic, KeyError, KeyId, KeyRepository, KeyRepositoryStats, KeySource, Lookup,
    VerifyError, VerifyingKey, accel_stats,
};
use tokio::runtime::Handle;

use super::ahead::{Ahead, Begun, begin};
use super::directory::KeyDirectory;

/// How many keys of a directory a worker keeps at hand.
const MAX_KEYS_AT_HAND: usize = 4_096;

/// The source, shared by all workers.
#[derive(Debug)]
pub(super) enum Source {
    /// `--keys DIR`.
    Directory(KeyDirectory),
    /// `--key-repository URL`, and the runtime that its fetches run on.
    Repository(KeyRepository, Handle),
}

impl Source {
    /// What the source was asked so far, and how the kernels stand, as one JSON object.
    pub(super) fn stats_json(&self) -> String {
        match self {
            Self::Directory(directory) => {
                let stats = directory.stats();
                stats_json(&[
                    ("fetches", stats.fetches),
                    ("hits", stats.hits),
                    ("coalesced", stats.coalesced),
                    // Nothing limits how often a directory is read.
                    ("refused_by_limits", 0),
                    ("failures", stats.failures),
                    ("keys", stats.keys),
                ])
            }
            Self::Repository(repository, _) => {
                stats_json(&repository_counters(&repository.stats()))
            }
        }
    }
}

impl KeySource for Source {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        match self {
            Self::Directory(directory) => match directory.at_hand(key_id) {
                Some(key) => Lookup::Found(use_key(&key)),
                None => Lookup::NotLoaded,
            },
            Self::Repository(repository, _) => repository.with_key(key_id, use_key),
        }
    }

    async fn fetch(&self, key_id: KeyId<'_>, issuer: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        match self {
            Self::Directory(directory) => directory.key(key_id),
            Self::Repository(repository, _) => repository.fetch(key_id, issuer).await,
        }
    }
}

/// The counters of what is fetched.
pub(super) fn repository_counters(stats: &KeyRepositoryStats) -> [(&'static str, u64); 7] {
    [
        ("fetches", stats.fetches),
        ("hits", stats.hits),
        ("coalesced", stats.coalesced),
        ("refused_by_limits", stats.refused_by_limits),
        ("failures", stats.failures),
        ("keys", u64::try_from(stats.keys).unwrap_or(u64::MAX)),
        ("revalidations", stats.revalidations),
    ]
}

/// Counters, and how the kernels stand, as one JSON object.
pub(super) fn stats_json(counters: &[(&str, u64)]) -> String {
    format!("{{{},\"kernels\":{}}}", members(counters), kernels_json())
}

/// The kernels of this process and their tables, as one JSON object.
fn kernels_json() -> String {
    let stats = accel_stats();
    let mut json = String::from("{");
    for (name, kernel) in stats.kernels() {
        let counters = [
            ("keys_prepared", kernel.keys_prepared),
            ("keys_left", kernel.keys_left),
            ("acceptances_rechecked", kernel.acceptances_rechecked),
            ("refusals_rechecked", kernel.refusals_rechecked),
            ("undecided", kernel.undecided),
            ("left_by_balance", kernel.left_by_balance),
            ("disagreements", kernel.disagreements),
        ];
        json += &format!(
            "\"{name}\":{{\"state\":\"{}\",\"is_available\":{},{}}},",
            kernel.state,
            kernel.is_available,
            members(&counters)
        );
    }
    let tables = stats.tables;
    let counters = [
        ("tables", u64::try_from(tables.tables).unwrap_or(u64::MAX)),
        ("bytes", u64::try_from(tables.bytes).unwrap_or(u64::MAX)),
        ("builds", tables.builds),
        ("evictions", tables.evictions),
    ];
    json += &format!("\"tables\":{{{}}}}}", members(&counters));
    json
}

fn members(counters: &[(&str, u64)]) -> String {
    let members: Vec<_> = counters
        .iter()
        .map(|(name, count)| format!("\"{name}\":{count}"))
        .collect();
    members.join(",")
}

/// One worker's access to the source.
#[derive(Debug)]
pub(super) struct Keys {
    source: Arc<Source>,
    at_hand: KeysAtHand,
    begun: Begun,
}

/// The keys of a directory that a worker has used.
#[derive(Debug, Default)]
struct KeysAtHand {
    keys: HashMap<Box<str>, Arc<VerifyingKey>>,
    /// Look-ups that the directory has not been told of.
    hits: u64,
}

impl Keys {
    pub(super) fn new(source: Arc<Source>) -> Self {
        Self {
            source,
            at_hand: KeysAtHand::default(),
            begun: Begun::default(),
        }
    }

    /// Looks the token's key up and checks the signature. Waits for a key that has to be fetched, and before it does has
    /// `before_wait` say what else may be fetched meanwhile.
    pub(super) fn authenticate<'a>(
        &mut self,
        admitted: Admitted<'a>,
        before_wait: impl FnOnce(&mut Ahead<'_>),
    ) -> Result<Authentic<'a>, VerifyError> {
        let key_id = admitted.key_id();
        match &*self.source {
            Source::Directory(directory) => {
                let key = self.at_hand.key(key_id, directory)?;
                admitted.authenticate(key)
            }
            Source::Repository(repository, runtime) => {
                let begun = self.begun.take(key_id);
                if begun.is_none() {
                    match repository.with_key(key_id, |key| admitted.authenticate(key)) {
                        Lookup::Found(authentic) => return authentic,
                        Lookup::Unknown => return Err(VerifyError::KeyUnknown),
                        _ => {}
                    }
                }
                let issuer = admitted.unverified_issuer();
                let fetch = begun.unwrap_or_else(|| begin(repository, runtime, key_id, issuer));
                if !fetch.is_finished() {
                    before_wait(&mut self.begun.beside(key_id, repository, runtime));
                }
                let fetched = runtime.block_on(fetch);
                admitted.authenticate(&*fetched.unwrap_or(Err(KeyError::Unavailable))?)
            }
        }
    }

    /// No token of this block comes any more.
    pub(super) fn end_block(&mut self) {
        self.begun = Begun::default();
    }

    /// Tells the directory what was answered without it.
    pub(super) fn report_hits(&mut self) {
        if let Source::Directory(directory) = &*self.source {
            directory.add_hits(std::mem::take(&mut self.at_hand.hits));
        }
    }
}

impl KeysAtHand {
    fn key(
        &mut self,
        key_id: KeyId<'_>,
        directory: &KeyDirectory,
    ) -> Result<&VerifyingKey, KeyError> {
        if self.keys.contains_key(key_id.as_str()) {
            self.hits = self.hits.saturating_add(1);
        } else {
            let key = directory.key(key_id)?;
            if self.keys.len() >= MAX_KEYS_AT_HAND {
                self.keys.clear();
            }
            self.keys.insert(key_id.as_str().into(), key);
        }
        let key = self.keys.get(key_id.as_str()).ok_or(KeyError::Unknown)?;
        Ok(key)
    }
}
