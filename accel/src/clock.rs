//! The system's clock as of its last tick, for a third of the price.

/// Nanoseconds of the system's monotonic clock (on Linux that of [`std::time::Instant`]) at the last tick of its timer: 1 to
/// 10 ms ago, depending on the kernel, and longer where the processor that keeps the time is held up. `None` on systems
/// other than Linux.
#[inline]
#[must_use]
pub fn coarse_monotonic_nanos() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        nanos_of(libc::CLOCK_MONOTONIC_COARSE)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Nanoseconds since 1970-01-01T00:00:00Z, of the system's time of day at the last tick of its timer: as far behind that of
/// [`std::time::SystemTime`] as [`coarse_monotonic_nanos`] is behind its. `None` before 1970, and on systems other than
/// Linux.
#[inline]
#[must_use]
pub fn coarse_unix_nanos() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        nanos_of(libc::CLOCK_REALTIME_COARSE)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(target_os = "linux")]
#[inline]
fn nanos_of(clock: libc::clockid_t) -> Option<u64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes one `timespec`, which is borrowed for it.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) } != 0;
    if failed {
        return None;
    }
    let (seconds, nanos) = (
        u64::try_from(time.tv_sec).ok()?,
        u64::try_from(time.tv_nsec).ok()?,
    );
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn it_never_goes_back_and_is_never_ahead_of_the_exact_clock() {
        let exact = || {
            let mut time = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: as above.
            let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
            assert_eq!(result, 0);
            u64::try_from(time.tv_sec).unwrap() * 1_000_000_000
                + u64::try_from(time.tv_nsec).unwrap()
        };
        let mut before = 0;
        for _ in 0..100_000 {
            let coarse = coarse_monotonic_nanos().unwrap();
            assert!(before <= coarse && coarse <= exact());
            before = coarse;
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_coarse_time_of_day_is_that_of_the_system() {
        let exact = || {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            u64::try_from(since.unwrap().as_nanos()).unwrap()
        };
        // Within an hour, whatever sets the clock meanwhile: a wrong unit or epoch is further off.
        let (coarse, exact) = (coarse_unix_nanos().unwrap(), exact());
        assert!(
            coarse.abs_diff(exact) < 3_600_000_000_000,
            "{coarse} {exact}"
        );
    }
}
