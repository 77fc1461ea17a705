//! ECDSA signatures on P-256.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::needless_range_loop
)]

mod avx512;
mod digits;
mod field;
mod inverse;
mod model;
mod modulus;
mod point;
mod table;
#[cfg(test)]
mod tests;
mod words;

use std::sync::LazyLock;

use modulus::{N, P};
use point::{Affine, Sum};
use table::Table;
use words::Words;

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

static BASE260: LazyLock<Table> = LazyLock::new(|| Table::new(&point::base(), 9).expect("the base point is on the curve").shifted());
static BASE: LazyLock<Table> = LazyLock::new(|| Table::new(&point::base(), 8).expect("the base point is on the curve"));

/// A public key with its table.
#[derive(Debug)]
pub struct VerifyKey(Table, Table);

impl VerifyKey {
    /// Prepares an uncompressed point (SEC 1 section 2.3.3).
    #[must_use]
    pub fn new(point: &[u8], width: usize) -> Option<Self> {
        let (4, rest) = point.split_first()? else { return None };
        let (x, rest) = rest.split_first_chunk::<32>()?;
        let y = rest.try_into().ok()?;
        let t = Table::new(&Affine::from_bytes(x, y)?, width)?; Some(Self(t.clone(), t.shifted()))
    }

    /// Verifies `signature`, R and S in 32 bytes each, over a digest of SHA-256.
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32], signature: &[u8; 64], way: u8) -> Verdict {
        let (r, s) = signature.split_at(32);
        let (Ok(r), Ok(s)) = (r.try_into(), s.try_into()) else { return Verdict::Invalid };
        let (r, s) = (words::from_bytes(r), words::from_bytes(s));
        let is_in_range = |a: &Words| !words::is_zero(a) && words::is_below(a, &N.words);
        if !is_in_range(&r) || !is_in_range(&s) {
            return Verdict::Invalid;
        }
        let Some(inverse) = inverse::inverse(&s, &N) else { return Verdict::Undecided };
        // One factor in Montgomery's form and one not: the product is not.
        let inverse = N.enter(&inverse);
        let e = words::from_bytes(digest);
        let u1 = N.multiply(&e, &inverse);
        let u2 = N.multiply(&r, &inverse);
        let (x, zz) = if way > 0 { self.sum8(way, &u1, &u2) } else { let Some(sum) = self.sum(&u1, &u2) else { return Verdict::Undecided }; (sum.x, sum.zz) };
        if words::is_zero(&zz) {
            return Verdict::Undecided;
        }
        if field::multiply(&P.enter(&r), &zz) == x {
            return Verdict::Valid;
        }
        let (larger, carry) = words::add(&r, &N.words);
        if !carry && words::is_below(&larger, &P.words) && field::multiply(&P.enter(&larger), &zz) == x {
            return Verdict::Valid;
        }
        Verdict::Invalid
    }

    fn sum8(&self, way: u8, u1: &Words, u2: &Words) -> (Words, Words) {
        let mut points: [(&Affine, bool); 96] = [(&self.0.points[0], false); 96];
        let mut count = 0;
        for (u, table) in [(u1, &*BASE260), (u2, &self.1)] {
            let is_even = u[0] & 1 == 0;
            let odd = if is_even { words::sub(&N.words, u).0 } else { *u };
            digits::for_each(&odd, table.width, is_even, |place, negate| {
                points[count] = (&table.points[place], negate);
                count += 1;
            });
        }
        let (x, zz) = if way == 1 { avx512::sum(&points[..count]) } else { model::sum(&points[..count]) };
        let canonical = |a: Words| if words::is_below(&a, &P.words) { a } else { words::sub(&a, &P.words).0 };
        (canonical(x), canonical(zz))
    }

    /// u1 G + u2 Q.
    fn sum(&self, u1: &Words, u2: &Words) -> Option<Sum> {
        let mut first: Option<Affine> = None;
        let mut sum: Option<Sum> = None;
        for (u, table) in [(u1, &*BASE), (u2, &self.0)] {
            let is_even = u[0] & 1 == 0;
            let odd = if is_even { words::sub(&N.words, u).0 } else { *u };
            digits::for_each(&odd, table.width, is_even, |place, negate| {
                let point = table.points[place].negated_if(negate);
                match (&mut sum, first) {
                    (Some(sum), _) => sum.add(&point),
                    (None, Some(first)) => sum = Some(Sum::of(&first, &point)),
                    (None, None) => first = Some(point),
                }
            });
        }
        sum
    }
}
