//! What happened, in order: printed when one seed is replayed, and always hashed, so that two runs can be compared.

use std::fmt::Debug;
use std::time::Duration;

/// The events of one seed.
pub(crate) struct Trace {
    hash: u64,
    events: u64,
    is_shown: bool,
}

impl Trace {
    pub(crate) fn new(is_shown: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            events: 0,
            is_shown,
        }
    }

    /// Notes an event: its name, and the numbers that tell it from others of its name.
    pub(crate) fn note(&mut self, at: Duration, what: &str, numbers: &[u64], detail: &dyn Debug) {
        self.events += 1;
        self.mix(&at.as_nanos().to_le_bytes());
        self.mix(what.as_bytes());
        for number in numbers {
            self.mix(&number.to_le_bytes());
        }
        if self.is_shown {
            println!(
                "{:>12.6} s  {what} {numbers:?} {detail:?}",
                at.as_secs_f64()
            );
        }
    }

    /// What tells this trace from another, and its length.
    pub(crate) fn summary(&self) -> (u64, u64) {
        (self.hash, self.events)
    }

    /// FNV-1a.
    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
