//! Counters for the hot path: a thread counts in a cache line that no other thread writes.
//!
//! Each thread has a number of its own for as long as it lives, and each counter a stripe for each number: counting is
//! a plain addition to a line that stays in the thread's own cache. Threads beyond [`COUNTER_STRIPES`] share one more
//! stripe, and add to it with an atomic instruction. Reading a counter adds up its stripes, and is for once in a while.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::COUNTER_STRIPES;

/// A counter that many threads count in and that is seldom read. It takes some 8 KiB.
pub(crate) struct StripedCounter {
    own: Box<[Stripe]>,
    shared: Stripe,
}

/// Two lines, since processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default)]
struct Stripe(AtomicU64);

impl StripedCounter {
    /// What it takes beside itself, in bytes.
    pub(crate) const BYTES: usize = size_of::<Stripe>().saturating_mul(COUNTER_STRIPES);

    pub(crate) fn new() -> Self {
        Self {
            own: (0..COUNTER_STRIPES).map(|_| Stripe::default()).collect(),
            shared: Stripe::default(),
        }
    }

    /// Counts one more.
    #[inline]
    pub(crate) fn count(&self) {
        match own_number().and_then(|number| self.own.get(number)) {
            // Nobody else writes here, so nothing is lost between the two.
            Some(Stripe(own)) => {
                let so_far = own.load(Ordering::Relaxed);
                own.store(so_far.wrapping_add(1), Ordering::Relaxed);
            }
            None => {
                self.shared.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many were counted. What other threads count meanwhile may be missing.
    pub(crate) fn total(&self) -> u64 {
        let stripes = self.own.iter().chain([&self.shared]);
        stripes
            .map(|stripe| stripe.0.load(Ordering::Relaxed))
            .fold(0, u64::wrapping_add)
    }
}

impl fmt::Debug for StripedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.total(), f)
    }
}

thread_local! {
    static NUMBER: Number = Number::take();
}

/// The number of this thread. None if all are taken, and while the thread ends.
#[inline]
fn own_number() -> Option<usize> {
    NUMBER.try_with(|number| number.0).ok().flatten()
}

/// The numbers that are taken, a bit each.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// A number below [`COUNTER_STRIPES`] that no other thread has, while there is one.
struct Number(Option<usize>);

impl Number {
    fn take() -> Self {
        let lowest_free =
            |taken: u64| Some(taken | taken.wrapping_add(1)).filter(|now| *now != taken);
        // Acquire: what the number's last thread counted was counted before.
        let before = TAKEN.fetch_update(Ordering::Acquire, Ordering::Relaxed, lowest_free);
        let number = before.ok().map(u64::trailing_ones);
        Self(number.and_then(|number| usize::try_from(number).ok()))
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        if let Some(number) = self.0
            && let Some(bit) = u32::try_from(number)
                .ok()
                .and_then(|n| 1_u64.checked_shl(n))
        {
            TAKEN.fetch_and(!bit, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nothing_is_lost_with_more_threads_than_stripes_and_as_threads_come_and_go() {
        let counter = StripedCounter::new();
        for _ in 0..3 {
            thread::scope(|scope| {
                for _ in 0..COUNTER_STRIPES + 8 {
                    scope.spawn(|| (0..1_000).for_each(|_| counter.count()));
                }
            });
        }
        assert_eq!(
            counter.total(),
            3 * 1_000 * (u64::try_from(COUNTER_STRIPES).unwrap() + 8)
        );
    }

    #[test]
    fn no_two_threads_that_live_have_one_number() {
        let numbers: Vec<_> = (0..10).map(|_| Number::take()).collect();
        let mut taken: Vec<_> = numbers.iter().filter_map(|number| number.0).collect();
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), count);
        assert!(taken.iter().all(|number| *number < COUNTER_STRIPES));
    }
}
