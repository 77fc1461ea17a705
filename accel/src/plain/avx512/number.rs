//! Sixteen digits at once.

use std::arch::x86_64::*;

use super::super::MAX_DIGITS;

/// The number that the first `length` bytes spell. `None` unless they are 1 to 16 digits, the first of which is not zero.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn number(bytes: &[u8; MAX_DIGITS], length: usize) -> Option<i64> {
    if !matches!(length, 1..=MAX_DIGITS) || bytes.first() == Some(&b'0') {
        return None;
    }
    // The digits move to where the vector ends, so that each place counts the same in all numbers.
    let places = MOVES.get(length..)?.first_chunk()?;
    let digits = _mm_sub_epi8(load(bytes), _mm_set1_epi8(b'0'.cast_signed()));
    let digits = _mm_shuffle_epi8(digits, load(places));
    if _mm_cmpgt_epu8_mask(digits, _mm_set1_epi8(9)) != 0 {
        return None;
    }
    // Neighbours join to numbers of two digits, of four, of eight.
    let twos = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    let fours = _mm_madd_epi16(twos, _mm_set1_epi32(0x0001_0064));
    let fours = _mm_packus_epi32(fours, fours);
    let eights = _mm_madd_epi16(fours, _mm_set1_epi32(0x0001_2710));
    let both = _mm_cvtsi128_si64(eights).cast_unsigned();
    let (high, low) = (both & 0xffff_ffff, both >> 32);
    i64::try_from(high.wrapping_mul(100_000_000).wrapping_add(low)).ok()
}

/// From `n` on: the places of `n` bytes behind as many zeros as make 16.
static MOVES: [u8; 32] = {
    const ZERO: u8 = 0x80;
    let mut moves = [ZERO; 32];
    let (_, places) = moves.split_at_mut(16);
    places.copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    moves
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: an array of 16 bytes has the 16 bytes of a vector.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}
