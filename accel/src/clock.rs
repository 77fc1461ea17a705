//! The system's clock as of its last tick, for a third of the price.

/// Nanoseconds of the system's monotonic clock (on Linux that of [`std::time::Instant`]) at the last tick of its timer: 1 to
/// 10 ms ago, depending on the kernel, and longer where the processor that keeps the time is held up. `None` on systems
/// other than Linux.
#[inline]
#[must_use]
pub fn coarse_monotonic_nanos() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the call writes one `timespec`, which is borrowed for it.
        let failed =
            unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) } != 0;
        if failed {
            return None;
        }
        let (seconds, nanos) = (
            u64::try_from(time.tv_sec).ok()?,
            u64::try_from(time.tv_nsec).ok()?,
        );
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
    }
    #[cfg(not(target_os = "linux"))]
    None
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
}
