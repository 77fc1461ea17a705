//! By what sums of points are made.

#[cfg(target_arch = "x86_64")]
use crate::processor;

/// By what a key of P-256 or Ed25519 makes its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// Eight lanes of AVX-512 IFMA.
    Lanes,
    /// The same lanes one by one: for tests.
    Model,
    /// Words of 64 bits, on any processor.
    Scalar,
}

impl Tier {
    /// The fastest that this processor has.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if processor::has_wide_multiplications_and_shifts() {
            return Self::Lanes;
        }
        Self::Scalar
    }

    /// The bits of a key's windows: one more saves the lanes nothing, as long as it does not make a round of eight less.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::Lanes | Self::Model => 6,
            Self::Scalar => 7,
        }
    }

    /// The bits of the base point's windows: for the lanes as many as make nine rounds of eight with those of a key; in words a bit
    /// more saves three additions, and the one table of the process may be as large as a second-level cache.
    pub(crate) const fn base_width(self) -> usize {
        match self {
            Self::Lanes | Self::Model => 9,
            Self::Scalar => 10,
        }
    }
}
