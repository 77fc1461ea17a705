//! Decodes a header or payload, and finds out in passing whether it is plain text and where in it members begin.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::room::{Area, PAYLOAD_AREA, STEP, steps_of};
use super::decode::{CHARACTERS, bytes, few_characters, last_bytes, load, low_bits, values};

/// A step and the beginning of the next one, in bytes.
pub(super) const SLOT: usize = 64;
/// The most steps of a document, the last of them perhaps empty.
const STEPS: usize = steps_of(PAYLOAD_AREA);

/// What is found out.
///
/// It is filled in place and read in place: a copy would load in one piece what was just stored in several, and that has
/// to wait until all of it is in the cache.
#[repr(align(64))]
pub(super) struct Index {
    /// Each step, and behind it the beginning of the next.
    slots: [MaybeUninit<[u8; SLOT]>; STEPS],
    /// Of each step, the quotes behind the first brace or a comma, a bit a byte; and a bit where the document ends.
    starts: [MaybeUninit<u64>; STEPS],
    /// The quotes of each step.
    quotes: [MaybeUninit<u64>; STEPS],
    /// How many steps there are, each of which has written all of that.
    steps: usize,
    /// How many bytes they have.
    length: usize,
    quote_count: u32,
}

/// What one step leaves to the next.
struct Progress {
    steps: usize,
    quote_count: u32,
    /// The lowest bits: whether a quote would begin a member there.
    before: u64,
    /// The step, whose slot is not written yet.
    last: __m512i,
    /// Its starts.
    starts: u64,
    /// The least byte in each place of a step, as signed numbers: below 0x20 if one is a control character or no ASCII.
    least: __m512i,
    /// Zero in each place of a step that ever had a backslash.
    distance: __m512i,
}

impl Index {
    #[inline]
    pub(super) const fn new() -> Self {
        Self {
            slots: [MaybeUninit::uninit(); STEPS],
            starts: [MaybeUninit::uninit(); STEPS],
            quotes: [MaybeUninit::uninit(); STEPS],
            steps: 0,
            length: 0,
            quote_count: 0,
        }
    }

    /// Decodes into `area` the segment that `token` begins with. Its length, and there is a dot behind it. `None` if there
    /// is none, or if this is not plain text.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    pub(super) fn read<const N: usize>(
        &mut self,
        token: &[u8],
        area: &mut Area<N>,
    ) -> Option<usize> {
        const { assert!(steps_of(N) <= STEPS) };
        let mut progress = Progress {
            steps: 0,
            quote_count: 0,
            // The first member's quote is the second byte, behind the brace.
            before: 0b10,
            last: _mm512_setzero_si512(),
            starts: 0,
            least: _mm512_set1_epi8(0x7f),
            distance: _mm512_set1_epi8(-1),
        };
        let mut rest = token;
        let (last, count) = loop {
            let characters = match rest.first_chunk::<CHARACTERS>() {
                Some(chunk) => load(chunk),
                None => few_characters(rest),
            };
            let (values, foreign) = values(characters);
            if foreign != 0 {
                break (values, usize::try_from(foreign.trailing_zeros()).ok()?);
            }
            // The last step is still to come.
            if progress.steps.wrapping_add(1) >= steps_of(N) {
                return None;
            }
            let bytes = bytes(values);
            // SAFETY: there is room for one step more.
            unsafe { self.take(&mut progress, bytes, area) };
            progress.check(bytes);
            rest = rest.get(CHARACTERS..)?;
        };
        let end = progress.steps.wrapping_mul(CHARACTERS).wrapping_add(count);
        if token.get(end) != Some(&b'.') {
            return None;
        }
        let (bytes, length) = last_bytes(last, count)?;
        // SAFETY: each step before has left room for this one.
        unsafe { self.take(&mut progress, bytes, area) };
        // The zeros behind it are no part of it.
        let space = _mm512_set1_epi8(0x20);
        progress.check(_mm512_mask_mov_epi8(space, low_bits(length), bytes));
        let before = progress.steps.wrapping_sub(1);
        // SAFETY: the last step was one for which there was room.
        unsafe { self.write_slot(before, progress.last) };
        // SAFETY: the same.
        let starts = unsafe { self.starts.get_unchecked_mut(before) };
        starts.write(progress.starts | 1 << length);
        self.steps = progress.steps;
        self.length = before.wrapping_mul(STEP).wrapping_add(length);
        self.quote_count = progress.quote_count;
        progress.is_plain().then_some(end)
    }

    /// Takes the next step, of 48 bytes and zeros.
    ///
    /// # Safety
    ///
    /// There are fewer steps so far than the area and this have room for.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    unsafe fn take<const N: usize>(
        &mut self,
        progress: &mut Progress,
        bytes: __m512i,
        area: &mut Area<N>,
    ) {
        let step = progress.steps;
        debug_assert!(step < STEPS);
        // SAFETY: there is room for the step, by the contract.
        unsafe { area.write(step, bytes) };
        let quotes = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"'.cast_signed()));
        let commas = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b','.cast_signed()));
        let starts = quotes & ((commas << 1) | progress.before);
        // SAFETY: the same.
        unsafe { self.quotes.get_unchecked_mut(step) }.write(quotes);
        // SAFETY: the same.
        unsafe { self.starts.get_unchecked_mut(step) }.write(starts);
        if let Some(before) = step.checked_sub(1) {
            let next = _mm512_castsi512_si128(bytes);
            let slot = _mm512_inserti32x4::<3>(progress.last, next);
            // SAFETY: there was room for the step before.
            unsafe { self.write_slot(before, slot) };
        }
        progress.steps = step.wrapping_add(1);
        progress.quote_count = progress.quote_count.wrapping_add(quotes.count_ones());
        progress.before = commas >> (STEP - 1);
        progress.last = bytes;
        progress.starts = starts;
    }

    /// Writes the slot of a step.
    ///
    /// # Safety
    ///
    /// There is room for the step.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    unsafe fn write_slot(&mut self, step: usize, bytes: __m512i) {
        // SAFETY: there is room for it, by the contract.
        let slot = unsafe { self.slots.get_unchecked_mut(step) };
        // SAFETY: a slot has 64 bytes.
        unsafe { _mm512_storeu_si512(slot.as_mut_ptr().cast(), bytes) };
    }

    /// How many bytes the document has.
    #[inline]
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// How many quotes it has.
    #[inline]
    pub(super) const fn quote_count(&self) -> u32 {
        self.quote_count
    }

    /// Up to 17 bytes from this byte of this step on, in one piece, which was stored in one piece. They may reach beyond the
    /// end.
    ///
    /// # Safety
    ///
    /// The step was taken, and `byte` is below 48.
    #[inline(always)]
    pub(super) unsafe fn piece<const N: usize>(&self, step: usize, byte: usize) -> &[u8; N] {
        const { assert!(N <= SLOT - STEP + 1) };
        debug_assert!(step < self.steps && byte < STEP);
        let place = step.wrapping_mul(SLOT).wrapping_add(byte);
        // SAFETY: the slot was written, by the contract.
        let piece = unsafe { self.slots.as_ptr().cast::<u8>().add(place) };
        // SAFETY: it has 16 bytes behind the first 48.
        unsafe { &*piece.cast::<[u8; N]>() }
    }

    /// The quotes of each step, a bit a byte.
    #[inline]
    pub(super) fn quotes(&self) -> &[u64] {
        // SAFETY: there are no more steps than there is room for.
        let quotes = unsafe { self.quotes.get_unchecked(..self.steps) };
        // SAFETY: each step has written its quotes.
        unsafe { quotes.assume_init_ref() }
    }

    /// Of each step, the quotes behind the first brace or a comma; and a bit where the document ends.
    #[inline]
    pub(super) fn starts(&self) -> &[u64] {
        // SAFETY: there are no more steps than there is room for.
        let starts = unsafe { self.starts.get_unchecked(..self.steps) };
        // SAFETY: each step has written its starts.
        unsafe { starts.assume_init_ref() }
    }
}

impl Progress {
    /// Notes what bytes of a step are no plain text.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn check(&mut self, bytes: __m512i) {
        let backslash = _mm512_set1_epi8(b'\\'.cast_signed());
        self.least = _mm512_min_epi8(self.least, bytes);
        self.distance = _mm512_min_epu8(self.distance, _mm512_xor_si512(bytes, backslash));
    }

    /// Whether all were.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
    fn is_plain(&self) -> bool {
        let controls = _mm512_cmplt_epi8_mask(self.least, _mm512_set1_epi8(0x20));
        let backslashes = _mm512_testn_epi8_mask(self.distance, self.distance);
        (controls | backslashes) & low_bits(STEP) == 0
    }
}
