//! Numbers modulo p = 2^255 - 19 in words of 64 bits: any four words stand for one, below p or not, until they are made canonical.
//!
//! 2^256 is 38 modulo p, so what is carried out of the highest word comes back into the lowest.

use super::curve::P;
use crate::modular::inverse;
use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words, multiply_add};

pub(super) const ONE: Words = [1, 0, 0, 0];

/// Adds 38 times what was carried out, at most 2^57.
#[inline]
fn fold(words: Words, carried: u64) -> Words {
    let (words, carry) = words::add(&words, &[38 * carried, 0, 0, 0]);
    // If that carries again, almost nothing is left, and there is room.
    let [first, ..] = words;
    let mut folded = words;
    folded[0] = first.wrapping_add(38 * u64::from(carry));
    folded
}

#[inline]
pub(super) fn add(a: &Words, b: &Words) -> Words {
    let (sum, carry) = words::add(a, b);
    fold(sum, u64::from(carry))
}

#[inline]
pub(super) fn sub(a: &Words, b: &Words) -> Words {
    let (difference, borrow) = words::sub(a, b);
    let (mut difference, borrow) = words::sub(&difference, &[38 * u64::from(borrow), 0, 0, 0]);
    // If that borrows again, nearly all bits are set.
    difference[0] = difference[0].wrapping_sub(38 * u64::from(borrow));
    difference
}

#[inline]
pub(super) fn multiply(a: &Words, b: &Words) -> Words {
    let [a0, a1, a2, a3] = *a;
    let [b0, b1, b2, b3] = *b;
    let (t0, c) = multiply_add(a0, b0, 0, 0);
    let (t1, c) = multiply_add(a1, b0, 0, c);
    let (t2, c) = multiply_add(a2, b0, 0, c);
    let (t3, t4) = multiply_add(a3, b0, 0, c);
    let (t1, c) = multiply_add(a0, b1, t1, 0);
    let (t2, c) = multiply_add(a1, b1, t2, c);
    let (t3, c) = multiply_add(a2, b1, t3, c);
    let (t4, t5) = multiply_add(a3, b1, t4, c);
    let (t2, c) = multiply_add(a0, b2, t2, 0);
    let (t3, c) = multiply_add(a1, b2, t3, c);
    let (t4, c) = multiply_add(a2, b2, t4, c);
    let (t5, t6) = multiply_add(a3, b2, t5, c);
    let (t3, c) = multiply_add(a0, b3, t3, 0);
    let (t4, c) = multiply_add(a1, b3, t4, c);
    let (t5, c) = multiply_add(a2, b3, t5, c);
    let (t6, t7) = multiply_add(a3, b3, t6, c);
    let (t0, c) = multiply_add(t4, 38, t0, 0);
    let (t1, c) = multiply_add(t5, 38, t1, c);
    let (t2, c) = multiply_add(t6, 38, t2, c);
    let (t3, c) = multiply_add(t7, 38, t3, c);
    fold([t0, t1, t2, t3], c)
}

#[inline]
pub(super) fn square(a: &Words) -> Words {
    multiply(a, a)
}

pub(super) fn negate(a: &Words) -> Words {
    sub(&[0; 4], a)
}

/// The same number below p.
pub(super) fn canonical(a: &Words) -> Words {
    let mut low = *a;
    low[3] &= u64::MAX >> 1;
    // 2^255 is 19: below 2^255 + 19, which is below 2 p.
    P::canonical(words::add(&low, &[19 * (a[3] >> 63), 0, 0, 0]).0)
}

/// 1/a. `None` for zero.
pub(super) fn invert(a: &Words) -> Option<Words> {
    inverse::inverse::<P>(&canonical(a))
}

pub(super) fn is_equal(a: &Words, b: &Words) -> bool {
    canonical(a) == canonical(b)
}
