//! `NumericDate` (RFC 7519 section 2): a JSON number of seconds since the epoch, which may have a fraction and
//! an exponent. Compared exactly: a float rounds, and half a nanosecond past `exp` is past `exp`.

use std::time::Duration;

use super::decimal::Decimal;
use crate::jws::json::Number;
use crate::time::{UnixTime, duration_nanos};

/// A point in time as a claim spells it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NumericDate<'a> {
    /// Seconds that are spelled as most are: with at most 18 digits and nothing else.
    Whole(i64),
    /// A number in any other spelling. It is as long as a token lets it be, so it is read when somebody asks.
    Spelled(&'a str),
}

impl<'a> NumericDate<'a> {
    /// The time that `number` counts.
    pub(crate) const fn new(number: Number<'a>) -> Self {
        match number.whole() {
            Some(seconds) => Self::Whole(seconds),
            None => Self::Spelled(number.literal()),
        }
    }

    /// The last nanosecond that is not after it.
    #[inline]
    pub(crate) fn floor(&self) -> UnixTime {
        match self {
            Self::Whole(seconds) => UnixTime::from_secs(*seconds),
            Self::Spelled(literal) => floor_of(literal).0,
        }
    }

    /// The first nanosecond that is not before it.
    #[inline]
    pub(crate) fn ceiling(&self) -> UnixTime {
        match self {
            Self::Whole(seconds) => UnixTime::from_secs(*seconds),
            Self::Spelled(literal) => match floor_of(literal) {
                (floor, true) => floor,
                (floor, false) => UnixTime::from_nanos(floor.as_nanos().saturating_add(1)),
            },
        }
    }

    /// Whether it lies at most `span` after `earlier`, exactly.
    #[inline]
    pub(crate) fn is_within(&self, span: Duration, earlier: &Self) -> bool {
        match (self, earlier) {
            // A whole nanosecond is not after a time if it is not after the last one before it.
            (Self::Whole(_), _) => self.floor().saturating_sub(span) <= earlier.floor(),
            (_, Self::Whole(_)) => self.ceiling() <= earlier.floor().saturating_add(span),
            (Self::Spelled(later), Self::Spelled(earlier)) => {
                let (later, earlier) = (Decimal::parse(later), Decimal::parse(earlier));
                later.exceeds_by_at_most(&earlier, duration_nanos(span))
            }
        }
    }
}

/// The last nanosecond that is not after the time that `literal` counts, and whether that is all there is. If not, the
/// time lies less than a nanosecond after it, or outside of what a [`UnixTime`] holds.
#[inline(never)]
fn floor_of(literal: &str) -> (UnixTime, bool) {
    let (nanos, is_exact) = Decimal::parse(literal).floor_nanos();
    (UnixTime::from_nanos(nanos), is_exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::json::{Elements, Value};

    /// The one number of an array.
    fn date(array: &str) -> NumericDate<'_> {
        match Elements::of(array).next() {
            Some(Value::Number(number)) => NumericDate::new(number),
            other => panic!("{array} holds no number: {other:?}"),
        }
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
            let array = format!("[{literal}]");
            let date = date(&array);
            assert_eq!(
                date.floor(),
                UnixTime::from_secs(1_700_000_000),
                "{literal}"
            );
            assert_eq!(date.ceiling(), date.floor(), "{literal}");
        }
        assert_eq!(date("[-0]").floor(), UnixTime::from_secs(0));
    }

    #[test]
    fn a_fraction_beyond_nanoseconds_lies_between_two_of_them() {
        let between = date("[1.0000000015]");
        assert_eq!(between.floor().as_nanos(), 1_000_000_001);
        assert_eq!(between.ceiling().as_nanos(), 1_000_000_002);
        let below_zero = date("[-0.0000000001]");
        assert_eq!(below_zero.floor().as_nanos(), -1);
        assert_eq!(below_zero.ceiling().as_nanos(), 0);
    }

    #[test]
    fn a_number_beyond_all_time_stays_beyond_it() {
        assert_eq!(date("[1e400]").ceiling().as_nanos(), i128::MAX);
        assert_eq!(date("[-1e400]").floor().as_nanos(), i128::MIN);
    }

    #[test]
    fn a_span_is_compared_exactly() {
        let hour = Duration::from_secs(3600);
        for (later, earlier, within) in [
            ("3600", "0", true),
            ("3601", "0", false),
            ("3600.0000000000000000001", "0", false),
            ("3600.0000000000000000001", "0.0000000000000000001", true),
            ("3600.0000000000000000001", "0.0000000000000000002", true),
            ("3600.0000000000000000002", "0.0000000000000000001", false),
            ("0", "3600", true),
            ("-3600", "-7200", true),
            ("-3600", "-7200.1", false),
            ("1800.00000000001", "-1800", false),
            ("1800", "-1800.00000000001", false),
            ("1800.00000000001", "-1799.99999999999", true),
            ("1e400", "1e400", true),
            ("2e400", "1e400", false),
            ("1e400", "2e400", true),
            ("1e400", "0", false),
            ("0", "-1e400", false),
            ("-1e400", "0", true),
            (
                "100000000000000000000000000000000000000003600",
                "100000000000000000000000000000000000000000000",
                true,
            ),
            (
                "100000000000000000000000000000000000000003601",
                "100000000000000000000000000000000000000000000",
                false,
            ),
            (
                "100000000000000000000000000000000000000000000",
                "99999999999999999999999999999999999999996400",
                true,
            ),
            (
                "100000000000000000000000000000000000000000000",
                "99999999999999999999999999999999999999996399",
                false,
            ),
            ("3601", "1", true),
            ("3602", "1", false),
            ("3601", "1.0000000000000000001", true),
            ("3601", "0.9999999999999999999", false),
            ("3600.9999999999999999999", "1", true),
            ("3601.0000000000000000001", "1", false),
            ("36e2", "1", true),
            ("3601", "1e400", true),
            ("3601", "-1e400", false),
            ("1e400", "1", false),
            ("-1e400", "1", true),
            ("999999999999999999", "999999999999996399", true),
            ("999999999999999999", "999999999999996398", false),
            ("1000000000000000000", "999999999999996400", true),
            ("1000000000000000000", "999999999999996399", false),
            ("1e-999999999", "0", true),
            ("1e-999999999", "-3600", false),
            ("3600", "1e-999999999", true),
            ("1e999999999999999999999", "0", false),
            ("1e1000000000001", "1e1000000000000", false),
            ("1e1000000000000", "1e1000000000001", true),
            ("1e+1000000000007", "9999e999999999998", false),
            ("10e99999999999999999999", "1e100000000000000000000", true),
            ("11e99999999999999999999", "1e100000000000000000000", false),
            ("1e99999999999999999999", "0e99999999999999999998", false),
            ("-1e99999999999999999998", "-1e99999999999999999999", false),
            ("1e0099999999999999999999", "1e+99999999999999999999", true),
            ("2e-99999999999999999999", "1e-99999999999999999999", true),
        ] {
            let [late, early] = [later, earlier].map(|literal| format!("[{literal}]"));
            assert_eq!(
                date(&late).is_within(hour, &date(&early)),
                within,
                "{later} after {earlier}"
            );
        }
    }
}
