//! The grammar of `kid`, 48 bytes at once.

use std::arch::x86_64::*;

use super::super::room::STEP;
use super::decode::{load, look_up, low_bits};
use super::document::Document;

/// A byte that no `kid` has.
const ILLEGAL: u8 = 0x80;
/// A byte that no segment begins with: the slash, which ends the one before, and the dot.
const NEVER_FIRST: u8 = 2;
const SLASH: u8 = 1;

/// What each ASCII character is.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated by the compiler, where a panic is an error"
)]
static KINDS: [[u8; 64]; 2] = {
    let mut kinds = [[ILLEGAL; 64]; 2];
    let mut ordinary: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+";
    while let [byte, rest @ ..] = ordinary {
        kinds[*byte as usize / 64][*byte as usize % 64] = 0;
        ordinary = rest;
    }
    kinds[0][b'/' as usize] = NEVER_FIRST | SLASH;
    kinds[0][b'.' as usize] = NEVER_FIRST;
    kinds
};

/// Whether what stands from `start` to `end` in a document is segments joined by slashes, none of them empty or beginning
/// with a dot.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi1,bmi2,popcnt")]
pub(super) fn is_plain(document: &Document<'_, '_>, start: usize, end: usize) -> bool {
    if start >= end || document.byte(end.wrapping_sub(1)) == b'/' {
        return false;
    }
    let is = |kinds, kind: u8| _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(kind.cast_signed()));
    let step = start / STEP;
    let mut step_start = step.wrapping_mul(STEP);
    let before = low_bits(start.wrapping_sub(step_start));
    // The bytes that are part of it, and the one that is its first.
    let (mut present, mut first) = (!before, before.wrapping_add(1));
    for slot in document.index.slots().get(step..).unwrap_or_default() {
        let rest = end.wrapping_sub(step_start);
        present &= low_bits(rest.min(STEP));
        let kinds = look_up(&KINDS, load(slot));
        let slashes = is(kinds, SLASH) & present;
        first |= slashes << 1;
        if (is(kinds, ILLEGAL) | (is(kinds, NEVER_FIRST) & first)) & present != 0 {
            return false;
        }
        if rest <= STEP {
            return true;
        }
        (present, first) = (!0, slashes >> (STEP - 1));
        step_start = step_start.wrapping_add(STEP);
    }
    false
}
