//! Exact decimal numbers of any size, for the few tokens whose times are not plain whole seconds.
//!
//! A number is its digits and where the decimal point lies; digits are asked for by position and never
//! materialised, so that `1e999999999` costs what its eleven characters cost.

use std::cmp::Ordering;

/// The position of nanoseconds: the digit that counts 10^-9.
const NANOS: i64 = -9;

/// A sum beyond this, in whatever unit, can no longer return to any span of time: 10^31 nanoseconds are longer
/// than 10^14 years, and ten times it plus a digit stays far inside an `i128`.
const BEYOND_TIME: u128 = 10_u128.pow(31);

/// Exponents are clamped to this, far beyond any that a span of time could bridge.
const MAX_EXPONENT: i64 = 1_000_000_000_000;

/// A decimal number: its sign, the digits on both sides of its point, and the power of ten they count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
    /// The exponent as it is spelled.
    spelled_exponent: &'a str,
}

impl<'a> Decimal<'a> {
    /// Reads a number that is known to be in the grammar of JSON.
    pub(crate) fn parse(literal: &'a str) -> Self {
        let (negative, unsigned) = match literal.strip_prefix('-') {
            Some(unsigned) => (true, unsigned),
            None => (false, literal),
        };
        let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        Self {
            negative,
            whole: whole.as_bytes(),
            fraction: fraction.as_bytes(),
            exponent: clamped_exponent(exponent),
            spelled_exponent: exponent,
        }
    }

    /// The number of nanoseconds, rounded down, and whether that is exact. Clamped to what an `i128` holds.
    pub(crate) fn floor_nanos(&self) -> (i128, bool) {
        let zero = Decimal::parse("0");
        let mut sum = Sum::new(self, &zero);
        let nanos = sum.down_to_nanos();
        if nanos.unsigned_abs() >= BEYOND_TIME {
            return (if nanos < 0 { i128::MIN } else { i128::MAX }, false);
        }
        match sum.remainder() {
            Ordering::Less => (nanos.saturating_sub(1), false),
            Ordering::Equal => (nanos, true),
            Ordering::Greater => (nanos, false),
        }
    }

    /// Whether `self - other` is at most `nanos` nanoseconds, exactly.
    pub(crate) fn exceeds_by_at_most(&self, other: &Self, nanos: i128) -> bool {
        let (minuend, subtrahend) = unclamped(*self, *other);
        let mut sum = Sum::new(&minuend, &subtrahend);
        match sum.down_to_nanos().cmp(&nanos) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => sum.remainder() != Ordering::Greater,
        }
    }

    /// The signed digit that counts `10^position`.
    fn digit(&self, position: i64) -> i128 {
        let from_point = position.saturating_sub(self.exponent);
        let digit = if from_point >= 0 {
            let last = length(self.whole).saturating_sub(1);
            nth(self.whole, last.saturating_sub(from_point))
        } else {
            nth(self.fraction, from_point.saturating_neg().saturating_sub(1))
        };
        let digit = i128::from(digit.saturating_sub(b'0'));
        if self.negative {
            digit.saturating_neg()
        } else {
            digit
        }
    }

    /// The position of the first digit that is not zero, if there is one.
    fn top(&self) -> Option<i64> {
        let digits = self.whole.iter().chain(self.fraction);
        let zeros = i64::try_from(digits.take_while(|&&digit| digit == b'0').count()).ok()?;
        let first = length(self.whole).saturating_sub(1).saturating_sub(zeros);
        let is_zero = zeros == length(self.whole).saturating_add(length(self.fraction));
        (!is_zero).then_some(first.saturating_add(self.exponent))
    }

    /// The position of the last digit that is spelled.
    fn bottom(&self) -> i64 {
        self.exponent.saturating_sub(length(self.fraction))
    }
}

/// The difference of two numbers, digit by digit from the top.
struct Sum<'a> {
    minuend: Decimal<'a>,
    subtrahend: Decimal<'a>,
    minuend_top: Option<i64>,
    subtrahend_top: Option<i64>,
    /// The next position to read.
    position: i64,
}

impl<'a> Sum<'a> {
    fn new(minuend: &Decimal<'a>, subtrahend: &Decimal<'a>) -> Self {
        let (minuend_top, subtrahend_top) = (minuend.top(), subtrahend.top());
        Self {
            minuend: *minuend,
            subtrahend: *subtrahend,
            minuend_top,
            subtrahend_top,
            position: minuend_top.max(subtrahend_top).unwrap_or(NANOS),
        }
    }

    /// The difference in nanoseconds as far as the digits down to that position tell, or any number of at least
    /// [`BEYOND_TIME`] with its sign.
    ///
    /// Once both numbers are read to their ends the difference is zero for good or grows tenfold with each
    /// position, and before that each position is a character of the token, so this ends soon.
    fn down_to_nanos(&mut self) -> i128 {
        let bottom = self.minuend.bottom().min(self.subtrahend.bottom());
        let mut difference = 0_i128;
        while self.position >= NANOS {
            if difference == 0 && self.position < bottom {
                self.position = NANOS.saturating_sub(1);
                return 0;
            }
            difference = difference.saturating_mul(10).saturating_add(self.next());
            if difference.unsigned_abs() >= BEYOND_TIME {
                return difference;
            }
        }
        difference
    }

    /// How what is left below nanoseconds compares to zero: its first digit that is not zero tells, since the
    /// digits of two numbers of one sign compare as words do, and those of different signs only add up.
    fn remainder(&mut self) -> Ordering {
        while let Some(position) = self.next_spelled() {
            self.position = position;
            match self.next().cmp(&0) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        Ordering::Equal
    }

    /// The next position at which one of the numbers has a digit that is spelled: what lies above are zeros that
    /// an exponent implies, perhaps a thousand million of them.
    fn next_spelled(&self) -> Option<i64> {
        let spelled = |number: &Decimal<'_>, top: Option<i64>| {
            let position = top?.min(self.position);
            (position >= number.bottom()).then_some(position)
        };
        let minuend = spelled(&self.minuend, self.minuend_top);
        minuend.max(spelled(&self.subtrahend, self.subtrahend_top))
    }

    fn next(&mut self) -> i128 {
        let position = self.position;
        self.position = position.saturating_sub(1);
        self.minuend
            .digit(position)
            .saturating_sub(self.subtrahend.digit(position))
    }
}

/// Two numbers whose difference compares to any span of time as that of `one` and `other` does, wherever clamping has
/// moved their exponents together.
///
/// If both are far above all time, or both far below a nanosecond, only the distance of their exponents counts, and
/// they may be moved together. If not, no number of digits in a token bridges what clamping left between them.
fn unclamped<'a>(mut one: Decimal<'a>, mut other: Decimal<'a>) -> (Decimal<'a>, Decimal<'a>) {
    const FAR: i64 = MAX_EXPONENT / 2;
    let base = if one.exponent.min(other.exponent) > FAR {
        2 * MAX_EXPONENT
    } else if one.exponent.max(other.exponent) < -FAR {
        -2 * MAX_EXPONENT
    } else {
        return (one, other);
    };
    let whole = |spelled: &'a str| Decimal::parse(spelled.strip_prefix('+').unwrap_or(spelled));
    let exponents = (whole(one.spelled_exponent), whole(other.spelled_exponent));
    let nanos = Sum::new(&exponents.0, &exponents.1).down_to_nanos();
    let distance = nanos.div_euclid(1_000_000_000);
    let distance = match i64::try_from(distance) {
        Ok(distance) => distance.clamp(-MAX_EXPONENT, MAX_EXPONENT),
        Err(_) if distance < 0 => -MAX_EXPONENT,
        Err(_) => MAX_EXPONENT,
    };
    one.exponent = base.saturating_add(distance);
    other.exponent = base;
    (one, other)
}

fn clamped_exponent(text: &str) -> i64 {
    match text.parse::<i64>() {
        Ok(exponent) => exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT),
        Err(_) if text.starts_with('-') => -MAX_EXPONENT,
        Err(_) => MAX_EXPONENT,
    }
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

fn nth(digits: &[u8], index: i64) -> u8 {
    usize::try_from(index)
        .ok()
        .and_then(|index| digits.get(index))
        .copied()
        .unwrap_or(b'0')
}
