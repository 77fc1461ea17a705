//! ECDSA signatures on P-256 under keys that are used often: verified, never made. Nothing here is secret, and nothing here is fit
//! for a secret: times and branches depend on the numbers.
//!
//! A verification computes u1 G + u2 Q for a key Q and the base point G. A gateway verifies many tokens under few keys, so a
//! [`VerifyKey`] holds multiples of Q from which that sum is put together by additions alone: for each window of w bits of u2 the
//! odd multiples of 2^(w i) Q. What is left of some 350 operations on points is some 70 additions.
//!
//! # The way of a signature
//!
//! 1. r and s are 1 to n - 1, or the signature is not valid (SEC 1 section 4.1.4 step 1).
//! 2. 1/s modulo n: `modular/inverse.rs`. u1 = e / s and u2 = r / s: `modular/modulus.rs`.
//! 3. u1 and u2 in signed odd digits, so that no window adds nothing: `digits.rs`. Each digit is a point of a table, or its negative.
//! 4. The sum of all of them: `scalar.rs` first in pairs, for one inversion, and then one after the other, or `lanes/` eight at a
//!    time, each lane an eighth of the points and then the lanes among themselves.
//! 5. The signature is valid if the sum's x is r modulo n: X = r ZZ, or X = (r + n) ZZ where r + n is below p. No inversion modulo p
//!    is needed for that.
//!
//! # Why nothing false is accepted
//!
//! The formulas for sums hold for two points that differ, are not each other's negative, and are not at infinity. Which case it is,
//! is not asked before each: where they do not hold, they give ZZ = 0. ZZ of a sum is the product of the ZZ before and of a square that is zero
//! in those cases alone; and in a field a product is zero only if a factor is. So ZZ other than 0 at the end proves that each sum on
//! the way was one for which the formulas hold, and ZZ = 0 is answered with [`Verdict::Undecided`]: a library decides then. An honest
//! signature meets that once in 2^245; whoever aims at it pays for it as without tables. In pairs the same is said by the product of all
//! differences of x, which is zero if one of them is.
//!
//! Every point of a table is checked to lie on the curve when the table is made. The values in lanes have bounds that are said at
//! each function and asserted where the lanes are played one by one (`model/`).
//!
//! # Sources
//!
//! SP 800-186 (the curve), SEC 1 version 2 section 4.1.4 and FIPS 186-5 section 6.4.2 (the verification). XYZZ coordinates and their
//! formulas: the Explicit-Formulas Database, madd-2008-s and add-2008-s, Sutherland 2008. Odd signed digits: Joye and Tunstall,
//! "Exponent recoding and regular exponentiation algorithms" (2009). Multiples for all windows: Yao; Brickell, Gordon, McCurley and
//! Wilson, "Fast exponentiation with precomputation" (1992).

// Every index is a constant, or the counter of a loop over an array whose size is a constant. What could overflow is bounded where
// it stands, panics in a test, and is meant where it says `wrapping`. The conversions cut words off.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::needless_range_loop
)]
// The lanes are compiled twice: over registers, and over arrays.
#![allow(clippy::duplicate_mod)]

#[doc(hidden)]
pub mod arithmetic;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod curve;
mod digits;
mod model;
mod point;
mod scalar;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use crate::Tier;
use crate::modular::inverse;
use crate::modular::modulus::Modulus;
use crate::modular::words::{self, Words};
use crate::prefetch::prefetch;
use curve::{N, P};
use point::Affine;
use table::Table;

/// What a signature turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the key's, over this digest.
    Valid,
    /// It is not.
    Invalid,
    /// A sum met a case that the formulas do not cover: a library has to decide.
    Undecided,
}

/// The multiples of the base point in the form that the tier takes: made once, in a millisecond or two.
fn base_table(tier: Tier) -> &'static Option<Table> {
    static LIMBS: LazyLock<Option<Table>> =
        LazyLock::new(|| Table::new(&point::base(), Tier::Lanes.base_width()).map(Table::in_limbs));
    static WORDS: LazyLock<Option<Table>> =
        LazyLock::new(|| Table::new(&point::base(), Tier::Scalar.base_width()));
    match tier {
        Tier::Lanes | Tier::Model => &LIMBS,
        Tier::Scalar => &WORDS,
    }
}

#[inline]
fn sum(tier: Tier, points: &[(&Affine, bool)]) -> (Words, Words) {
    match tier {
        #[cfg(target_arch = "x86_64")]
        Tier::Lanes => avx512::sum(points),
        #[cfg(not(target_arch = "x86_64"))]
        Tier::Lanes => model::sum(points),
        Tier::Model => model::sum(points),
        Tier::Scalar => scalar::sum(points),
    }
}

/// The widths that a key's windows may have.
const WIDTHS: std::ops::RangeInclusive<usize> = 4..=8;
/// The points of a sum with the narrowest windows.
const MAX_POINTS: usize =
    digits::windows(Tier::Lanes.base_width()) + digits::windows(*WIDTHS.start());

/// A public key with its table.
pub struct VerifyKey {
    tier: Tier,
    table: Table,
}

impl VerifyKey {
    /// Prepares an uncompressed point (SEC 1 section 2.3.3). That takes as long as some ten verifications by a library, and 84 KiB
    /// with lanes or 144 without.
    ///
    /// `None` if it is no such point of the curve.
    #[must_use]
    pub fn new(point: &[u8]) -> Option<Self> {
        let tier = Tier::best();
        Self::with_tier(point, tier.width(), tier)
    }

    /// As [`new`](Self::new) with windows of `width` bits, 4 to 8, for a tier: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_tier(point: &[u8], width: usize, tier: Tier) -> Option<Self> {
        if !WIDTHS.contains(&width) {
            return None;
        }
        let (4, coordinates) = point.split_first()? else {
            return None;
        };
        let (x, y) = coordinates.split_first_chunk::<32>()?;
        let table = Table::new(&Affine::from_bytes(x, y.try_into().ok()?)?, width)?;
        base_table(tier).as_ref()?;
        Some(Self {
            tier,
            table: match tier {
                Tier::Lanes | Tier::Model => table.in_limbs(),
                Tier::Scalar => table,
            },
        })
    }

    /// What the table takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Verifies `signature`, r and s in 32 bytes each (RFC 7518 section 3.4), over a digest of SHA-256.
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32], signature: &[u8; 64]) -> Verdict {
        let [r, s] = signature.as_chunks::<32>().0 else {
            return Verdict::Invalid;
        };
        let (r, s) = (words::from_bytes(r), words::from_bytes(s));
        let is_in_range = |a: &Words| !words::is_zero(a) && words::is_below(a, &N::WORDS);
        if !is_in_range(&r) || !is_in_range(&s) {
            return Verdict::Invalid;
        }
        let Some(inverse) = inverse::inverse::<N>(&s) else {
            return Verdict::Undecided;
        };
        // One factor in Montgomery's form and one not: the product is not. The digest may be n or more.
        let inverse = N::enter(&inverse);
        let u1 = N::multiply(&words::from_bytes(digest), &inverse);
        let u2 = N::multiply(&r, &inverse);
        let Some((x, zz)) = self.sum(&u1, &u2) else {
            return Verdict::Undecided;
        };
        if words::is_zero(&zz) {
            return Verdict::Undecided;
        }
        // x and zz carry the same power of two, so what multiplies zz carries none.
        let is_x = |r: &Words| P::multiply(&P::enter(r), &zz) == x;
        let (above, carry) = words::add(&r, &N::WORDS);
        let is_valid = is_x(&r) || (!carry && words::is_below(&above, &P::WORDS) && is_x(&above));
        if is_valid {
            Verdict::Valid
        } else {
            Verdict::Invalid
        }
    }

    /// x and zz of u1 G + u2 Q, both below p.
    fn sum(&self, u1: &Words, u2: &Words) -> Option<(Words, Words)> {
        let base = base_table(self.tier).as_ref()?;
        let mut points = [(&base.points[0], false); MAX_POINTS];
        let mut count = 0;
        for (u, table) in [(u1, base), (u2, &self.table)] {
            // n is odd, so one of u and n - u is. Zero becomes n, whose multiple is at infinity.
            let is_even = u[0] & 1 == 0;
            let odd = if is_even {
                words::sub(&N::WORDS, u).0
            } else {
                *u
            };
            digits::for_each(&odd, table.width, |place, is_negative| {
                let point = &table.points[place];
                // All are known before the first is added, and a table lies in a cache that is not the nearest.
                prefetch(point);
                points[count] = (point, is_negative != is_even);
                count += 1;
            });
        }
        let (x, zz) = sum(self.tier, &points[..count]);
        Some((P::canonical(x), P::canonical(zz)))
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyKey")
            .field("tier", &self.tier)
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
