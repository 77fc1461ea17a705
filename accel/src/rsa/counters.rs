//! How often the rare ways were taken, for tests that must prove that they took them (feature `counters`). Without the
//! feature there is nothing here.

/// A way that random numbers take next to never, or one of the ways of the last comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RareWay {
    /// A carry ran on after all carries had moved by one limb.
    CarryRipple,
    /// A square was made as a product, since a doubled limb did not fit.
    WideSquare,
    /// The two sides differed by this many times the modulus, or seemed to: -3 to 3.
    Quotient(i8),
    /// They differed by more than any sides can.
    QuotientOutOfRange,
}

#[cfg(any(test, feature = "counters"))]
mod counted {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::RareWay;

    static TAKEN: [AtomicU64; 10] = [const { AtomicU64::new(0) }; 10];

    const fn slot(way: RareWay) -> usize {
        match way {
            RareWay::CarryRipple => 0,
            RareWay::WideSquare => 1,
            RareWay::QuotientOutOfRange => 2,
            RareWay::Quotient(quotient) => (quotient.rem_euclid(7) + 3) as usize,
        }
    }

    impl RareWay {
        /// How often the kernel took this way in this process.
        #[must_use]
        pub fn taken(self) -> u64 {
            TAKEN[slot(self)].load(Ordering::Relaxed)
        }

        pub(in crate::rsa) fn count(self) {
            TAKEN[slot(self)].fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(not(any(test, feature = "counters")))]
impl RareWay {
    #[inline]
    pub(super) const fn count(self) {}
}
