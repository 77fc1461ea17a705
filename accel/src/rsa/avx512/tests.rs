//! Carries and comparisons of numbers that no product makes.

use super::compare;
use super::lanes::{carried, load, store};
use crate::rsa::is_available;
use crate::rsa::number::{LIMB_BITS, LIMB_MASK, Number};

fn number(limbs: impl Fn(usize) -> u64) -> Number<5> {
    let mut number = Number::ZERO;
    for k in 0..Number::<5>::LIMBS {
        number.set_limb(k, limbs(k));
    }
    number
}

#[target_feature(enable = "avx512f")]
fn carried_number(number: &Number<5>) -> Number<5> {
    store(carried(load(number)))
}

#[target_feature(enable = "avx512f")]
fn is_zero(limbs: impl Fn(usize) -> i64) -> bool {
    compare::is_zero(load(&number(|k| limbs(k).cast_unsigned())))
}

#[test]
fn carries_run_as_far_as_they_must() {
    if !is_available() {
        return;
    }
    let cases: [&dyn Fn(usize) -> u64; 5] = [
        // One carry through all limbs but the highest.
        &|k| {
            if k == 0 {
                LIMB_MASK + 1
            } else if k < 39 {
                LIMB_MASK
            } else {
                0
            }
        },
        // From register to register and from the last to the first.
        &|k| {
            if k % 5 == 4 && k < 39 {
                LIMB_MASK + 1
            } else if k < 39 {
                LIMB_MASK
            } else {
                1
            }
        },
        // The most that a product leaves.
        &|k| if k < 38 { (1 << 62) - 1 } else { 7 },
        &|k| if k < 39 { (1 << 62) + LIMB_MASK } else { 0 },
        &|_| 0,
    ];
    for limbs in cases {
        let given = number(limbs);
        // SAFETY: the processor has the feature that the function asks for.
        let carried = unsafe { carried_number(&given) };
        assert_eq!(carried, given.carried());
        let mut carry = 0_u128;
        for k in 0..Number::<5>::LIMBS {
            let limb = u128::from(given.limb(k)) + carry;
            assert_eq!(u128::from(carried.limb(k)), limb & u128::from(LIMB_MASK));
            carry = limb >> LIMB_BITS;
        }
        assert_eq!(carry, 0);
    }
}

#[test]
fn only_zero_is_zero_however_it_is_spelled() {
    if !is_available() {
        return;
    }
    // SAFETY: the processor has the feature that the function asks for, here and below.
    let is_zero = |limbs: &dyn Fn(usize) -> i64| unsafe { is_zero(limbs) };
    let limb = 1_i64 << LIMB_BITS;
    assert!(is_zero(&|_| 0));
    for k in 0..39 {
        for times in [1, -1, 3, -3, 1 << 9, -(1 << 9)] {
            let spelled = |other: i64| {
                move |i: usize| match i.checked_sub(k) {
                    Some(0) => times * limb + other,
                    Some(1) => -times,
                    _ => 0,
                }
            };
            assert!(is_zero(&spelled(0)), "{k} {times}");
            for other in [1, -1, 1 << 51, -(1 << 51), limb - 1] {
                assert!(!is_zero(&spelled(other)), "{k} {times} {other}");
            }
        }
    }
    // A chain through all limbs.
    assert!(is_zero(&|k| match k {
        0 => limb,
        39 => -1,
        _ => limb - 1,
    }));
    // A multiple of R, and what is one of all other limbs.
    assert!(!is_zero(&|k| if k == 39 { limb } else { 0 }));
    assert!(!is_zero(&|k| if k == 0 { limb } else { limb - 1 }));
    assert!(!is_zero(&|k| if k == 39 { -limb } else { 0 }));
}
