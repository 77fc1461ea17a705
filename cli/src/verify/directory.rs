//! Keys in a directory: the public key of kid `a/b` is the PEM file `DIR/a/b`.
//!
//! A key is read at its first use, once however many ask, and kept. What the directory says means what a key
//! repository's answer would: no such file is no such key; a file that holds no usable key says nothing about the
//! token. Neither is kept. A kid never leads outside of the directory, not through a symbolic link either, and nothing
//! but a regular file is opened.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{Backend, KeyError, KeyId, VerifyingKey};

use crate::key_file::{self, KeyFile};

/// How many keys are kept: what the cache of a key repository holds unless told otherwise. Beyond it the directory is
/// read anew.
const MAX_KEYS: usize = asap_engine::limits::DEFAULT_MAX_KEYS;

/// What a reading brought, for all who waited for it.
type Reading = Arc<OnceLock<Result<Arc<VerifyingKey>, KeyError>>>;

/// The directory, and the keys that were read.
#[derive(Debug)]
pub(super) struct KeyDirectory {
    root: PathBuf,
    backend: Backend,
    readings: Mutex<HashMap<Box<str>, Reading>>,
    fetches: AtomicU64,
    hits: AtomicU64,
    coalesced: AtomicU64,
    failures: AtomicU64,
}

/// What the directory was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryStats {
    /// Files that were read, or looked for.
    pub(super) fetches: u64,
    /// Look-ups that found the key in memory.
    pub(super) hits: u64,
    /// Look-ups that waited for a reading another had begun.
    pub(super) coalesced: u64,
    /// Readings that found a file without a usable key.
    pub(super) failures: u64,
    /// Keys in memory.
    pub(super) keys: u64,
}

impl KeyDirectory {
    /// The keys under `path`, for `backend`.
    ///
    /// # Errors
    ///
    /// If `path` is no directory, or cannot be looked into.
    pub(super) fn open(path: &Path, backend: Backend) -> io::Result<Self> {
        let root = fs::canonicalize(path)?;
        // Says at the start what every look-up would stumble over.
        fs::read_dir(&root)?;
        Ok(Self {
            root,
            backend,
            readings: Mutex::default(),
            fetches: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            coalesced: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    /// The key, from memory or from its file.
    pub(super) fn key(&self, key_id: KeyId<'_>) -> Result<Arc<VerifyingKey>, KeyError> {
        let (reading, is_first) = self.join(key_id);
        if let Some(Ok(key)) = reading.get() {
            // Whoever is first may find that the second was quicker to read: that was no hit.
            self.add_hits(u64::from(!is_first));
            return Ok(Arc::clone(key));
        }
        if !is_first {
            self.coalesced.fetch_add(1, Ordering::Relaxed);
        }
        // Whoever comes second while the first is at it waits here.
        let key = reading.get_or_init(|| self.read(key_id)).clone();
        if is_first && key.is_err() {
            self.forget(key_id, &reading);
        }
        key
    }

    /// The key, if it was read before.
    pub(super) fn at_hand(&self, key_id: KeyId<'_>) -> Option<Arc<VerifyingKey>> {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let key = readings.get(key_id.as_str())?.get()?.as_ref().ok()?;
        self.add_hits(1);
        Some(Arc::clone(key))
    }

    /// Counts look-ups that a worker answered from keys it had got here.
    pub(super) fn add_hits(&self, hits: u64) {
        self.hits.fetch_add(hits, Ordering::Relaxed);
    }

    /// What was asked so far.
    pub(super) fn stats(&self) -> DirectoryStats {
        let keys = self
            .readings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        DirectoryStats {
            fetches: self.fetches.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            keys: u64::try_from(keys).unwrap_or(u64::MAX),
        }
    }

    /// The reading of a key, and whether it is the caller's to do.
    fn join(&self, key_id: KeyId<'_>) -> (Reading, bool) {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = readings.get(key_id.as_str()) {
            return (Arc::clone(reading), false);
        }
        if readings.len() >= MAX_KEYS {
            readings.clear();
        }
        let reading = Reading::default();
        readings.insert(key_id.as_str().into(), Arc::clone(&reading));
        (reading, true)
    }

    fn forget(&self, key_id: KeyId<'_>, failed: &Reading) {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if readings
            .get(key_id.as_str())
            .is_some_and(|reading| Arc::ptr_eq(reading, failed))
        {
            readings.remove(key_id.as_str());
        }
    }

    fn read(&self, key_id: KeyId<'_>) -> Result<Arc<VerifyingKey>, KeyError> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let read = self.read_file(key_id).map_err(|error| {
            if key_file::is_absence(&error) {
                KeyError::Unknown
            } else {
                KeyError::Unavailable
            }
        });
        let key = read.and_then(|pem| {
            VerifyingKey::from_pem_with(&pem, self.backend).map_err(|_| KeyError::Unavailable)
        });
        if matches!(key, Err(KeyError::Unavailable)) {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        key.map(Arc::new)
    }

    /// The file of a key, up to one byte more than a key may have.
    fn read_file(&self, key_id: KeyId<'_>) -> io::Result<Vec<u8>> {
        let KeyFile::Inside(file) = key_file::open(&self.root, &self.root.join(key_id.as_str()))?
        else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let limit = u64::try_from(MAX_PEM_LENGTH)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let mut pem = Vec::new();
        file.take(limit).read_to_end(&mut pem)?;
        Ok(pem)
    }
}
