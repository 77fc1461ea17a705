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
    // SAFETY: it is 1 to 16.
    let places = unsafe { moves(length) };
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

/// Three numbers as [`number`] reads one, each from its bytes and its length.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn three_numbers(
    (one, one_length): (&[u8; MAX_DIGITS], usize),
    (two, two_length): (&[u8; MAX_DIGITS], usize),
    (three, three_length): (&[u8; MAX_DIGITS], usize),
) -> Option<[i64; 3]> {
    let beyond =
        one_length.wrapping_sub(1) | two_length.wrapping_sub(1) | three_length.wrapping_sub(1);
    if beyond >= MAX_DIGITS {
        return None;
    }
    // SAFETY: it is 1 to 16.
    let one_places = unsafe { moves(one_length) };
    // SAFETY: it is 1 to 16.
    let two_places = unsafe { moves(two_length) };
    // SAFETY: it is 1 to 16.
    let three_places = unsafe { moves(three_length) };
    let places = load_three(one_places, two_places, three_places);
    let zeros = _mm512_set1_epi8(b'0'.cast_signed());
    let digits = _mm512_sub_epi8(load_three(one, two, three), zeros);
    // The bits of their first digits, and of all.
    const FIRST: u64 = 1 | 1 << 16 | 1 << 32;
    const ALL: u64 = (1 << 48) - 1;
    let not_zero = _mm512_test_epi8_mask(digits, digits);
    let digits = _mm512_shuffle_epi8(digits, places);
    let foreign = _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9));
    if (!not_zero & FIRST) | (foreign & ALL) != 0 {
        return None;
    }
    let twos = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
    let fours = _mm512_madd_epi16(twos, _mm512_set1_epi32(0x0001_0064));
    let fours = _mm512_packus_epi32(fours, fours);
    let eights = _mm512_madd_epi16(fours, _mm512_set1_epi32(0x0001_2710));
    let high = _mm512_mul_epu32(eights, _mm512_set1_epi64(100_000_000));
    let whole = _mm512_add_epi64(high, _mm512_srli_epi64::<32>(eights));
    Some([
        _mm_cvtsi128_si64(_mm512_castsi512_si128(whole)),
        _mm_cvtsi128_si64(_mm512_extracti32x4_epi32::<1>(whole)),
        _mm_cvtsi128_si64(_mm512_extracti32x4_epi32::<2>(whole)),
    ])
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
fn load_three(one: &[u8; 16], two: &[u8; 16], three: &[u8; 16]) -> __m512i {
    let vector = _mm512_zextsi128_si512(load(one));
    let vector = _mm512_inserti32x4::<1>(vector, load(two));
    _mm512_inserti32x4::<2>(vector, load(three))
}

/// What moves so many bytes to where the vector ends, and zeros before them.
///
/// # Safety
///
/// There are at most 16.
#[inline(always)]
unsafe fn moves(length: usize) -> &'static [u8; 16] {
    debug_assert!(length <= 16);
    // SAFETY: the table has twice as many bytes.
    let moves = unsafe { MOVES.as_ptr().add(length) };
    // SAFETY: 16 of them begin at each of the first 17.
    unsafe { &*moves.cast() }
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
