//! The product of two numbers, reduced as it is made.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_broadcastq_epi64, _mm512_castsi512_si128,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_maskz_srli_epi64, _mm512_setzero_si512,
};

use super::lanes::{LIMB_SHIFT, broadcast, load, one_lane_down};
use crate::rsa::key::Key;
use crate::rsa::number::Number;

/// A product in the making, in two parts that add up to it.
#[derive(Clone, Copy)]
pub(super) struct Partial<const Z: usize> {
    /// What the reduction adds.
    pub(super) reduced: [__m512i; Z],
    /// What the factors add. Its lowest limb goes over to `reduced` before each shift.
    pub(super) factors: [__m512i; Z],
    /// What the limb that was taken off last had above its 52 bits: still to be added to the lowest limb. It waits here and
    /// not in `reduced`, where two multiplications would wait for it.
    pub(super) carry: __m512i,
    /// The limb that was taken off last, in all lanes: the high halves of its products are still to be added.
    pub(super) lowest: __m512i,
}

impl<const Z: usize> Partial<Z> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn new() -> Self {
        let zero = _mm512_setzero_si512();
        Self {
            reduced: [zero; Z],
            factors: [zero; Z],
            carry: zero,
            lowest: zero,
        }
    }

    /// The row of one limb of a factor: adds `a` times that limb. Of `a` the registers below `J` are left out, register `J`
    /// is taken `single` times, and those above `double` times.
    ///
    /// The lowest limb of the factors goes over to `reduced` once it has the low halves. The others each become the one below,
    /// as those of `reduced` will, so that the high halves land where the low halves did.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn add_row<const J: usize>(
        &mut self,
        a: &[__m512i; Z],
        single: __m512i,
        double: __m512i,
    ) {
        let times = |k| if k == J { single } else { double };
        for k in J..Z {
            self.factors[k] = _mm512_madd52lo_epu64(self.factors[k], a[k], times(k));
        }
        let factors_lowest = _mm512_add_epi64(self.factors[0], self.carry);
        self.reduced[0] = _mm512_add_epi64(self.reduced[0], factors_lowest);
        for k in 0..Z {
            let above = if k + 1 < Z {
                self.factors[k + 1]
            } else {
                _mm512_setzero_si512()
            };
            self.factors[k] = if k < J {
                above
            } else {
                _mm512_madd52hi_epu64(above, a[k], times(k))
            };
        }
    }

    /// Ends a row: takes the lowest limb off and adds the multiple of M = 2^-52 mod n that makes up for it.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn reduce(&mut self, inverse: &[__m512i; Z]) {
        let lowest = self.reduced[0];
        let lowest_limb = in_all_lanes(lowest);
        for k in 0..Z {
            let one_down = self.one_down(k, lowest);
            let above = _mm512_madd52hi_epu64(one_down, inverse[k], self.lowest);
            self.reduced[k] = _mm512_madd52lo_epu64(above, inverse[k], lowest_limb);
        }
        self.carry = carry_of(lowest);
        self.lowest = lowest_limb;
    }

    /// Ends the last row: adds the multiple of n that makes the lowest limb zero, and takes that off.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn finish(&mut self, key: &Key<Z>, inverse: &[__m512i; Z]) {
        let modulus = load(&key.modulus);
        let multiple = _mm512_madd52lo_epu64(
            _mm512_setzero_si512(),
            in_all_lanes(self.reduced[0]),
            broadcast(key.negated_inverse),
        );
        for k in 0..Z {
            self.reduced[k] = _mm512_madd52lo_epu64(self.reduced[k], modulus[k], multiple);
        }
        let lowest = self.reduced[0];
        for k in 0..Z {
            // The high halves go to the part that is further in its work.
            let above = _mm512_madd52hi_epu64(self.factors[k], inverse[k], self.lowest);
            self.factors[k] = _mm512_madd52hi_epu64(above, modulus[k], multiple);
            self.reduced[k] = self.one_down(k, lowest);
        }
        self.carry = carry_of(lowest);
    }

    /// Register k of `reduced` divided by 2^52, where its lowest register is `lowest`: every limb becomes the one below. To be
    /// asked in order, each time before register k is changed.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn one_down(&self, k: usize, lowest: __m512i) -> __m512i {
        if k + 1 < Z {
            self.reduced[k + 1]
        } else {
            one_lane_down(lowest)
        }
    }

    /// The sum of both parts, with limbs below 2^62.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn total(&self) -> [__m512i; Z] {
        let mut total = self.reduced;
        total[0] = _mm512_add_epi64(total[0], self.carry);
        for k in 0..Z {
            total[k] = _mm512_add_epi64(total[k], self.factors[k]);
        }
        total
    }
}

/// As [`portable::product`](crate::rsa::portable::product), before the carries: limbs below 2^62.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn product<const Z: usize>(
    key: &Key<Z>,
    a: &Number<Z>,
    b: impl Fn(usize) -> u64,
    rows: usize,
) -> [__m512i; Z] {
    let (a, inverse) = (load(a), load(&key.inverse));
    let mut partial = Partial::new();
    for row in 0..rows {
        let factor = broadcast(b(row));
        partial.add_row::<0>(&a, factor, factor);
        if row + 1 < rows {
            partial.reduce(&inverse);
        } else {
            partial.finish(key, &inverse);
        }
    }
    partial.total()
}

/// The lowest lane, in all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn in_all_lanes(register: __m512i) -> __m512i {
    _mm512_broadcastq_epi64(_mm512_castsi512_si128(register))
}

/// What the lowest lane has above the 52 bits of its limb, in that lane alone.
#[inline]
#[target_feature(enable = "avx512f")]
fn carry_of(register: __m512i) -> __m512i {
    _mm512_maskz_srli_epi64::<LIMB_SHIFT>(1, register)
}
