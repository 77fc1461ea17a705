//! What the tokens take together, which never is more than they may.
//!
//! An entry is charged before it is made and until it is freed, which may be a moment after it had to go: a reader may
//! still be looking at it. So the bound holds for what is in memory, and not only for what can be found.

use std::sync::Arc;

use super::sync::{AtomicUsize, Ordering};

pub(super) struct Ledger {
    max_bytes: usize,
    bytes: AtomicUsize,
    entries: AtomicUsize,
}

/// The share of one entry. It ends with the entry.
pub(super) struct Charge {
    ledger: Arc<Ledger>,
    bytes: usize,
}

impl Ledger {
    pub(super) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            max_bytes,
            bytes: AtomicUsize::new(0),
            entries: AtomicUsize::new(0),
        })
    }

    /// The charge of an entry of `bytes`, if there is so much left.
    pub(super) fn charge(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        let with_it = |so_far: usize| {
            so_far
                .checked_add(bytes)
                .filter(|sum| *sum <= self.max_bytes)
        };
        self.bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, with_it)
            .ok()?;
        self.entries.fetch_add(1, Ordering::Relaxed);
        Some(Charge {
            ledger: Arc::clone(self),
            bytes,
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ledger.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.ledger.entries.fetch_sub(1, Ordering::Relaxed);
    }
}
