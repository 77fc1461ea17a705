//! 64 characters of base64url to 48 bytes, in a register.

use std::arch::x86_64::*;

use super::super::MAX_SIGNATURE;
use super::super::room::{Area, SIGNATURE_AREA, STEP, steps_of};

/// The characters of a step.
pub(super) const CHARACTERS: usize = 64;

/// What stands for a character that is none of the alphabet's: the highest bit, which no value has.
const FOREIGN: u8 = 0x80;

/// The value of each ASCII character.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, where a panic is an error"
)]
static VALUES: [[u8; 64]; 2] = {
    let mut values = [[FOREIGN; 64]; 2];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0;
    while value < alphabet.len() {
        let character = alphabet[value] as usize;
        values[character / 64][character % 64] = value as u8;
        value = value.wrapping_add(1);
    }
    values
};

/// Where the bytes of a step come from: each four hold three, the first of them the highest, and a zero.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, where a panic is an error"
)]
static PLACES: [u8; 64] = {
    let mut places = [3; 64];
    let mut place = 0;
    while place < STEP {
        places[place] = ((place / 3) * 4 + 2 - place % 3) as u8;
        place = place.wrapping_add(1);
    }
    places
};

/// The value of each character, and which of them have none.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn values(characters: __m512i) -> (__m512i, u64) {
    let values = look_up(&VALUES, characters);
    // The look-up sees seven bits of a character. The eighth is foreign too.
    let foreign = _mm512_movepi8_mask(_mm512_or_si512(values, characters));
    (values, foreign)
}

/// The bytes that 64 values make, and zeros after them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn bytes(values: __m512i) -> __m512i {
    let pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x0140_0140));
    let fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x0001_1000));
    _mm512_permutexvar_epi8(load(&PLACES), fours)
}

/// The first `count` values of a last step, zeros after them; how many bytes they make; and whether no bit is left over
/// that is not zero.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn last_bytes(values: __m512i, count: usize) -> Option<(__m512i, usize)> {
    if count % 4 == 1 {
        return None;
    }
    let length = count.wrapping_mul(3) / 4;
    let bytes = bytes(_mm512_maskz_mov_epi8(low_bits(count), values));
    // What is left over stands where the next byte would.
    let surplus = _mm512_test_epi8_mask(bytes, bytes) >> length;
    (surplus == 0).then_some((bytes, length))
}

/// The characters of a segment that is shorter than a step, and zeros after them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn few_characters(rest: &[u8]) -> __m512i {
    let present = low_bits(rest.len());
    // SAFETY: a masked load reads the bytes of its mask, and those are all of `rest`.
    unsafe { _mm512_maskz_loadu_epi8(present, rest.as_ptr().cast()) }
}

/// Decodes the last segment, which is all that is left of a token.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn signature<'a>(
    segment: &[u8],
    area: &'a mut Area<SIGNATURE_AREA>,
) -> Option<&'a [u8]> {
    if segment.len() > MAX_SIGNATURE {
        return None;
    }
    let (chunks, rest) = segment.as_chunks::<CHARACTERS>();
    let mut step = 0;
    let mut foreign = _mm512_setzero_si512();
    for chunk in chunks {
        let characters = load(chunk);
        let values = look_up(&VALUES, characters);
        foreign = _mm512_or_si512(foreign, _mm512_or_si512(values, characters));
        let bytes = bytes(values);
        // SAFETY: there are no more steps than in the longest signature.
        unsafe { area.write(step, bytes) };
        step = step.wrapping_add(1);
    }
    let (values, foreign_at_end) = values(few_characters(rest));
    let (bytes, length) = last_bytes(values, rest.len())?;
    // SAFETY: with the last one, shorter than a step, there are no more than in the longest signature.
    unsafe { area.write(step, bytes) };
    if _mm512_movepi8_mask(foreign) | (foreign_at_end & low_bits(rest.len())) != 0 {
        return None;
    }
    let length = step.wrapping_mul(STEP).wrapping_add(length);
    // SAFETY: the steps wrote everything up to there, one behind the other.
    Some(unsafe { area.written(length) })
}

impl<const N: usize> Area<N> {
    /// Writes a step: 48 bytes, and 16 that the next one writes over.
    ///
    /// # Safety
    ///
    /// `step` is below [`steps_of`] the area.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) unsafe fn write(&mut self, step: usize, bytes: __m512i) {
        debug_assert!(step < steps_of(N));
        // SAFETY: the place is inside of the area, by the contract.
        let place = unsafe { self.0.as_mut_ptr().add(step.wrapping_mul(STEP)) };
        // SAFETY: 64 bytes behind it are too.
        unsafe { _mm512_storeu_si512(place.cast(), bytes) };
    }

    /// What was written.
    ///
    /// # Safety
    ///
    /// The first `length` bytes were.
    #[inline]
    pub(super) unsafe fn written(&self, length: usize) -> &[u8] {
        debug_assert!(length <= N);
        // SAFETY: the bytes were written, by the contract.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), length) }
    }
}

/// The lowest `count` bits, all of them from 64 on.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn low_bits(count: usize) -> u64 {
    let count = u32::try_from(count).unwrap_or(64);
    _bzhi_u64(!0, count)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: an array of 64 bytes has the 64 bytes of a vector.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// For each character, by its lowest seven bits, what the table says.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn look_up([low, high]: &[[u8; 64]; 2], characters: __m512i) -> __m512i {
    _mm512_permutex2var_epi8(load(low), characters, load(high))
}
