//! Conversions between integers and floats, for figures that people read: the one place where a cast is a
//! choice and not a slip.

use std::time::Duration;

/// The nearest `f64`; exact up to 2^53, which no count of this program reaches.
#[expect(
    clippy::as_conversions,
    reason = "no From exists; counts here stay far below 2^53"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// The whole part, clamped to what a `u64` holds (negative and NaN give 0).
#[expect(
    clippy::as_conversions,
    reason = "a float cast saturates, which is the behaviour wanted here"
)]
pub(crate) const fn whole(value: f64) -> u64 {
    value as u64
}

/// A length or an index as a count.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A count as a length or an index.
pub(crate) fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Whole nanoseconds; 584 years fit.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// `part / whole`, or nothing where there is no whole.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0 && part.is_finite()).then(|| part / whole)
}

/// Groups the digits of a count by thousands: `1,234,567`.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A float rounded to a whole number, grouped.
pub(crate) fn grouped_float(value: f64) -> String {
    grouped(whole(value.round()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(grouped_float(1_499.6), "1,500");
    }

    #[test]
    fn a_ratio_to_nothing_is_nothing() {
        assert_eq!(ratio(1.0, 2.0), Some(0.5));
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(f64::NAN, 1.0), None);
    }
}
