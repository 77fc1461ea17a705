//! A table that has yet to prove itself.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::TABLE_TRIALS;

/// A table, and how many more of its acceptances the library has to confirm before they count by themselves.
#[derive(Debug)]
pub(super) struct Tried<T> {
    pub(super) table: T,
    trials_left: AtomicU32,
}

impl<T> Tried<T> {
    pub(super) const fn new(table: T) -> Self {
        Self {
            table,
            trials_left: AtomicU32::new(TABLE_TRIALS),
        }
    }

    #[inline]
    pub(super) fn is_on_trial(&self) -> bool {
        self.trials_left.load(Ordering::Relaxed) != 0
    }

    /// The library has found the same. Only then a trial is over: whoever comes meanwhile is on trial too.
    #[cold]
    pub(super) fn confirm(&self) {
        // At zero there is nothing left to prove.
        let _ = self
            .trials_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
    }
}
