//! Exact decimal numbers of any size: a whole number of any length, times ten to a power of any length.

use std::cmp::Ordering;
use std::time::Duration;

use num_bigint::{BigInt, Sign};

/// `digits * 10^exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: BigInt,
    exponent: BigInt,
}

/// Where the engine ends: it takes what is at least so many nanoseconds away as beyond all time.
const BEYOND_TIME: u128 = 10_u128.pow(31);

impl Decimal {
    /// Reads a number in the grammar of JSON.
    pub(crate) fn parse(literal: &str) -> Self {
        let literal = literal.to_ascii_lowercase();
        let (mantissa, exponent) = literal.split_once('e').unwrap_or((&literal, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Self {
            digits: parsed(&format!("{whole}{fraction}")),
            exponent: parsed(exponent) - fraction.len(),
        }
    }

    pub(crate) fn nanos(nanos: i128) -> Self {
        Self {
            digits: nanos.into(),
            exponent: (-9).into(),
        }
    }

    pub(crate) fn duration(duration: Duration) -> Self {
        Self::nanos(i128::try_from(duration.as_nanos()).expect("94 bits"))
    }

    /// The number of nanoseconds rounded down, and whether that is all; or the last of them on that side, if it is
    /// beyond all time.
    pub(crate) fn floor_nanos(&self) -> (i128, bool) {
        let beyond = match self.digits.sign() {
            Sign::Minus => (i128::MIN, false),
            Sign::NoSign => return (0, true),
            Sign::Plus => (i128::MAX, false),
        };
        let shift: BigInt = &self.exponent + 9;
        let Ok(shift) = i64::try_from(&shift) else {
            return match shift.sign() {
                Sign::Plus => beyond,
                _ => below_one(&self.digits),
            };
        };
        if shift > 40 {
            return beyond;
        }
        // Ten to the number of bits is more than the number.
        if shift.unsigned_abs() > self.digits.bits() && shift < 0 {
            return below_one(&self.digits);
        }
        let power = |exponent: u64| BigInt::from(10).pow(u32::try_from(exponent).expect("small"));
        let (floor, is_exact) = if shift >= 0 {
            (&self.digits * power(shift.unsigned_abs()), true)
        } else {
            let divisor = power(shift.unsigned_abs());
            let quotient = &self.digits / &divisor;
            let is_exact = &quotient * &divisor == self.digits;
            let is_below = self.digits.sign() == Sign::Minus && !is_exact;
            (if is_below { quotient - 1 } else { quotient }, is_exact)
        };
        // Whether it is beyond shows in the nanoseconds nearer to zero.
        let toward_zero = if floor.sign() == Sign::Minus && !is_exact {
            &floor + 1
        } else {
            floor.clone()
        };
        if toward_zero.magnitude() >= &BEYOND_TIME.into() {
            return beyond;
        }
        (i128::try_from(&floor).expect("below 10^31"), is_exact)
    }

    /// The number of nanoseconds rounded up, or the engine's for what is beyond all time.
    pub(crate) fn ceiling_nanos(&self) -> i128 {
        match self.floor_nanos() {
            (floor, true) => floor,
            (floor, false) => floor.saturating_add(1),
        }
    }

    /// How this compares to the sum of `others`.
    pub(crate) fn cmp_sum(&self, others: &[&Self]) -> Ordering {
        let mut terms: Vec<Self> = others
            .iter()
            .map(|other| Self {
                digits: -&other.digits,
                exponent: other.exponent.clone(),
            })
            .collect();
        terms.push(self.clone());
        sign_of_sum(terms).cmp(&Sign::NoSign)
    }
}

/// The sign of a sum, exactly.
///
/// From the highest exponent down: a sum of the terms so far is zero or at least one unit of its own exponent, so
/// a distance to the next exponent that is longer than all that can still come may be shortened to that.
fn sign_of_sum(mut terms: Vec<Decimal>) -> Sign {
    terms.retain(|term| term.digits.sign() != Sign::NoSign);
    terms.sort_by(|one, other| other.exponent.cmp(&one.exponent));
    let longest: usize = terms.iter().map(|term| term.digits.to_string().len()).sum();
    let enough = u32::try_from(longest).expect("short inputs") + 2;
    let mut sum = BigInt::ZERO;
    let mut exponent: Option<BigInt> = None;
    for term in terms {
        if let Some(above) = exponent.replace(term.exponent.clone()) {
            let distance = u32::try_from(above - term.exponent).unwrap_or(enough);
            sum *= BigInt::from(10).pow(distance.min(enough));
        }
        sum += term.digits;
    }
    sum.sign()
}

fn below_one(digits: &BigInt) -> (i128, bool) {
    match digits.sign() {
        Sign::Minus => (-1, false),
        _ => (0, false),
    }
}

fn parsed(digits: &str) -> BigInt {
    digits.parse().expect("digits with or without a sign")
}
