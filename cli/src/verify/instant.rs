//! Seconds as people and JSON write them, read exactly: no float comes near a point in time.

use asap_engine::UnixTime;

/// The digits after the point that count: nanoseconds.
const NANOSECOND_DIGITS: i64 = 9;
/// Exponents beyond this name no time of any token.
const MAX_EXPONENT: i64 = 1_000;

/// The point in time that is `literal` seconds after the epoch, rounded down to the nanosecond: a decimal number in
/// the grammar of JSON, such as `1700000000`, `-1.5` or `17e8`. `None` if it is no such number, or beyond some 10^29
/// seconds.
pub(super) fn unix_time(literal: &str) -> Option<UnixTime> {
    let (is_negative, unsigned) = match literal.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, literal),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let point = i64::try_from(whole.len())
        .ok()?
        .saturating_add(exponent)
        .saturating_add(NANOSECOND_DIGITS);
    let (nanos, is_exact) = split_at_point(whole, fraction, point)?;
    if !is_negative {
        return Some(UnixTime::from_nanos(nanos));
    }
    let rounded_down = i128::from(!is_exact);
    Some(UnixTime::from_nanos(
        nanos.checked_neg()?.checked_sub(rounded_down)?,
    ))
}

/// The number that the first `point` digits spell, zeros following where they end, and whether the others are zero.
fn split_at_point(whole: &str, fraction: &str, point: i64) -> Option<(i128, bool)> {
    let mut digits = whole.bytes().chain(fraction.bytes());
    let mut number = 0_i128;
    for _ in 0..point.max(0) {
        let digit = digits.next();
        if digit.is_none() && number == 0 {
            break;
        }
        let digit = digit.unwrap_or(b'0').saturating_sub(b'0');
        number = number.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    Some((number, digits.all(|digit| digit == b'0')))
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    // More digits than an i64 has are far beyond the clamp too.
    let size = digits
        .parse::<i64>()
        .unwrap_or(MAX_EXPONENT)
        .min(MAX_EXPONENT);
    Some(if text.starts_with('-') {
        size.saturating_neg()
    } else {
        size
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(literal: &str) -> Option<i128> {
        unix_time(literal).map(UnixTime::as_nanos)
    }

    #[test]
    fn every_spelling_of_a_number_is_that_number() {
        for literal in [
            "1700000000",
            "17e8",
            "1.7E+9",
            "1700000000.000",
            "170000000000e-2",
            "0.17e10",
        ] {
            assert_eq!(nanos(literal), Some(1_700_000_000_000_000_000), "{literal}");
        }
        assert_eq!(nanos("-0"), Some(0));
        assert_eq!(nanos("0e999999999999999999999"), Some(0));
        assert_eq!(nanos("-5"), Some(-5_000_000_000));
    }

    #[test]
    fn what_is_below_a_nanosecond_is_rounded_down_on_both_sides_of_the_epoch() {
        assert_eq!(nanos("1.0000000019"), Some(1_000_000_001));
        assert_eq!(nanos("-1.0000000011"), Some(-1_000_000_002));
        assert_eq!(nanos("1e-999999999"), Some(0));
        assert_eq!(nanos("-1e-999999999"), Some(-1));
        assert_eq!(nanos("-0.000000001"), Some(-1));
    }

    #[test]
    fn whatever_is_no_number_or_no_time_is_refused() {
        for literal in [
            "", "-", "+1", "1.", ".5", "1e", "1e+", "0x10", "1_000", " 1", "1 ", "now", "NaN",
            "--1", "1e1e1", "1.5.5", "1e400", "-1e400", "١",
        ] {
            assert_eq!(nanos(literal), None, "{literal}");
        }
    }
}
