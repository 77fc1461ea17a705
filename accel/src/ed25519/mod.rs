//! Ed25519 signatures under keys that are used often: verified, never made. Nothing here is secret, and nothing here is fit for a
//! secret: times and branches depend on the numbers.
//!
//! A verification computes s B - h A for a key A and the base point B, and compares the sum, encoded, with the first half of the
//! signature (RFC 8032 section 5.1.7, without the cofactor, as aws-lc does it). As for [P-256](crate::p256), a [`VerifyKey`] holds
//! the multiples of -A from which that is put together by additions alone: 72 of them.
//!
//! # The way of a signature
//!
//! 1. s is below the order of B and the first half is a y below p, or the signature is not valid: an encoding that is not
//!    canonical is that of no sum.
//! 2. h, the hash, modulo the order: `modular/modulus.rs`.
//! 3. s and h in signed digits, zero among them: `digits.rs`. Each digit is a point of a table, its negative, or (0, 1). Nothing
//!    is replaced by what is the same modulo the order of B, since A may have a part of small order.
//! 4. The sum of all of them: `scalar.rs` one after the other, or `lanes/` eight at a time.
//! 5. Y = y Z, which refuses whatever was not made by the key's owner; then 1/Z, for the sign of x.
//!
//! # Why nothing false is accepted
//!
//! The formulas are complete: on this curve, whose d is no square, they hold for all points, the same one twice and (0, 1)
//! included, and Z is never zero. So there are no exceptions to look for, and no signature is undecided. Every point of a table is
//! checked to lie on the curve when the table is made.
//!
//! # Sources
//!
//! RFC 8032 section 5.1. Hisil, Wong, Carter and Dawson, "Twisted Edwards curves revisited" (2008), for the coordinates and the complete
//! formulas (madd-2008-hwcd-3 and add-2008-hwcd-3 of the Explicit-Formulas Database).

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
mod field;
mod model;
mod point;
mod scalar;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;

use crate::modular::modulus::Modulus;
use curve::{L, P};
use point::Addend;
use table::Table;

use crate::Tier;
use crate::modular::words::{self, Words};
use crate::prefetch::prefetch;

/// The multiples of the base point with as many bits a window as the tier takes: made once.
fn base_table(tier: Tier) -> &'static Option<Table> {
    fn table(tier: Tier) -> Option<Table> {
        let (x, y) = point::decode(&curve::BASE)?;
        Table::new(&x, &y, tier.base_width())
    }
    static OF_LANES: LazyLock<Option<Table>> = LazyLock::new(|| table(Tier::Lanes));
    static OF_WORDS: LazyLock<Option<Table>> = LazyLock::new(|| table(Tier::Scalar));
    match tier {
        Tier::Lanes | Tier::Model => &OF_LANES,
        Tier::Scalar => &OF_WORDS,
    }
}

/// X, Y and Z below p.
#[inline]
fn sum(tier: Tier, points: &[(&Addend, bool)]) -> [Words; 3] {
    match tier {
        #[cfg(target_arch = "x86_64")]
        Tier::Lanes => avx512::sum(points).map(curve::from_limbs),
        #[cfg(not(target_arch = "x86_64"))]
        Tier::Lanes => model::sum(points).map(curve::from_limbs),
        Tier::Model => model::sum(points).map(curve::from_limbs),
        Tier::Scalar => scalar::sum(points),
    }
}

/// The widths that a key's windows may have.
const WIDTHS: std::ops::RangeInclusive<usize> = 4..=8;
/// The points of a sum with the narrowest windows, and as many as make it a multiple of eight.
const MAX_POINTS: usize = (digits::windows(Tier::Lanes.base_width())
    + digits::windows(*WIDTHS.start()))
.next_multiple_of(8);

/// The point (0, 1), which adds nothing.
static NOTHING: Addend = Addend {
    sides: [1, 0, 0, 0, 1, 0, 0, 0],
    product: [0; 4],
};

/// A public key with its table.
pub struct VerifyKey {
    tier: Tier,
    table: Table,
}

impl VerifyKey {
    /// Prepares an encoded point (RFC 8032 section 5.1.2). That takes as long as some 15 verifications by a library, and 129 KiB with
    /// lanes or 222 without.
    ///
    /// `None` if it is no such point in its one spelling, or if x is zero (two points of small order).
    #[must_use]
    pub fn new(point: &[u8; 32]) -> Option<Self> {
        let tier = Tier::best();
        Self::with_tier(point, tier.width(), tier)
    }

    /// As [`new`](Self::new) with windows of `width` bits, 4 to 8, for a tier: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_tier(point: &[u8; 32], width: usize, tier: Tier) -> Option<Self> {
        if !WIDTHS.contains(&width) {
            return None;
        }
        let (x, y) = point::decode(point)?;
        // The table of -A: then h is multiplied and added.
        let table = Table::new(&field::negate(&x), &y, width)?;
        base_table(tier).as_ref()?;
        Some(Self { tier, table })
    }

    /// What the table takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Verifies `signature` where `hash` is SHA-512 over its first 32 bytes, the public key, and the message (RFC 8032
    /// section 5.1.7), without the cofactor: the sum has to be encoded as those 32 bytes.
    #[must_use]
    pub fn verify(&self, hash: &[u8; 64], signature: &[u8; 64]) -> bool {
        let [r, s] = signature.as_chunks::<32>().0 else {
            return false;
        };
        let s = point::from_bytes(s);
        let mut y = point::from_bytes(r);
        let sign = y[3] >> 63;
        y[3] &= u64::MAX >> 1;
        if !words::is_below(&s, &L::WORDS) || !words::is_below(&y, &P::WORDS) {
            return false;
        }
        let Some([sum_x, sum_y, sum_z]) = self.sum(&s, &reduced(hash)) else {
            return false;
        };
        // Y = y Z first: it needs no inversion, and whoever guesses fails here.
        if field::canonical(&field::multiply(&sum_z, &y)) != sum_y {
            return false;
        }
        let Some(inverse) = field::invert(&sum_z) else {
            return false;
        };
        let x = field::canonical(&field::multiply(&sum_x, &inverse));
        x[0] & 1 == sign
    }

    /// X, Y and Z of s B - h A.
    fn sum(&self, s: &Words, h: &Words) -> Option<[Words; 3]> {
        let base = base_table(self.tier).as_ref()?;
        let mut points = [(&NOTHING, false); MAX_POINTS];
        let mut count = 0;
        for (u, table) in [(s, base), (h, &self.table)] {
            digits::for_each(u, table.width, |place, is_negative| {
                if let Some(place) = place {
                    let point = &table.points[place];
                    // All are known before the first is added, and a table lies in a cache that is not the nearest.
                    prefetch(point);
                    prefetch(&point.product);
                    points[count] = (point, is_negative);
                }
                count += 1;
            });
        }
        Some(sum(self.tier, &points[..count.next_multiple_of(8)]))
    }
}

/// A hash modulo L.
fn reduced(hash: &[u8; 64]) -> Words {
    let [low, high] = hash.as_chunks::<32>().0 else {
        return [0; 4];
    };
    // 2^256 is what Montgomery's form multiplies by.
    let high = L::enter(&point::from_bytes(high));
    let low = L::leave(&L::enter(&point::from_bytes(low)));
    L::add(&low, &high)
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyKey")
            .field("tier", &self.tier)
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
