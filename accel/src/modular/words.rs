//! Numbers of 256 bits in four words, the lowest first.

/// Four words.
pub(crate) type Words = [u64; 4];

/// Reads 32 bytes, the highest first.
#[inline]
pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Words {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    words
}

#[inline]
pub(crate) fn is_zero(a: &Words) -> bool {
    a[0] | a[1] | a[2] | a[3] == 0
}

/// Whether a is below b.
#[inline]
pub(crate) fn is_below(a: &Words, b: &Words) -> bool {
    sub(a, b).1
}

/// a + b, and whether a bit is carried out.
#[inline]
pub(crate) fn add(a: &Words, b: &Words) -> (Words, bool) {
    let mut sum = [0; 4];
    let mut carry = false;
    for k in 0..4 {
        (sum[k], carry) = a[k].carrying_add(b[k], carry);
    }
    (sum, carry)
}

/// a - b, and whether a bit is borrowed.
#[inline]
pub(crate) fn sub(a: &Words, b: &Words) -> (Words, bool) {
    let mut difference = [0; 4];
    let mut borrow = false;
    for k in 0..4 {
        (difference[k], borrow) = a[k].borrowing_sub(b[k], borrow);
    }
    (difference, borrow)
}

/// a * b + c + carry, in two words: it always fits.
#[inline]
pub(crate) fn multiply_add(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let wide = u128::from(a) * u128::from(b) + u128::from(c) + u128::from(carry);
    (wide as u64, (wide >> 64) as u64)
}
