//! A limit on a rate, and the bucket that keeps to it: the generic cell rate algorithm in one atomic word.
//!
//! The word is the moment at which the bucket is full again. What is taken moves it on by one interval, and nothing is
//! taken that would move it further ahead of now than the whole burst. So an untouched bucket needs no writing, one that
//! was never used is a zero, and there is nothing to sweep.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::environment::Moment;
use super::sync::AtomicU64;
use crate::limits;

/// At most `burst` at once, and one more every `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    burst: u32,
    interval: Duration,
}

impl Rate {
    pub(super) const fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval }
    }

    /// Whether it lets anything through, and limits anything.
    pub(super) fn is_sensible(self) -> bool {
        (1..=limits::MAX_FETCH_BURST).contains(&self.burst)
            && limits::FETCH_INTERVALS.contains(&self.interval)
    }

    fn interval_nanos(self) -> u64 {
        u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX)
    }

    /// How far ahead of now the word may be for one more to be taken.
    fn tolerance_nanos(self) -> u64 {
        self.interval_nanos()
            .saturating_mul(u64::from(self.burst.saturating_sub(1)))
    }
}

/// What is left of one limit. Whoever asks brings the rate, which must always be the same.
#[derive(Debug)]
pub(super) struct Bucket(AtomicU64);

impl Bucket {
    /// A full one.
    pub(super) fn full() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes one, if there is one. Between two moments it yields at most the burst, one for each interval between them,
    /// and one for each that was given back.
    pub(super) fn take(&self, rate: Rate, now: Moment) -> bool {
        let now = now.to_nanos();
        let taken = |full_at: u64| {
            let full_at = full_at.max(now);
            let is_left = full_at.saturating_sub(now) <= rate.tolerance_nanos();
            is_left.then(|| full_at.saturating_add(rate.interval_nanos()))
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }

    /// Gives back one that was taken. What is beyond the burst is lost.
    pub(super) fn give_back(&self, rate: Rate) {
        let given = |full_at: u64| Some(full_at.saturating_sub(rate.interval_nanos()));
        // It cannot fail: there is always a next value.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, given);
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SLOW: Rate = Rate::new(3, Duration::from_secs(1000));

    fn at(second: u64) -> Moment {
        Moment::from_nanos(1).saturating_add(Duration::from_secs(second))
    }

    fn taken(bucket: &Bucket, rate: Rate, now: Moment) -> u32 {
        (0..100).map(|_| u32::from(bucket.take(rate, now))).sum()
    }

    /// Xorshift: the same numbers in each run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }
    }

    #[test]
    fn a_burst_is_followed_by_one_each_interval_and_a_rest_by_a_burst() {
        let bucket = Bucket::full();
        assert_eq!(taken(&bucket, SLOW, at(0)), 3);
        assert_eq!(taken(&bucket, SLOW, at(999)), 0);
        assert_eq!(taken(&bucket, SLOW, at(1000)), 1);
        assert_eq!(taken(&bucket, SLOW, at(3000)), 2);
        assert_eq!(taken(&bucket, SLOW, at(100_000)), 3);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_never_exceeds_the_burst() {
        let bucket = Bucket::full();
        assert_eq!(taken(&bucket, SLOW, at(0)), 3);
        bucket.give_back(SLOW);
        assert_eq!(taken(&bucket, SLOW, at(0)), 1);
        for _ in 0..10 {
            bucket.give_back(SLOW);
        }
        assert_eq!(taken(&bucket, SLOW, at(0)), 3);
        for _ in 0..10 {
            bucket.give_back(SLOW);
        }
        assert_eq!(taken(&bucket, SLOW, at(100_000)), 3);
    }

    #[test]
    fn no_schedule_takes_more_than_the_burst_and_the_rate_times_the_time_allow() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..500 {
            let burst = 1 + numbers.below(20);
            let interval = 1 + numbers.below(50);
            let rate = Rate::new(
                u32::try_from(burst).unwrap(),
                Duration::from_nanos(interval),
            );
            let bucket = Bucket::full();
            let (mut now, mut outstanding, mut given_back) = (1, 0, 0);
            // When each one was taken, and how many had been given back by then.
            let mut takes: Vec<(u64, u64)> = Vec::new();
            for _ in 0..300 {
                now += numbers.below(2 * interval) * numbers.below(3);
                if numbers.below(4) == 0 && outstanding > 0 {
                    bucket.give_back(rate);
                    outstanding -= 1;
                    given_back += 1;
                } else if bucket.take(rate, Moment::from_nanos(now)) {
                    outstanding += 1;
                    takes.push((now, given_back));
                }
            }
            for (first, (start, before)) in takes.iter().enumerate() {
                for (last, (end, after)) in takes.iter().enumerate().skip(first) {
                    let count = u64::try_from(last - first + 1).unwrap();
                    assert!(count <= burst + (end - start) / interval + (after - before));
                }
            }
            assert!(!takes.is_empty());
        }
    }

    #[test]
    fn threads_that_take_at_once_get_the_burst_between_them() {
        let rate = Rate::new(1000, Duration::from_secs(1000));
        let (bucket, taken) = (Bucket::full(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if bucket.take(rate, at(0)) {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 1000);
    }

    #[test]
    fn the_largest_rate_does_not_overflow() {
        let rate = Rate::new(limits::MAX_FETCH_BURST, *limits::FETCH_INTERVALS.end());
        assert!(rate.is_sensible());
        let bucket = Bucket::full();
        assert_eq!(taken(&bucket, rate, at(0)), 100);
        assert_eq!(
            rate.tolerance_nanos() / rate.interval_nanos(),
            u64::from(limits::MAX_FETCH_BURST) - 1
        );
    }

    #[test]
    fn a_rate_of_nothing_and_one_without_limit_make_no_sense() {
        for (burst, interval) in [
            (0, Duration::from_secs(1)),
            (limits::MAX_FETCH_BURST + 1, Duration::from_secs(1)),
            (1, Duration::ZERO),
            (1, Duration::from_secs(3601)),
        ] {
            assert!(!Rate::new(burst, interval).is_sensible());
        }
    }
}
