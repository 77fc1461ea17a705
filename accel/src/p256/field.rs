//! The field of the curve: numbers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, in Montgomery's form.
//!
//! -1/p is 1 modulo 2^64, so the multiple of p that makes a word zero is that word, and three of the four words of p are 0 or next
//! to powers of two.

use super::words::Words;

/// The two highest words of p as one factor: p = HIGHEST * 2^192 + 2^96 - 1.
const HIGHEST: u64 = 0xffff_ffff_0000_0001;
const P: Words = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, HIGHEST];

#[inline(always)]
const fn mac(sum: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = (a as u128) * (b as u128) + (sum as u128) + (carry as u128);
    (wide as u64, (wide >> 64) as u64)
}

#[inline(always)]
const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = (a as u128) + (b as u128) + (carry as u128);
    (wide as u64, (wide >> 64) as u64)
}

/// One word off: (t + t0 * p) / 2^64, where t has five words and a carry.
#[inline(always)]
const fn fold(t0: u64, t1: u64, t2: u64, t3: u64, t4: u64) -> (u64, u64, u64, u64) {
    // t0 * p = t0 * 2^96 + t0 * HIGHEST * 2^192 - t0.
    let (t1, c) = adc(t1, t0 << 32, 0);
    let (t2, c) = adc(t2, t0 >> 32, c);
    let (t3, c) = mac(t3, t0, HIGHEST, c);
    let (t4, c) = adc(t4, c, 0);
    let _ = c;
    (t1, t2, t3, t4)
}

#[inline]
pub(super) fn multiply(a: &Words, b: &Words) -> Words {
    let [a0, a1, a2, a3] = *a;
    let [b0, b1, b2, b3] = *b;
    // The product.
    let (t0, c) = mac(0, a0, b0, 0);
    let (t1, c) = mac(0, a1, b0, c);
    let (t2, c) = mac(0, a2, b0, c);
    let (t3, t4) = mac(0, a3, b0, c);
    let (t1, c) = mac(t1, a0, b1, 0);
    let (t2, c) = mac(t2, a1, b1, c);
    let (t3, c) = mac(t3, a2, b1, c);
    let (t4, t5) = mac(t4, a3, b1, c);
    let (t2, c) = mac(t2, a0, b2, 0);
    let (t3, c) = mac(t3, a1, b2, c);
    let (t4, c) = mac(t4, a2, b2, c);
    let (t5, t6) = mac(t5, a3, b2, c);
    let (t3, c) = mac(t3, a0, b3, 0);
    let (t4, c) = mac(t4, a1, b3, c);
    let (t5, c) = mac(t5, a2, b3, c);
    let (t6, t7) = mac(t6, a3, b3, c);
    divide([t0, t1, t2, t3, t4, t5, t6, t7])
}

#[inline]
pub(super) fn square(a: &Words) -> Words {
    let [a0, a1, a2, a3] = *a;
    let (t1, c) = mac(0, a0, a1, 0);
    let (t2, c) = mac(0, a0, a2, c);
    let (t3, t4) = mac(0, a0, a3, c);
    let (t3, c) = mac(t3, a1, a2, 0);
    let (t4, t5) = mac(t4, a1, a3, c);
    let (t5, t6) = mac(t5, a2, a3, 0);
    let t7 = t6 >> 63;
    let t6 = t6 << 1 | t5 >> 63;
    let t5 = t5 << 1 | t4 >> 63;
    let t4 = t4 << 1 | t3 >> 63;
    let t3 = t3 << 1 | t2 >> 63;
    let t2 = t2 << 1 | t1 >> 63;
    let t1 = t1 << 1;
    let (t0, c) = mac(0, a0, a0, 0);
    let (t1, c) = adc(t1, 0, c);
    let (t2, c) = mac(t2, a1, a1, c);
    let (t3, c) = adc(t3, 0, c);
    let (t4, c) = mac(t4, a2, a2, c);
    let (t5, c) = adc(t5, 0, c);
    let (t6, c) = mac(t6, a3, a3, c);
    let (t7, _) = adc(t7, 0, c);
    divide([t0, t1, t2, t3, t4, t5, t6, t7])
}

/// A number of eight words below p * 2^256, divided by 2^256.
#[inline(always)]
fn divide(t: [u64; 8]) -> Words {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = t;
    // The lower half alone is folded four times: it stays below 2^256, since (2^256 - 1 + (2^64 - 1) p) / 2^64 does.
    let (l0, l1, l2, l3) = fold(t0, t1, t2, t3, 0);
    let (l0, l1, l2, l3) = fold(l0, l1, l2, l3, 0);
    let (l0, l1, l2, l3) = fold(l0, l1, l2, l3, 0);
    let (l0, l1, l2, l3) = fold(l0, l1, l2, l3, 0);
    let (s0, c) = adc(l0, t4, 0);
    let (s1, c) = adc(l1, t5, c);
    let (s2, c) = adc(l2, t6, c);
    let (s3, c) = adc(l3, t7, c);
    reduce([s0, s1, s2, s3], c)
}

/// Less p, unless it is below p already; `carry` is worth 2^256.
#[inline(always)]
fn reduce(s: Words, carry: u64) -> Words {
    let (r0, b) = s[0].overflowing_sub(P[0]);
    let (r1, b) = s[1].borrowing_sub(P[1], b);
    let (r2, b) = s[2].borrowing_sub(P[2], b);
    let (r3, b) = s[3].borrowing_sub(P[3], b);
    // By a mask: which of the two it is cannot be predicted.
    let mask = carry.wrapping_sub(u64::from(b)) & (carry ^ 1).wrapping_neg();
    let pick = |s: u64, r: u64| r ^ ((r ^ s) & mask);
    [pick(s[0], r0), pick(s[1], r1), pick(s[2], r2), pick(s[3], r3)]
}

#[inline]
pub(super) fn add(a: &Words, b: &Words) -> Words {
    let (s0, c) = adc(a[0], b[0], 0);
    let (s1, c) = adc(a[1], b[1], c);
    let (s2, c) = adc(a[2], b[2], c);
    let (s3, c) = adc(a[3], b[3], c);
    reduce([s0, s1, s2, s3], c)
}

#[inline]
pub(super) fn sub(a: &Words, b: &Words) -> Words {
    let (d0, c) = a[0].overflowing_sub(b[0]);
    let (d1, c) = a[1].borrowing_sub(b[1], c);
    let (d2, c) = a[2].borrowing_sub(b[2], c);
    let (d3, c) = a[3].borrowing_sub(b[3], c);
    let mask = u64::from(c).wrapping_neg();
    let (d0, c) = d0.overflowing_add(mask);
    let (d1, c) = d1.carrying_add(mask & P[1], c);
    let (d2, c) = d2.carrying_add(0, c);
    let d3 = d3.wrapping_add(mask & P[3]).wrapping_add(u64::from(c));
    [d0, d1, d2, d3]
}
