//! Numbers in registers: loads, stores, and carries from limb to limb.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_load_si512,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srli_epi64,
    _mm512_store_si512, _mm512_test_epi64_mask,
};

use crate::rsa::counters::RareWay;
use crate::rsa::number::{LANES, LIMB_BITS, LIMB_MASK, Line, Number};

/// The bits to shift by for the part of a lane that belongs to the next limb.
pub(super) const LIMB_SHIFT: u32 = LIMB_BITS as u32;

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load<const Z: usize>(number: &Number<Z>) -> [__m512i; Z] {
    let mut registers = [_mm512_setzero_si512(); Z];
    for (register, line) in registers.iter_mut().zip(&number.0) {
        // SAFETY: a line is 64 readable bytes, aligned to 64.
        *register = unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
    }
    registers
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_line(line: &mut Line, register: __m512i) {
    // SAFETY: a line is 64 writable bytes, aligned to 64.
    unsafe { _mm512_store_si512(line.0.as_mut_ptr().cast(), register) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store<const Z: usize>(registers: [__m512i; Z]) -> Number<Z> {
    let mut number = Number::ZERO;
    for (line, register) in number.0.iter_mut().zip(registers) {
        store_line(line, register);
    }
    number
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn broadcast(limb: u64) -> __m512i {
    _mm512_set1_epi64(limb.cast_signed())
}

/// Every lane one lower: the lowest falls out, and the highest becomes zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn one_lane_down(register: __m512i) -> __m512i {
    _mm512_alignr_epi64::<1>(_mm512_setzero_si512(), register)
}

/// Every lane one higher: the highest falls out, and the lowest becomes zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn one_lane_up(register: __m512i) -> __m512i {
    _mm512_alignr_epi64::<{ LANES as i32 - 1 }>(register, _mm512_setzero_si512())
}

/// What moves into register k when every limb moves up by one: the register below, and for the first one the last, a lane higher.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn from_below<const Z: usize>(parts: &[__m512i; Z], k: usize) -> __m512i {
    if k == 0 {
        one_lane_up(parts[Z - 1])
    } else {
        parts[k - 1]
    }
}

/// The same number with every limb below 2^52: for limbs below 2^63, of a number below R.
///
/// All carries move by one limb at once. After that a limb is still 2^52 or more only if 44 bits or so are all ones, in which
/// case the carries run one after the other.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn carried<const Z: usize>(number: [__m512i; Z]) -> [__m512i; Z] {
    let mask = broadcast(LIMB_MASK);
    let mut carries = [_mm512_setzero_si512(); Z];
    for k in 0..Z {
        carries[k] = _mm512_srli_epi64::<LIMB_SHIFT>(number[k]);
    }
    let mut sums = [_mm512_setzero_si512(); Z];
    let mut all = _mm512_setzero_si512();
    for k in 0..Z {
        sums[k] = _mm512_add_epi64(_mm512_and_si512(number[k], mask), from_below(&carries, k));
        all = _mm512_or_si512(all, sums[k]);
    }
    if has_a_limb_above(all) {
        RareWay::CarryRipple.count();
        return load(&store(sums).carried());
    }
    sums
}

/// Whether a lane has a bit above the 52 of a limb.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn has_a_limb_above(register: __m512i) -> bool {
    _mm512_test_epi64_mask(register, broadcast(!LIMB_MASK)) != 0
}
