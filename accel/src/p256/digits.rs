//! Numbers in signed odd digits, so that a window never adds nothing.
//!
//! For an odd u let v = (u - 1) / 2 + 2^255. If c is the field of w bits of v at w * i, the digit of that window is 2c + 1 - 2^w: odd,
//! and below 2^w in size. The sum of all digits times 2^(w * i) is u. The highest window has as many bits as are left of 256.

use crate::modular::words::Words;

/// The windows of `width` bits.
pub(super) const fn windows(width: usize) -> usize {
    256_usize.div_ceil(width)
}

/// The entries of a table for all windows: the odd multiples, positive.
pub(super) const fn entries(width: usize) -> usize {
    let last = 256 - (windows(width) - 1) * width;
    (windows(width) - 1) * (1 << (width - 1)) + (1 << (last - 1))
}

/// Calls `digit` for each window with the place of its multiple in a table, and whether it is negative.
#[inline]
pub(super) fn for_each(u: &Words, width: usize, mut digit: impl FnMut(usize, bool)) {
    let mut v = [0; 4];
    for k in 0..3 {
        v[k] = u[k] >> 1 | u[k + 1] << 63;
    }
    v[3] = u[3] >> 1 | 1 << 63;
    let count = windows(width);
    for window in 0..count {
        let at = window * width;
        let bits = width.min(256 - at);
        let (word, shift) = (at / 64, at % 64);
        let above = v.get(word + 1).copied().unwrap_or(0);
        let wide = u128::from(above) << 64 | u128::from(v[word]);
        let field = (wide >> shift) as usize & ((1 << bits) - 1);
        let half = 1 << (bits - 1);
        // 2c + 1 - 2^w, and the multiple 2k + 1 is at k.
        let is_negative = field < half;
        let multiple = if is_negative {
            half - 1 - field
        } else {
            field - half
        };
        digit(window * (1 << (width - 1)) + multiple, is_negative);
    }
}
