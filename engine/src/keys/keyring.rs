//! Keys that are known by configuration, swapped whole.

use std::fmt;
use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwap;
use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use super::lease::Standing;
use super::{KeyError, KeyId, KeyLease, KeySource, Lookup};
use crate::crypto::{Backend, VerifyingKey};
use crate::error::ConfigError;

/// A set of keys by `kid`. Readers take no lock and write nothing that is shared; [`replace`](Self::replace)
/// puts another set in its place at once, under readers' feet.
///
/// ```
/// # use asap_engine::{Algorithm, Keyring, SigningKey};
/// let (key, _private_pem) = SigningKey::generate(Algorithm::Es256)?;
/// let keys = Keyring::from_pems([("my-service/key-1", key.public_key_pem().as_bytes())])?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Keyring {
    keys: ArcSwap<Keys>,
}

/// A set of keys by `kid`.
///
/// Whoever sends tokens chooses what is looked for, never what is in here: however well he knows the hash, he meets the
/// configured keys and compares with one of them. A cheap hash under a seed drawn at start is enough.
#[derive(Default)]
struct Keys {
    hasher: Hasher,
    table: HashTable<Known>,
    /// Whether this is the set in use, for the leases on its keys.
    standing: Arc<Standing>,
}

struct Known {
    key_id: Box<str>,
    key: Arc<VerifyingKey>,
}

struct Hasher(SeedableRandomState);

impl Default for Hasher {
    /// Seeded by the standard library's hasher keys, which are random.
    fn default() -> Self {
        let seed = RandomState::new().hash_one(());
        Self(SeedableRandomState::with_seed(
            seed,
            SharedSeed::global_random(),
        ))
    }
}

impl Hasher {
    /// The hash of the bytes alone: nothing follows them from which they would have to be told.
    fn hash(&self, key_id: &str) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(key_id.as_bytes());
        hasher.finish()
    }
}

impl Keys {
    fn find(&self, key_id: &str) -> Option<&Arc<VerifyingKey>> {
        let hash = self.hasher.hash(key_id);
        let known = self.table.find(hash, |known| *known.key_id == *key_id)?;
        Some(&known.key)
    }

    /// Adds a key of a `kid` that is not in here.
    fn add(&mut self, key_id: &str, key: VerifyingKey) {
        let rehash = |known: &Known| self.hasher.hash(&known.key_id);
        let (key_id, key) = (Box::from(key_id), Arc::new(key));
        let known = Known { key_id, key };
        self.table.insert_unique(rehash(&known), known, rehash);
    }
}

impl Keyring {
    /// Reads each key from one PEM section, for the default backend.
    ///
    /// # Errors
    ///
    /// Names the first `kid` that is outside the grammar or given twice, or whose key was refused, and why.
    pub fn from_pems<'a>(
        keys: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, ConfigError> {
        Self::from_pems_with(keys, Backend::default())
    }

    /// As [`from_pems`](Self::from_pems), for `backend`.
    ///
    /// # Errors
    ///
    /// Names the first `kid` that is outside the grammar or given twice, or whose key was refused, and why.
    pub fn from_pems_with<'a>(
        keys: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        backend: Backend,
    ) -> Result<Self, ConfigError> {
        let mut by_id = Keys::default();
        for (key_id, pem) in keys {
            let key = load(key_id, pem, backend)?;
            if by_id.find(key_id).is_some() {
                return Err(ConfigError::new(format!("kid {key_id:?} is given twice")));
            }
            by_id.add(key_id, key);
        }
        Ok(Self {
            keys: ArcSwap::from_pointee(by_id),
        })
    }

    /// Puts the keys of `other` in the place of these, all at once. A verification that is under way may
    /// still end with an old key.
    pub fn replace(&self, other: Self) {
        // Before the swap, so that nobody who has seen the new set has a lease on the old one hold; and once more for the set
        // that another replacement has put there meanwhile.
        self.keys.load().standing.end();
        self.keys.swap(other.keys.into_inner()).standing.end();
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.load().table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.load().table.is_empty()
    }
}

fn load(key_id: &str, pem: &[u8], backend: Backend) -> Result<VerifyingKey, ConfigError> {
    if KeyId::parse(key_id).is_none() {
        return Err(ConfigError::new(format!(
            "kid {key_id:?} must be non-empty segments of letters, digits and . _ - + joined by slashes"
        )));
    }
    VerifyingKey::from_pem_with(pem, backend)
        .map_err(|rejected| ConfigError::new(format!("key {key_id:?}: {rejected}")))
}

impl KeySource for Keyring {
    fn with_key<T>(
        &self,
        key_id: KeyId<'_>,
        use_key: impl FnOnce(&VerifyingKey) -> T,
    ) -> Lookup<T> {
        match self.keys.load().find(key_id.as_str()) {
            Some(key) => Lookup::Found(use_key(key)),
            None => Lookup::Unknown,
        }
    }

    fn lease(&self, key_id: KeyId<'_>) -> Option<KeyLease> {
        let keys = self.keys.load();
        let key = keys.find(key_id.as_str())?.serial();
        Some(KeyLease::of_set(Arc::clone(&keys.standing), key))
    }

    async fn fetch(&self, key_id: KeyId<'_>, _: &str) -> Result<Arc<VerifyingKey>, KeyError> {
        let keys = self.keys.load_full();
        keys.find(key_id.as_str()).cloned().ok_or(KeyError::Unknown)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("len", &self.len()).finish()
    }
}
