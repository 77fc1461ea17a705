//! Check 5: times are exact decimals, whatever their spelling, size and year.

use std::collections::HashSet;

use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{UnixTime, VerifyError};
use asap_tests::fixture::{NOW, NOW_SECONDS, engine, engine_at, judge, policy, verdict};
use asap_tests::token::Token;
use asap_tests::walk::Walk;

/// RFC 7519 section 2, NumericDate: "A JSON numeric value representing the number of seconds from
/// 1970-01-01T00:00:00Z UTC until the specified UTC date/time, ignoring leap seconds", "other than that non-integer
/// values can be represented": compared exactly, never as floats.
#[test]
fn times_are_exact_decimals() {
    for (exp, expected) in [
        ("1700000000", Ok(())),
        ("1700000000.0", Ok(())),
        ("17e8", Ok(())),
        ("1.7E+9", Ok(())),
        ("0.17e10", Ok(())),
        ("170000000000000e-5", Ok(())),
        ("1700000000.00000000000000000000001", Ok(())),
        // As a float of 64 bits, each of these is 1700000000 or later.
        ("1699999999.99999999", Err(VerifyError::Expired)),
        ("1699999999.9999999999999999999", Err(VerifyError::Expired)),
        ("1.699999999999999999999999e9", Err(VerifyError::Expired)),
        ("0", Err(VerifyError::Expired)),
        ("-0", Err(VerifyError::Expired)),
        ("-1700000060", Err(VerifyError::Expired)),
        ("1e-400", Err(VerifyError::Expired)),
        ("-1e400", Err(VerifyError::Expired)),
        ("-1e99999999999999999999", Err(VerifyError::Expired)),
    ] {
        assert_eq!(
            judge(times("1699999999", "1699999999", exp)),
            expected,
            "exp {exp}"
        );
    }
    for (nbf, expected) in [
        ("1700000000", Ok(())),
        ("17e8", Ok(())),
        ("1699999999.9999999999999999999", Ok(())),
        ("0", Ok(())),
        ("-1", Ok(())),
        ("-1e400", Ok(())),
        ("-9223372036854775809", Ok(())),
        ("1e-400", Ok(())),
        (
            "1700000000.0000000000000000001",
            Err(VerifyError::NotYetValid),
        ),
        ("1700000000.000000001", Err(VerifyError::NotYetValid)),
        (
            "1.7000000000000000000000001e9",
            Err(VerifyError::NotYetValid),
        ),
        ("1e19", Err(VerifyError::NotYetValid)),
        ("9223372036854775808", Err(VerifyError::NotYetValid)),
        ("18446744073709551616", Err(VerifyError::NotYetValid)),
        ("1e400", Err(VerifyError::NotYetValid)),
        ("1e99999999999999999999", Err(VerifyError::NotYetValid)),
    ] {
        assert_eq!(
            judge(times(nbf, "1700000000", "1700000060")),
            expected,
            "nbf {nbf}"
        );
    }
    // The clock has parts of seconds too.
    let half_past = UnixTime::from_nanos(NOW.as_nanos() + 500_000_000);
    for (exp, expected) in [
        ("1700000000.5", Ok(())),
        ("1700000000.4999999999", Err(VerifyError::Expired)),
    ] {
        let token = times("1699999999", "1699999999", exp);
        assert_eq!(
            verdict(&engine_at(policy(), half_past), token),
            expected,
            "{exp}"
        );
    }
}

/// The same against arithmetic on whole numbers, which cannot round: random times in random spellings.
#[test]
fn every_spelling_of_a_time_is_judged_as_exact_arithmetic_says() {
    /// What the tests count in: a second is so many.
    const UNIT: i128 = 1_000_000_000_000;
    let mut walk = Walk(5);
    let mut near = |centre: i64| {
        let nudge = [-2, -1, 0, 1, 2, -UNIT, UNIT][walk.below(7)];
        let units = i128::from(centre) * UNIT + nudge;
        let spelling = match walk.below(3) {
            0 => format!("{units}e-12"),
            1 => format!("{}.{:012}e0", units / UNIT, units % UNIT),
            _ => format!(
                "{}.{:018}E+6",
                units / (UNIT * 1_000_000),
                units % (UNIT * 1_000_000)
            ),
        };
        (units, spelling)
    };
    let now = i128::from(NOW_SECONDS) * UNIT;
    let mut seen = HashSet::new();
    for round in 0..1_500 {
        let (nbf, nbf_spelling) = near(NOW_SECONDS);
        let (iat, iat_spelling) = near(NOW_SECONDS - 3_600);
        let (exp, exp_spelling) = near(NOW_SECONDS);
        let expected = if now < nbf {
            Err(VerifyError::NotYetValid)
        } else if now > exp {
            Err(VerifyError::Expired)
        } else if exp - iat > 3_600 * UNIT {
            Err(VerifyError::LifetimeTooLong)
        } else {
            Ok(())
        };
        let token = times(&nbf_spelling, &iat_spelling, &exp_spelling);
        let spellings = (round, nbf_spelling, iat_spelling, exp_spelling);
        assert_eq!(judge(token), expected, "{spellings:?}");
        seen.insert(expected);
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

/// Attack CLM-07: numbers of many digits are numbers, and cost what their characters cost.
#[test]
fn a_number_may_have_thousands_of_digits() {
    let zeros = "0".repeat(4_000);
    let far = |last: &str| format!("1{zeros}{last}");
    for (iat, exp, expected) in [
        ("1700000000", format!("1700000060.{zeros}"), Ok(())),
        ("1700000000", format!("1700000060.{zeros}1"), Ok(())),
        ("1700000000", format!("1700003600.{zeros}"), Ok(())),
        (
            "1700000000",
            format!("1700003600.{zeros}1"),
            Err(VerifyError::LifetimeTooLong),
        ),
        ("1700000000", format!("0.{zeros}17e4010"), Ok(())),
        ("1700000000", format!("17{zeros}e-3992"), Ok(())),
        (
            "1700000000",
            format!("16{zeros}e-3992"),
            Err(VerifyError::Expired),
        ),
        (&far("0000"), far("3600"), Ok(())),
        (
            &far("0000"),
            far("3600.0000000000000001"),
            Err(VerifyError::LifetimeTooLong),
        ),
        (&far("0000"), far("3601"), Err(VerifyError::LifetimeTooLong)),
        (&format!("{}9999", "9".repeat(4_001)), far("3599"), Ok(())),
        (&format!("{}9999", "9".repeat(4_000)), far("0000"), Ok(())),
        (&format!("{}9999", "9".repeat(4_000)), far("3599"), Ok(())),
        (
            &format!("{}9999", "9".repeat(4_000)),
            far("3600"),
            Err(VerifyError::LifetimeTooLong),
        ),
    ] {
        let policy = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
        let token = times("1699999999", iat, &exp);
        assert_eq!(
            verdict(&engine(policy), token),
            expected,
            "{} {}",
            iat.len(),
            &exp[exp.len() - 4..]
        );
    }
}

/// Attack TIM-03: years 2038, 2106, 36812 and the epoch itself are times like others.
#[test]
fn no_year_is_too_late_or_too_early() {
    for seconds in [
        0,
        1,
        2_147_483_647,
        2_147_483_648,
        4_294_967_296,
        253_402_300_800,
        1_099_511_627_776,
    ] {
        let token = times(
            &seconds.to_string(),
            &seconds.to_string(),
            &(seconds + 60).to_string(),
        );
        let at = |now: i64| verdict(&engine_at(policy(), UnixTime::from_secs(now)), &token);
        assert_eq!(at(seconds - 1), Err(VerifyError::NotYetValid), "{seconds}");
        assert_eq!(at(seconds), Ok(()), "{seconds}");
        assert_eq!(at(seconds + 60), Ok(()), "{seconds}");
        assert_eq!(at(seconds + 61), Err(VerifyError::Expired), "{seconds}");
    }
    let before_the_epoch = times("-60", "-60", "-1");
    assert_eq!(
        verdict(
            &engine_at(policy(), UnixTime::from_secs(-30)),
            before_the_epoch
        ),
        Ok(())
    );
}

/// A good token with these times, each spelled as it is.
fn times(nbf: &str, iat: &str, exp: &str) -> String {
    let token = Token::es256().claim("nbf", nbf).claim("iat", iat);
    token.claim("exp", exp).sign()
}
