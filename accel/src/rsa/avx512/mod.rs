//! The kernel: one number over the lanes of 5, 8 or 10 registers.
//!
//! What it answers is what [`super::portable`] answers, limb for limb.

mod compare;
mod lanes;
mod product;
mod square;
#[cfg(test)]
mod tests;

use super::key::{Digested, Key};
use super::number::Number;

pub(super) fn squarings<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    assert!(super::is_available());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { square::squarings(key, s) }
}

pub(super) fn multiply<const Z: usize>(key: &Key<Z>, a: &Number<Z>, b: &Number<Z>) -> Number<Z> {
    assert!(super::is_available());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { multiply_with_avx512(key, a, b) }
}

pub(super) fn power<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    assert!(super::is_available());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { power_with_avx512(key, s) }
}

pub(super) fn is_power_padded<const Z: usize>(
    key: &Key<Z>,
    s: &Number<Z>,
    digested: &Digested<Z>,
    digest: &[u64],
) -> bool {
    assert!(super::is_available());
    // SAFETY: the processor has the features that the function asks for.
    unsafe { is_power_padded_with_avx512(key, s, digested, digest) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn multiply_with_avx512<const Z: usize>(key: &Key<Z>, a: &Number<Z>, b: &Number<Z>) -> Number<Z> {
    let product = product::product(key, a, |row| b.limb(row), Number::<Z>::LIMBS);
    lanes::store(lanes::carried(product))
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn power_with_avx512<const Z: usize>(key: &Key<Z>, s: &Number<Z>) -> Number<Z> {
    let masked = multiply_with_avx512(key, &square::squarings(key, s), s);
    multiply_with_avx512(key, &masked, &key.unmask)
}

#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn is_power_padded_with_avx512<const Z: usize>(
    key: &Key<Z>,
    s: &Number<Z>,
    digested: &Digested<Z>,
    digest: &[u64],
) -> bool {
    let squared = square::squarings(key, s);
    let power = product::product(key, &squared, |row| s.limb(row), Number::<Z>::LIMBS);
    let digest_part = product::product(key, &digested.factor, |row| digest[row], digest.len());
    compare::is_congruent(key, power, &digested.padding, digest_part)
}
