//! Points of the curve, and their sums.

use super::curve::P;
use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words};

/// A point by its coordinates, in Montgomery's form: one line of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(super) struct Affine {
    pub(super) x: Words,
    pub(super) y: Words,
}

/// b of y^2 = x^3 - 3x + b (SP 800-186 section 3.2.1.3).
pub(super) const B: Words = [
    0x3bce_3c3e_27d2_604b,
    0x651d_06b0_cc53_b0f6,
    0xb3eb_bd55_7698_86bc,
    0x5ac6_35d8_aa3a_93e7,
];

/// The base point.
pub(super) fn base() -> Affine {
    let x = [
        0xf4a1_3945_d898_c296,
        0x7703_7d81_2deb_33a0,
        0xf8bc_e6e5_63a4_40f2,
        0x6b17_d1f2_e12c_4247,
    ];
    let y = [
        0xcbb6_4068_37bf_51f5,
        0x2bce_3357_6b31_5ece,
        0x8ee7_eb4a_7c0f_9e16,
        0x4fe3_42e2_fe1a_7f9b,
    ];
    Affine {
        x: P::enter(&x),
        y: P::enter(&y),
    }
}

impl Affine {
    /// Zeros, which are no point.
    pub(super) const ZERO: Self = Self {
        x: [0; 4],
        y: [0; 4],
    };

    /// x and then y, as they lie in memory.
    #[inline]
    pub(super) fn words(&self) -> [u64; 8] {
        let [a, b, c, d] = self.x;
        let [e, f, g, h] = self.y;
        [a, b, c, d, e, f, g, h]
    }

    /// The point of two coordinates of 32 bytes. `None` if one is not below p, or if the point is not on the curve.
    pub(super) fn from_bytes(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let (x, y) = (words::from_bytes(x), words::from_bytes(y));
        if !words::is_below(&x, &P::WORDS) || !words::is_below(&y, &P::WORDS) {
            return None;
        }
        let point = Self {
            x: P::enter(&x),
            y: P::enter(&y),
        };
        point.is_on_curve().then_some(point)
    }

    /// Whether y^2 = x^3 - 3x + b.
    pub(super) fn is_on_curve(&self) -> bool {
        let cube = P::multiply(&P::square(&self.x), &self.x);
        let three = P::add(&P::add(&self.x, &self.x), &self.x);
        let right = P::add(&P::sub(&cube, &three), &P::enter(&B));
        P::square(&self.y) == right
    }
}

/// A sum in the making: x = X / ZZ and y = Y / ZZZ, where ZZ^3 = ZZZ^2.
///
/// The formulas are for two different points that are neither each other's negative nor at infinity. Where they do not hold,
/// they give ZZ = 0, and so does every sum after it: ZZ is a product of the ZZ before and a square that is zero for these cases alone.
/// So ZZ other than 0 proves that all of them held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    pub(super) x: Words,
    pub(super) y: Words,
    pub(super) zz: Words,
    pub(super) zzz: Words,
}

impl Sum {
    /// The sum of two points.
    #[inline]
    pub(super) fn of(one: &Affine, other: &Affine) -> Self {
        let difference = P::sub(&other.x, &one.x);
        let slope = P::sub(&other.y, &one.y);
        let zz = P::square(&difference);
        let zzz = P::multiply(&difference, &zz);
        let q = P::multiply(&one.x, &zz);
        let x = P::sub(&P::sub(&P::square(&slope), &zzz), &P::add(&q, &q));
        let y = P::sub(
            &P::multiply(&slope, &P::sub(&q, &x)),
            &P::multiply(&one.y, &zzz),
        );
        Self { x, y, zz, zzz }
    }

    /// Adds a point.
    #[inline]
    pub(super) fn add(&mut self, point: &Affine) {
        let difference = P::sub(&P::multiply(&point.x, &self.zz), &self.x);
        let slope = P::sub(&P::multiply(&point.y, &self.zzz), &self.y);
        let square = P::square(&difference);
        let cube = P::multiply(&difference, &square);
        let q = P::multiply(&self.x, &square);
        let x = P::sub(&P::sub(&P::square(&slope), &cube), &P::add(&q, &q));
        self.y = P::sub(
            &P::multiply(&slope, &P::sub(&q, &x)),
            &P::multiply(&self.y, &cube),
        );
        self.x = x;
        self.zz = P::multiply(&self.zz, &square);
        self.zzz = P::multiply(&self.zzz, &cube);
    }
}
