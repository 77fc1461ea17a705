//! A table that has yet to prove itself.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::kernel::Answer;
use crate::limits::TABLE_TRIALS;

/// A table, and how many more of its acceptances the library has to confirm before they count by themselves.
#[derive(Debug)]
pub(in crate::crypto::accel) struct Tried<T> {
    table: T,
    trials_left: AtomicU32,
}

impl<T> Tried<T> {
    pub(in crate::crypto::accel) const fn new(table: T) -> Self {
        Self {
            table,
            trials_left: AtomicU32::new(TABLE_TRIALS),
        }
    }

    pub(in crate::crypto::accel) const fn table(&self) -> &T {
        &self.table
    }

    /// What an acceptance by this table is worth. The library is asked after each of the first few, and if it finds
    /// otherwise, no table is used any more.
    #[inline]
    pub(in crate::crypto::accel) fn valid(&self) -> Answer {
        if self.trials_left.load(Ordering::Relaxed) == 0 {
            return Answer::Valid;
        }
        let _ = self
            .trials_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        Answer::ValidOnTrial
    }
}
