//! Points in time, exact to the nanosecond, and where "now" comes from.
//!
//! The core never asks what time it is: `now` is an argument. Only the shell holds a [`Clock`].

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const NANOS_PER_SEC: i128 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds, as a `NumericDate`
/// counts (RFC 7519 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime {
    nanos: i128,
}

impl UnixTime {
    /// A whole number of seconds since the epoch.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        // 64 bits and 30 more fit into 127.
        Self::from_nanos(widen(seconds).wrapping_mul(NANOS_PER_SEC))
    }

    /// A number of nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i128) -> Self {
        Self { nanos }
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i128 {
        self.nanos
    }

    /// Whole seconds since the epoch, rounded down and clamped to what an `i64` holds.
    #[must_use]
    pub fn as_secs(self) -> i64 {
        // Any time of this century or the next: a division of 64 bits costs a tenth of one of 128.
        if let Ok(nanos) = i64::try_from(self.nanos) {
            return nanos.div_euclid(1_000_000_000);
        }
        let seconds = self.nanos.div_euclid(NANOS_PER_SEC);
        i64::try_from(seconds).unwrap_or(if seconds < 0 { i64::MIN } else { i64::MAX })
    }

    /// This time and `duration` more.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_nanos(self.nanos.saturating_add(duration_nanos(duration)))
    }

    /// This time less `duration`.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self::from_nanos(self.nanos.saturating_sub(duration_nanos(duration)))
    }
}

/// A duration in nanoseconds. The largest `Duration` has 94 bits of them.
pub(crate) fn duration_nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// `i128::from`, which is not `const`.
#[expect(clippy::as_conversions, reason = "every i64 is an i128")]
const fn widen(seconds: i64) -> i128 {
    seconds as i128
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::default().saturating_add(after),
            Err(before) => Self::default().saturating_sub(before.duration()),
        }
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        let sign = if self.nanos < 0 { "-" } else { "" };
        let (seconds, rest) = (
            nanos.div_euclid(NANOS_PER_SEC.unsigned_abs()),
            nanos.rem_euclid(NANOS_PER_SEC.unsigned_abs()),
        );
        if rest == 0 {
            return write!(f, "{sign}{seconds}");
        }
        let fraction = format!("{rest:09}");
        write!(f, "{sign}{seconds}.{}", fraction.trim_end_matches('0'))
    }
}

/// Where the shell reads the time of day, once a decision.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> UnixTime;

    /// The time of day less than a second ahead or behind, if that costs less than to read it exactly. It decides only what
    /// a second more or less cannot change, and then in the place of [`now`](Self::now).
    fn now_roughly(&self) -> Option<UnixTime> {
        None
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        SystemTime::now().into()
    }

    /// As of the last tick of the system's timer, with the feature `accel` on Linux.
    #[cfg(feature = "accel")]
    #[inline]
    fn now_roughly(&self) -> Option<UnixTime> {
        asap_accel::coarse_unix_nanos().map(|nanos| UnixTime::from_nanos(i128::from(nanos)))
    }
}

impl<F: Fn() -> UnixTime + Send + Sync> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_a_decimal_number_of_seconds() {
        assert_eq!(UnixTime::from_secs(1_700_000_000).to_string(), "1700000000");
        assert_eq!(UnixTime::from_nanos(1_500_000_000).to_string(), "1.5");
        assert_eq!(UnixTime::from_nanos(-1).to_string(), "-0.000000001");
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(UnixTime::from_nanos(-1).as_secs(), -1);
        assert_eq!(UnixTime::from_nanos(1).as_secs(), 0);
        assert_eq!(UnixTime::from_nanos(-1_000_000_001).as_secs(), -2);
        assert_eq!(UnixTime::from_secs(i64::MAX / 2).as_secs(), i64::MAX / 2);
        assert_eq!(UnixTime::from_secs(i64::MIN).as_secs(), i64::MIN);
        assert_eq!(UnixTime::from_nanos(i128::MAX).as_secs(), i64::MAX);
    }
}
