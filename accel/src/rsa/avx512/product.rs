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
            lowest: zero,
        }
    }

    /// Divides by 2^52: every limb becomes the one below. Returns the lowest limb, which fell out, in all lanes; what it had
    /// above its 52 bits stays.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn shift(&mut self) -> __m512i {
        let lowest = _mm512_add_epi64(self.reduced[0], self.factors[0]);
        let carry = _mm512_maskz_srli_epi64::<LIMB_SHIFT>(1, lowest);
        for k in 1..Z {
            self.reduced[k - 1] = self.reduced[k];
            self.factors[k - 1] = self.factors[k];
        }
        self.reduced[0] = _mm512_add_epi64(self.reduced[0], carry);
        self.reduced[Z - 1] = one_lane_down(lowest);
        self.factors[Z - 1] = _mm512_setzero_si512();
        _mm512_broadcastq_epi64(_mm512_castsi512_si128(lowest))
    }

    /// Adds the multiple of M = 2^-52 that makes up for the limb that [`shift`](Self::shift) took off.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn reduce(&mut self, inverse: &[__m512i; Z], lowest: __m512i) {
        for k in 0..Z {
            let above = _mm512_madd52hi_epu64(self.reduced[k], inverse[k], self.lowest);
            self.reduced[k] = _mm512_madd52lo_epu64(above, inverse[k], lowest);
        }
        self.lowest = lowest;
    }

    /// The last shift: adds the multiple of n that makes the lowest limb zero, and takes that off.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn finish(&mut self, key: &Key<Z>) {
        let zero = _mm512_setzero_si512();
        let (modulus, inverse) = (load(&key.modulus), load(&key.inverse));
        let lowest = _mm512_add_epi64(self.reduced[0], self.factors[0]);
        let lowest = _mm512_broadcastq_epi64(_mm512_castsi512_si128(lowest));
        let multiple = _mm512_madd52lo_epu64(zero, lowest, broadcast(key.negated_inverse));
        for k in 0..Z {
            self.reduced[k] = _mm512_madd52lo_epu64(self.reduced[k], modulus[k], multiple);
        }
        self.shift();
        for k in 0..Z {
            let above = _mm512_madd52hi_epu64(self.reduced[k], inverse[k], self.lowest);
            self.reduced[k] = _mm512_madd52hi_epu64(above, modulus[k], multiple);
        }
    }

    /// The sum of both parts, with limbs below 2^62.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn total(&self) -> [__m512i; Z] {
        let mut total = self.reduced;
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
        for k in 0..Z {
            partial.factors[k] = _mm512_madd52lo_epu64(partial.factors[k], a[k], factor);
        }
        if row + 1 < rows {
            let lowest = partial.shift();
            partial.reduce(&inverse, lowest);
        } else {
            partial.finish(key);
        }
        for k in 0..Z {
            partial.factors[k] = _mm512_madd52hi_epu64(partial.factors[k], a[k], factor);
        }
    }
    partial.total()
}
