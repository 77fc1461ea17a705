//! The room that all tables share, and the thread that makes them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use super::slot::OnShelf;
use crate::crypto::accel::stats::TableStats;
use crate::limits::{DEFAULT_KEY_TABLE_BYTES, MAX_TABLES_ASKED_FOR};

/// Has the tables of all keys in this process take `bytes` at most, from now on, beside the one in the making. At the start it is
/// [`DEFAULT_KEY_TABLE_BYTES`](crate::limits::DEFAULT_KEY_TABLE_BYTES).
///
/// A table takes 84 KiB for a key of P-256 and 129 KiB for one of Ed25519 with AVX-512, more without. Where more keys are in use
/// than have room, aws-lc verifies for the rest. Tables beyond a lower limit are given up at once; with 0 there is none. RSA
/// has no tables.
pub fn limit_key_tables(bytes: usize) {
    Shelf::of_process().limit(bytes);
}

/// Tables, in so many bytes at most.
pub(in crate::crypto::accel) struct Shelf {
    max_bytes: AtomicUsize,
    /// Counts tables made: what "used last" is measured by.
    now: AtomicU32,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    asked_for: VecDeque<Arc<dyn OnShelf>>,
    /// Those that have a table. A key that is gone took its table with it.
    made: Vec<Weak<dyn OnShelf>>,
    is_working: bool,
    builds: u64,
    evictions: u64,
}

impl Shelf {
    /// The one of this process.
    pub(in crate::crypto::accel) fn of_process() -> &'static Self {
        static SHELF: Shelf = Shelf::new(DEFAULT_KEY_TABLE_BYTES);
        &SHELF
    }

    pub(in crate::crypto::accel) const fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes: AtomicUsize::new(max_bytes),
            now: AtomicU32::new(1),
            inner: Mutex::new(Inner {
                asked_for: VecDeque::new(),
                made: Vec::new(),
                is_working: false,
                builds: 0,
                evictions: 0,
            }),
        }
    }

    #[inline]
    pub(in crate::crypto::accel) fn now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }

    pub(in crate::crypto::accel) fn stats(&self) -> TableStats {
        let mut inner = self.lock();
        let bytes = inner.bytes();
        TableStats {
            tables: inner.made.len(),
            bytes,
            builds: inner.builds,
            evictions: inner.evictions,
        }
    }

    /// Has a table made. `false` if too many are asked for, or no thread can be had.
    pub(in crate::crypto::accel) fn ask(&'static self, place: Arc<dyn OnShelf>) -> bool {
        let mut inner = self.lock();
        if inner.asked_for.len() >= MAX_TABLES_ASKED_FOR {
            return false;
        }
        inner.asked_for.push_back(place);
        if !inner.is_working {
            // It ends when nothing is asked for, so that a process whose keys have their tables has no such thread.
            let worker = thread::Builder::new()
                .name("asap-tables".to_owned())
                .spawn(|| self.work());
            if worker.is_err() {
                inner.asked_for.pop_back();
                return false;
            }
            inner.is_working = true;
        }
        true
    }

    fn work(&self) {
        // Whatever ends this thread, the next who asks starts another.
        struct Ends<'a>(&'a Shelf);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                self.0.lock().is_working = false;
            }
        }
        let ends = Ends(self);
        while let Some(place) = self.next() {
            self.make(&place);
        }
        std::mem::forget(ends);
    }

    /// The next that was asked for. Where there is none, the work has ended, under the same lock.
    fn next(&self) -> Option<Arc<dyn OnShelf>> {
        let mut inner = self.lock();
        let next = inner.asked_for.pop_front();
        inner.is_working = next.is_some();
        next
    }

    /// Makes one table, and then room for it.
    pub(in crate::crypto::accel) fn make(&self, place: &Arc<dyn OnShelf>) {
        let Some(bytes) = place.build() else {
            return;
        };
        self.now.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.lock();
        inner.builds = inner.builds.saturating_add(1);
        if self.make_room(&mut inner, bytes) {
            inner.made.push(Arc::downgrade(place));
        } else {
            place.evict();
        }
    }

    /// Has the tables take so many bytes at most.
    pub(super) fn limit(&self, max_bytes: usize) {
        let mut inner = self.lock();
        self.max_bytes.store(max_bytes, Ordering::Relaxed);
        self.make_room(&mut inner, 0);
    }

    /// Gives up tables until there is room for another of `bytes`. `false` if that alone is too large.
    fn make_room(&self, inner: &mut Inner, bytes: usize) -> bool {
        let max_bytes = self.max_bytes.load(Ordering::Relaxed);
        while inner.bytes().saturating_add(bytes) > max_bytes {
            let Some(oldest) = inner.take_oldest() else {
                return false;
            };
            oldest.evict();
            inner.evictions = inner.evictions.saturating_add(1);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// What the tables take whose keys are still there.
    fn bytes(&mut self) -> usize {
        self.made.retain(|place| place.strong_count() > 0);
        self.made
            .iter()
            .filter_map(Weak::upgrade)
            .fold(0, |bytes, place| bytes.saturating_add(place.bytes()))
    }

    /// Takes out the one that was not used for longest. `None` if none is left.
    fn take_oldest(&mut self) -> Option<Arc<dyn OnShelf>> {
        let places = self.made.iter().filter_map(Weak::upgrade);
        let oldest = places.min_by_key(|place| place.used_at())?;
        self.made
            .retain(|place| !std::ptr::addr_eq(place.as_ptr(), Arc::as_ptr(&oldest)));
        Some(oldest)
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.stats(), f)
    }
}
