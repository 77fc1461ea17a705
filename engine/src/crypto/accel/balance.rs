//! What a key may still cost in vain.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::MAX_KERNEL_REFUSALS;

/// How many more signatures a kernel may refuse under one key before the library is asked at once, as it would be asked after
/// the refusal anyway. Each acceptance gives one back, by whomever it was.
///
/// So the kernel runs in vain at most [`MAX_KERNEL_REFUSALS`] times, and once for each acceptance, and once for each thread
/// that refuses at the same time. There is no clock in this: nothing is won by waiting.
#[derive(Debug)]
pub(super) struct Balance(AtomicU32);

impl Balance {
    pub(super) const fn full() -> Self {
        Self(AtomicU32::new(MAX_KERNEL_REFUSALS))
    }

    #[inline]
    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Pays for a refusal.
    pub(super) fn take(&self) {
        self.change(|left| left.checked_sub(1));
    }

    /// Has an acceptance give one back. As long as nothing is refused, nothing is written.
    #[inline]
    pub(super) fn give_back(&self) {
        if self.0.load(Ordering::Relaxed) < MAX_KERNEL_REFUSALS {
            self.give_one_back();
        }
    }

    #[cold]
    fn give_one_back(&self) {
        self.change(|left| {
            left.checked_add(1)
                .filter(|more| *more <= MAX_KERNEL_REFUSALS)
        });
    }

    fn change(&self, to: impl FnMut(u32) -> Option<u32>) {
        // At either end there is nothing to change.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_between_nothing_and_its_maximum() {
        let balance = Balance::full();
        balance.give_back();
        for _ in 0..MAX_KERNEL_REFUSALS {
            assert!(!balance.is_spent());
            balance.take();
        }
        assert!(balance.is_spent());
        balance.take();
        balance.give_back();
        assert!(!balance.is_spent());
        balance.take();
        assert!(balance.is_spent());
        for _ in 0..2 * MAX_KERNEL_REFUSALS {
            balance.give_back();
        }
        assert_eq!(balance.0.into_inner(), MAX_KERNEL_REFUSALS);
    }
}
