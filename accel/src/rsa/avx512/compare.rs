//! Whether two sides are the same modulo n, exactly.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_mullo_epi64, _mm512_or_si512, _mm512_setzero_si512,
    _mm512_slli_epi64, _mm512_srai_epi64, _mm512_sub_epi64, _mm512_test_epi64_mask,
};

use super::lanes::{LIMB_SHIFT, broadcast, from_below, load, store};
use crate::rsa::counters::RareWay;
use crate::rsa::key::Key;
use crate::rsa::number::{LANES, Number};

/// Whether `power` is `padding + digest_part` modulo n. The limbs of the first and the last may have up to 62 bits; all
/// three are below 2.1 * n.
///
/// The difference can only be q * n with -3 <= q <= 2. Its highest limbs tell which q; then every limb of the
/// difference less q * n must be what its carries make of zero.
#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
pub(super) fn is_congruent<const Z: usize>(
    key: &Key<Z>,
    power: [__m512i; Z],
    padding: &Number<Z>,
    digest_part: [__m512i; Z],
) -> bool {
    let padding = load(padding);
    let mut difference = [_mm512_setzero_si512(); Z];
    for k in 0..Z {
        let rest = _mm512_sub_epi64(power[k], padding[k]);
        difference[k] = _mm512_sub_epi64(rest, digest_part[k]);
    }
    let Some(quotient) = quotient(key, &store(difference)) else {
        RareWay::QuotientOutOfRange.count();
        return false;
    };
    RareWay::Quotient(quotient).count();
    let (modulus, factor) = (
        load(&key.modulus),
        broadcast(i64::from(quotient).cast_unsigned()),
    );
    for k in 0..Z {
        let multiple = _mm512_mullo_epi64(modulus[k], factor);
        difference[k] = _mm512_sub_epi64(difference[k], multiple);
    }
    is_zero(difference)
}

/// The nearest multiple of the modulus, from the two highest limbs of each. It decides nothing: a wrong one leaves a
/// difference that is not zero.
#[inline]
fn quotient<const Z: usize>(key: &Key<Z>, difference: &Number<Z>) -> Option<i8> {
    let limbs = Number::<Z>::LIMBS;
    let highest = difference.limb(limbs - 1).cast_signed() as f64;
    let next = difference.limb(limbs - 2).cast_signed() as f64;
    let quotient = (highest * Key::<Z>::LIMB + next) / key.highest;
    // Rounded to the nearest: beyond 3 nothing counts, not-a-number and infinity included.
    let nearest = (quotient + 4.5) as u8;
    (1..=7).contains(&nearest).then(|| nearest as i8 - 4)
}

/// Whether a number with signed limbs of up to 62 bits is zero.
///
/// Let c' = (d + 2^51) >> 52 for each limb d. If for each of them d + c = 2^52 * c', where c is the c' of the limb below (0 for
/// the lowest) and the highest c' is 0, then the sum of all d * 2^(52k) is zero: the terms cancel one after the other.
/// And if the sum is zero, the carry c into each limb makes d + c a multiple of 2^52, and since |c| < 2^11 is less than half
/// of that, it is the multiple nearest to d, which is 2^52 * c'. So it is an equivalence.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn is_zero<const Z: usize>(number: [__m512i; Z]) -> bool {
    let half = broadcast(1 << (LIMB_SHIFT - 1));
    let mut carries = [_mm512_setzero_si512(); Z];
    for k in 0..Z {
        carries[k] = _mm512_srai_epi64::<LIMB_SHIFT>(_mm512_add_epi64(number[k], half));
    }
    let mut any = _mm512_setzero_si512();
    for k in 0..Z {
        let with_carry = _mm512_add_epi64(number[k], from_below(&carries, k));
        let expected = _mm512_slli_epi64::<LIMB_SHIFT>(carries[k]);
        any = _mm512_or_si512(any, _mm512_sub_epi64(with_carry, expected));
    }
    const HIGHEST_LANE: u8 = 1 << (LANES - 1);
    let out_of_the_top = _mm512_test_epi64_mask(carries[Z - 1], carries[Z - 1]) & HIGHEST_LANE;
    _mm512_test_epi64_mask(any, any) == 0 && out_of_the_top == 0
}
