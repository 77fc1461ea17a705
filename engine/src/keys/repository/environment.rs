//! What the repository takes from the machine beside its sockets: the time of day, chance, and the clock by which it
//! waits. Nothing else in here asks for them, so that a simulation can give all three from a seed.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use tokio::time::Instant;

/// The time of day, and chance.
pub(super) trait Environment: Send + Sync + 'static {
    /// The time of day, which may step: for the dates that HTTP compares, and for nothing else.
    fn time_of_day(&self) -> SystemTime;

    /// A random number: for jitter and hashes, not for secrets.
    fn random(&self) -> u64;

    /// How the maps hash what comes from outside.
    fn hasher(&self) -> SeedableRandomState;

    /// Starts the clock by which keys at hand are looked at.
    fn start_clock(&self) -> MonotonicClock {
        MonotonicClock::start()
    }
}

/// The machine itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine;

impl Environment for Machine {
    fn time_of_day(&self) -> SystemTime {
        SystemTime::now()
    }

    /// The standard library's hasher keys, new with each call.
    fn random(&self) -> u64 {
        RandomState::new().hash_one(())
    }

    fn hasher(&self) -> SeedableRandomState {
        SeedableRandomState::with_seed(self.random(), SharedSeed::global_random())
    }

    fn start_clock(&self) -> MonotonicClock {
        MonotonicClock {
            coarse_start: coarse::nanos(),
            ..MonotonicClock::start()
        }
    }
}

#[cfg(feature = "accel")]
mod coarse {
    pub(super) use asap_accel::coarse_monotonic_nanos as nanos;
}

#[cfg(not(feature = "accel"))]
mod coarse {
    pub(super) const fn nanos() -> Option<u64> {
        None
    }
}

/// A point in monotonic time: nanoseconds since the repository was made. Half a millennium fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// Before every other moment: what is usable until then is not usable.
    pub(super) const PAST: Self = Self(0);
    /// After every other moment.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// This moment and `duration` more; never [`Moment::NEVER`].
    pub(super) fn saturating_add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos).min(u64::MAX.saturating_sub(1)))
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub(super) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The moment as a word, for atomics.
    pub(super) const fn to_nanos(self) -> u64 {
        self.0
    }

    /// The moment of a word.
    pub(super) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
}

/// How far the machine's coarse clock may be behind its exact one for a key to be found: hundreds of its ticks. A key that
/// has less than this left is looked at by the exact clock.
const COARSE_LAG: Duration = Duration::from_secs(1);

/// What time it is, for whoever asks whether something is over.
pub(super) trait Now: Copy {
    /// Whether `end` is yet to come.
    fn is_before(self, end: Moment) -> bool;
}

impl Now for Moment {
    fn is_before(self, end: Moment) -> bool {
        self < end
    }
}

/// A look at the clock that is exact only if it has to be, since on the way of every token the exact clock would cost as
/// much as all else in a look-up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    clock: MonotonicClock,
    /// The moment of the look, or up to [`COARSE_LAG`] before it.
    lately: Moment,
}

impl Now for Glance {
    fn is_before(self, end: Moment) -> bool {
        self.lately.saturating_add(COARSE_LAG) < end || self.clock.now() < end
    }
}

/// Tells moments, by the clock that tokio's timers go by.
#[derive(Debug, Clone, Copy)]
pub(super) struct MonotonicClock {
    start: Instant,
    /// What the machine's coarse clock showed at the start, if it is to be asked at all.
    coarse_start: Option<u64>,
}

impl MonotonicClock {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            coarse_start: None,
        }
    }

    pub(super) fn now(self) -> Moment {
        self.moment(Instant::now())
    }

    /// A look at the clock, the coarse one if there is one.
    pub(super) fn glance(self) -> Glance {
        let coarse = self
            .coarse_start
            .and_then(|start| coarse::nanos()?.checked_sub(start));
        let lately = match coarse {
            Some(nanos) => Moment::from_nanos(nanos.saturating_add(1)),
            None => self.now(),
        };
        Glance {
            clock: self,
            lately,
        }
    }

    /// The moment of an instant. The start itself is already after [`Moment::PAST`].
    pub(super) fn moment(self, instant: Instant) -> Moment {
        Moment(1).saturating_add(instant.saturating_duration_since(self.start))
    }
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;

    /// A look at a clock that was started ten seconds ago, where the coarse clock is `behind`.
    fn look(behind: Duration) -> Glance {
        let start = Instant::now().checked_sub(Duration::from_secs(10));
        let clock = MonotonicClock {
            start: start.expect("a machine that has been up for longer"),
            coarse_start: None,
        };
        let lately = Moment(clock.now().0 - u64::try_from(behind.as_nanos()).unwrap());
        Glance { clock, lately }
    }

    fn second(second: f64) -> Moment {
        Moment(1).saturating_add(Duration::from_secs_f64(second))
    }

    #[test]
    fn what_is_over_is_not_before_its_end_by_a_clock_that_lags() {
        for behind in [0.0, 0.004, 0.9].map(Duration::from_secs_f64) {
            assert!(!look(behind).is_before(second(9.999)), "{behind:?}");
            assert!(!look(behind).is_before(Moment::PAST));
            assert!(look(behind).is_before(second(1000.0)), "{behind:?}");
            assert!(look(behind).is_before(Moment::NEVER));
        }
    }

    #[test]
    fn the_coarse_clock_of_the_machine_is_behind_the_exact_one_by_less_than_the_lag() {
        let clock = Machine.start_clock();
        let lately = clock.glance().lately;
        assert!(clock.now().since(lately) < COARSE_LAG);
    }
}
