//! Points, and their sums, in words.

use super::curve::{D, P, ROOT_OF_MINUS_ONE};
use super::field;
use crate::modular::modulus::Modulus;
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
    if !words::is_below(&y, &P::WORDS) {
        return None;
    }
    let square = field::square(&y);
    let u = field::sub(&square, &field::ONE);
    let v = field::add(&field::multiply(&D, &square), &field::ONE);
    let cube = field::multiply(&field::square(&v), &v);
    let seventh = field::multiply(&field::square(&cube), &v);
    let root = to_2_252_less_3(&field::multiply(&u, &seventh));
    let mut x = field::multiply(&field::multiply(&u, &cube), &root);
    let check = field::multiply(&v, &field::square(&x));
    if field::is_equal(&check, &field::negate(&u)) {
        x = field::multiply(&x, &ROOT_OF_MINUS_ONE);
    } else if !field::is_equal(&check, &u) {
        return None;
    }
    x = field::canonical(&x);
    if words::is_zero(&x) {
        return None;
    }
    if x[0] & 1 != sign {
        x = field::negate(&x);
    }
    Some((x, y))
}

/// a to the power of (p - 5) / 8 = 2^252 - 3.
fn to_2_252_less_3(a: &Words) -> Words {
    // 250 ones, then 01.
    let ones = (1..250).fold(*a, |power, _| field::multiply(&field::square(&power), a));
    field::multiply(&field::square(&field::square(&ones)), a)
}

impl Sum {
    pub(super) fn of_affine(x: &Words, y: &Words) -> Self {
        Self {
            x: *x,
            y: *y,
            z: field::ONE,
            t: field::multiply(x, y),
        }
    }

    /// The point (0, 1).
    pub(super) fn neutral() -> Self {
        Self {
            x: [0; 4],
            y: field::ONE,
            z: field::ONE,
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
        let a = field::multiply(&field::sub(&self.y, &self.x), &minus);
        let b = field::multiply(&field::add(&self.y, &self.x), &plus);
        let c = field::multiply(&self.t, &addend.product);
        let d = field::add(&self.z, &self.z);
        let (e, h) = (field::sub(&b, &a), field::add(&b, &a));
        let (mut f, mut g) = (field::sub(&d, &c), field::add(&d, &c));
        if negate {
            (f, g) = (g, f);
        }
        *self = Self {
            x: field::multiply(&e, &f),
            y: field::multiply(&g, &h),
            z: field::multiply(&f, &g),
            t: field::multiply(&e, &h),
        };
    }
}
