//! Squares: the 16 that make up nearly all of the work.
//!
//! A number is `A_0 + x A_1 + ... + x^(Z-1) A_(Z-1)`, where A_j is a register and x moves a number up by one limb. In its square
//! `A_i A_j` and `A_j A_i` are the same, so the row of limb a, which stands in register j, multiplies A_j by a, the registers
//! above by 2a, and those below not at all: 15 multiplications of registers instead of 25 with 5 of them. All products
//! that reach a limb are still there before that limb is taken off, since the row of the lower register of two adds both.
//!
//! 2a has 53 bits. Its highest goes to the next row, which is for the limb above: there it is added to the factor of the same
//! registers. 2a mod 2^52 is even, so that 1 always fits; only where a itself is 2^52 - 1 it does not, and then the square
//! is made as a product.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_or_si512, _mm512_setzero_si512,
    _mm512_srli_epi64,
};
use std::hint::black_box;

use super::lanes::{LIMB_SHIFT, broadcast, carried, has_a_limb_above, load, store, store_line};
use super::product::{Partial, product};
use crate::rsa::counters::RareWay;
use crate::rsa::key::Key;
use crate::rsa::number::{LANES, LIMB_MASK, Number};

/// What the rows of a square multiply by.
struct Factors<const Z: usize> {
    /// For the register in which the limb stands.
    single: Number<Z>,
    /// For the registers above it.
    double: Number<Z>,
}

impl<const Z: usize> Factors<Z> {
    /// Prepares the rows of `number`. `false` if a factor does not fit in a limb.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn prepare(&mut self, number: &[__m512i; Z]) -> bool {
        let mask = broadcast(LIMB_MASK);
        let mut passed = _mm512_setzero_si512();
        let mut all = passed;
        for k in 0..Z {
            let single = _mm512_add_epi64(number[k], passed);
            let twice = _mm512_and_si512(_mm512_add_epi64(number[k], number[k]), mask);
            store_line(&mut self.single.0[k], single);
            store_line(&mut self.double.0[k], _mm512_add_epi64(twice, passed));
            all = _mm512_or_si512(all, single);
            passed = _mm512_srli_epi64::<{ LIMB_SHIFT - 1 }>(number[k]);
        }
        !has_a_limb_above(all)
    }
}

/// As [`portable::squarings`](crate::rsa::portable::squarings).
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn squarings<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    let mut factors = Factors {
        single: Number::ZERO,
        double: Number::ZERO,
    };
    let mut power = load(s);
    for _ in 0..16 {
        let square = if factors.prepare(&power) {
            // Opaque, so that the rows read their factors from memory, which broadcasts them for nothing.
            square(key, &power, black_box(&factors))
        } else {
            RareWay::WideSquare.count();
            let power = store(power);
            product(key, &power, |row| power.limb(row), Number::<Z>::LIMBS)
        };
        power = carried(square);
    }
    store(power)
}

/// The square before the carries: limbs below 2^62.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn square<const Z: usize>(key: &Key<Z>, a: &[__m512i; Z], factors: &Factors<Z>) -> [__m512i; Z] {
    let inverse = load(&key.inverse);
    let mut partial = Partial::<Z>::new();
    for lane in 0..LANES {
        // The rows of this lane's limbs, register by register, each written out: its loops have other bounds.
        macro_rules! rows {
            ($($j:literal)*) => { $( if $j < Z {
                let single = broadcast(factors.single.0[$j].0[lane]);
                let double = broadcast(factors.double.0[$j].0[lane]);
                partial.add_row::<$j>(a, single, double);
                if lane == LANES - 1 && $j == (Number::<Z>::LIMBS - 1) % Z {
                    partial.finish(key, &inverse);
                    return partial.total();
                }
                partial.reduce(&inverse);
            } )* };
        }
        rows!(0 1 2 3 4 5 6 7 8 9);
    }
    partial.total()
}
