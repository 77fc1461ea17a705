//! Points, and their sums, in words and Montgomery's form.

use super::curve::{D, P, ROOT_OF_MINUS_ONE};
use crate::modular::words::{self, Words};

/// A point as it is added: y + x, y - x and 2 d x y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(32))]
pub(super) struct Addend {
    /// y + x, then y - x.
    pub(super) sides: [u64; 8],
    /// 2 d x y.
    pub(super) product: Words,
}

/// A sum: x = X / Z, y = Y / Z, x y = T / Z.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub(super) x: Words,
    pub(super) y: Words,
    pub(super) z: Words,
    pub(super) t: Words,
}

/// Reads 32 bytes, the lowest first.
pub(super) fn from_bytes(bytes: &[u8; 32]) -> Words {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The coordinates of an encoded point (RFC 8032 section 5.1.3). `None` if it is none, or x is zero.
pub(super) fn decode(bytes: &[u8; 32]) -> Option<(Words, Words)> {
    let mut y = from_bytes(bytes);
    let sign = y[3] >> 63;
    y[3] &= u64::MAX >> 1;
    if !words::is_below(&y, &P.words) {
        return None;
    }
    let y = P.enter(&y);
    let square = P.square(&y);
    let u = P.sub(&square, &P.one);
    let v = P.add(&P.multiply(&P.enter(&D), &square), &P.one);
    let cube = P.multiply(&P.square(&v), &v);
    let seventh = P.multiply(&P.square(&cube), &v);
    let root = to_2_252_less_3(&P.multiply(&u, &seventh));
    let mut x = P.multiply(&P.multiply(&u, &cube), &root);
    let check = P.multiply(&v, &P.square(&x));
    if check == P.negate(&u) {
        x = P.multiply(&x, &P.enter(&ROOT_OF_MINUS_ONE));
    } else if check != u {
        return None;
    }
    if words::is_zero(&x) {
        return None;
    }
    if P.leave(&x)[0] & 1 != sign {
        x = P.negate(&x);
    }
    Some((x, y))
}

/// a to the power of (p - 5) / 8 = 2^252 - 3.
fn to_2_252_less_3(a: &Words) -> Words {
    // 250 ones, then 01.
    let ones = (1..250).fold(*a, |power, _| P.multiply(&P.square(&power), a));
    P.multiply(&P.square(&P.square(&ones)), a)
}

impl Sum {
    pub(super) fn of_affine(x: &Words, y: &Words) -> Self {
        Self {
            x: *x,
            y: *y,
            z: P.one,
            t: P.multiply(x, y),
        }
    }

    /// The point (0, 1).
    pub(super) fn neutral() -> Self {
        Self {
            x: [0; 4],
            y: P.one,
            z: P.one,
            t: [0; 4],
        }
    }

    /// Adds a point, or takes it away: any point, this one included.
    #[inline]
    pub(super) fn add(&mut self, addend: &Addend, negate: bool) {
        let [a, b, c, d, e, f, g, h] = addend.sides;
        let (mut plus, mut minus) = ([a, b, c, d], [e, f, g, h]);
        if negate {
            (plus, minus) = (minus, plus);
        }
        let a = P.multiply(&P.sub(&self.y, &self.x), &minus);
        let b = P.multiply(&P.add(&self.y, &self.x), &plus);
        let c = P.multiply(&self.t, &addend.product);
        let d = P.add(&self.z, &self.z);
        let (e, h) = (P.sub(&b, &a), P.add(&b, &a));
        let (mut f, mut g) = (P.sub(&d, &c), P.add(&d, &c));
        if negate {
            (f, g) = (g, f);
        }
        *self = Self {
            x: P.multiply(&e, &f),
            y: P.multiply(&g, &h),
            z: P.multiply(&f, &g),
            t: P.multiply(&e, &h),
        };
    }
}
