//! Numbers in signed digits, zero among them.
//!
//! Adding 2^(w-1) to each window of w bits makes every field of the sum a digit from -2^(w-1) to 2^(w-1) - 1, too large by 2^(w-1).
//! Nothing is taken modulo the order of the base point for that: a public key may have a part of small order, for which
//! numbers that are the same modulo that order are not.

use crate::modular::words::Words;

/// The bits of a number below the order.
const BITS: usize = 253;

/// The windows of `width` bits.
pub(super) const fn windows(width: usize) -> usize {
    BITS.div_ceil(width)
}

/// The multiples of a window, 1, 2, 3, ...
pub(super) const fn per_window(width: usize) -> usize {
    1 << (width - 1)
}

/// The entries of a table for all windows.
pub(super) const fn entries(width: usize) -> usize {
    windows(width) * per_window(width)
}

/// Calls `digit` for each window with the place of its multiple in a table, or nothing for zero, and whether it is negative.
#[inline]
pub(super) fn for_each(u: &Words, width: usize, mut digit: impl FnMut(Option<usize>, bool)) {
    let mut fields = [u[0], u[1], u[2], u[3], 0];
    let half = per_window(width);
    for window in 0..windows(width) {
        let at = window * width + width - 1;
        let mut carry = (half as u64 >> (width - 1)) << (at % 64);
        for word in &mut fields[at / 64..] {
            let overflow;
            (*word, overflow) = word.overflowing_add(carry);
            carry = u64::from(overflow);
            if carry == 0 {
                break;
            }
        }
    }
    for window in 0..windows(width) {
        let at = window * width;
        let (word, shift) = (at / 64, at % 64);
        let above = fields.get(word + 1).copied().unwrap_or(0);
        let wide = u128::from(above) << 64 | u128::from(fields[word]);
        let field = (wide >> shift) as usize & (2 * half - 1);
        let is_negative = field < half;
        let size = field.abs_diff(half);
        digit(size.checked_sub(1).map(|k| window * half + k), is_negative);
    }
}
