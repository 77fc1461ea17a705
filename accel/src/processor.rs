//! What the processor has: the one place where that is asked, once for each kernel.

use std::sync::atomic::{AtomicU8, Ordering};

/// An answer that is found out when it is first asked for.
struct Answer(AtomicU8);

const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

impl Answer {
    const fn new() -> Self {
        Self(AtomicU8::new(UNKNOWN))
    }

    /// One byte for many features: asking for each of them costs as much as a segment of a token.
    #[inline]
    fn or(&self, find_out: fn() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => {
                let answer = find_out();
                self.0
                    .store(if answer { YES } else { NO }, Ordering::Relaxed);
                answer
            }
            known => known == YES,
        }
    }
}

/// What the reader of tokens takes. That the system saves the registers is part of the answer.
#[inline]
pub(crate) fn has_byte_permutations() -> bool {
    #[cold]
    fn find_out() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }
    static ANSWER: Answer = Answer::new();
    ANSWER.or(find_out)
}

/// What the RSA kernel takes: 52-bit multiplications in eight lanes.
#[inline]
pub(crate) fn has_wide_multiplications() -> bool {
    #[cold]
    fn find_out() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512ifma")
    }
    static ANSWER: Answer = Answer::new();
    ANSWER.or(find_out)
}

/// What the lanes of P-256 take: those and shifts of pairs.
#[inline]
pub(crate) fn has_wide_multiplications_and_shifts() -> bool {
    #[cold]
    fn find_out() -> bool {
        has_wide_multiplications() && is_x86_feature_detected!("avx512vbmi2")
    }
    static ANSWER: Answer = Answer::new();
    ANSWER.or(find_out)
}
