//! The window's unit of time, the whole second, and its clock, which never goes back.

use std::time::Duration;

use super::sync::{AtomicU64, Ordering};
use crate::time::UnixTime;

/// The bits of a [`Second`]: what a line's control word has room for. It lasts for 17 million years.
pub(super) const SECOND_BITS: u32 = 49;

const LAST: u64 = (1 << SECOND_BITS) - 1;

/// A whole second since the epoch. Times before the first are the first, those beyond the last are the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Second(u64);

impl Second {
    /// One and not zero, so that a line which was never visited is not all zeros: memory of zeros may be handed
    /// out by the system without being there, and would cost a page fault at the first use.
    pub(super) const FIRST: Self = Self(1);

    /// The second in which `time` lies.
    pub(super) fn floor(time: UnixTime) -> Self {
        Self(
            u64::try_from(time.as_secs())
                .unwrap_or(0)
                .clamp(Self::FIRST.0, LAST),
        )
    }

    /// The first second that is not before `time`. An entry is kept until then: longer, never shorter.
    pub(super) fn ceil(time: UnixTime) -> Self {
        Self::floor(time.saturating_add(Duration::from_nanos(999_999_999)))
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits & LAST)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The seconds from `earlier` to this one; none if it is not earlier.
    pub(super) const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The latest second that any thread has handed in, in a cache line of its own: every call reads it, and one
/// call a second writes it.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct LatestSecond(AtomicU64);

impl LatestSecond {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(Second::FIRST.0))
    }

    /// The later of `now` and the latest second so far, which it becomes.
    ///
    /// Relaxed is enough: the window is exact by the time kept in each line, under that line's lock. This
    /// clock makes what a caller with a late clock is told the same whichever line its token falls into.
    pub(super) fn advance(&self, now: Second) -> Second {
        let latest = Second(self.0.load(Ordering::Relaxed));
        if now <= latest {
            return latest;
        }
        let before = self.0.fetch_max(now.0, Ordering::Relaxed);
        now.max(Second(before))
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_second_rounds_down_for_now_and_up_for_an_expiry() {
        let half_past = UnixTime::from_nanos(1_500_000_000);
        assert_eq!(
            (Second::floor(half_past), Second::ceil(half_past)),
            (Second(1), Second(2))
        );
        let whole = UnixTime::from_secs(2);
        assert_eq!(
            (Second::floor(whole), Second::ceil(whole)),
            (Second(2), Second(2))
        );
    }

    #[test]
    fn times_that_no_token_has_are_clamped() {
        assert_eq!(Second::floor(UnixTime::from_nanos(-1)), Second::FIRST);
        assert_eq!(Second::ceil(UnixTime::from_secs(-5)), Second::FIRST);
        for end in [Second::floor, Second::ceil] {
            assert_eq!(end(UnixTime::from_nanos(i128::MAX)), Second(LAST));
        }
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = LatestSecond::new();
        assert_eq!(clock.advance(Second(10)), Second(10));
        assert_eq!(clock.advance(Second(9)), Second(10));
        assert_eq!(clock.advance(Second(11)), Second(11));
    }
}
