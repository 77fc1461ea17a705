//! When a token is valid, and for how long.

use std::time::Duration;

use asap_engine::{ConfigError, Policy, UnixTime, VerifyError};
use asap_tests::fixture::{after, engine, engine_at, policy, verdict};
use asap_tests::token::Token;

const NANOSECOND: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_secs(3600);

/// "The resource server MUST verify that the current time is between “nbf” (optional) and “exp” (required),
/// inclusive."
#[test]
fn the_current_time_must_be_between_nbf_and_exp_inclusive() {
    for leeway in [0, 1, 30, 300] {
        let token = lives("1700000010", "1700000000", "1700000060");
        let at = |now| verdict(&engine_at(lenient(leeway), now), &token);
        let width = i64::try_from(leeway).unwrap();
        let (first, last) = (after(10 - width), after(60 + width));
        let early = first.saturating_sub(NANOSECOND);
        assert_eq!(at(early), Err(VerifyError::NotYetValid), "{leeway}");
        assert_eq!(at(first), Ok(()), "{leeway}");
        assert_eq!(at(last), Ok(()), "{leeway}");
        let late = last.saturating_add(NANOSECOND);
        assert_eq!(at(late), Err(VerifyError::Expired), "{leeway}");
    }
    // Without an `nbf`, with fractions, and where both are the same instant.
    for (token, first, last) in [
        (
            lives("1700000000.5", "1700000000", "1700000001.25"),
            500,
            1250,
        ),
        (lives("17e8", "17e8", "1700000000.000"), 0, 0),
        (Token::es256().sign(), 0, 60_000),
    ] {
        let millisecond = |number| after(0).saturating_add(Duration::from_millis(number));
        let at = |now| verdict(&engine_at(policy(), now), &token);
        assert_eq!(at(millisecond(first)), Ok(()));
        assert_eq!(at(millisecond(last)), Ok(()));
        let early = millisecond(first).saturating_sub(NANOSECOND);
        assert_eq!(at(early), Err(VerifyError::NotYetValid));
        let late = millisecond(last).saturating_add(NANOSECOND);
        assert_eq!(at(late), Err(VerifyError::Expired));
    }
}

/// "For the purposes of this comparison, a missing “nbf” claim defaults to the value of “iat”."
#[test]
fn a_missing_nbf_claim_defaults_to_the_value_of_iat() {
    for (iat, expected) in [
        ("1700000000", Ok(())),
        ("1699999999", Ok(())),
        ("1700000000.000000001", Err(VerifyError::NotYetValid)),
        ("1700000001", Err(VerifyError::NotYetValid)),
    ] {
        let token = Token::es256().claim("iat", iat).claim("exp", "1700000060");
        assert_eq!(verdict(&engine(policy()), token.sign()), expected, "{iat}");
        // Where there is one, it decides alone.
        let explicit = token.claim("nbf", "1700000000").sign();
        assert_eq!(verdict(&engine(policy()), explicit), Ok(()), "{iat}");
    }
}

/// "The resource server MAY offer, at its discretion, a grace period to compensate for internal clock divergences
/// between the client and the resource server."
#[test]
fn a_grace_period_may_be_offered() {
    let token = lives("1700000000", "1700000000", "1700000060");
    let at = |policy: &Policy, now| verdict(&engine_at(policy.clone(), now), &token);
    // Thirty seconds on both sides unless told otherwise.
    let default = Policy::new("server").unwrap();
    assert_eq!(at(&default, after(-30)), Ok(()));
    assert_eq!(at(&default, after(90)), Ok(()));
    assert_eq!(at(&default, after(-31)), Err(VerifyError::NotYetValid));
    assert_eq!(at(&default, after(91)), Err(VerifyError::Expired));
    assert_eq!(at(&lenient(0), after(61)), Err(VerifyError::Expired));
    // It compensates for clocks that differ, and not for clocks that are broken.
    let beyond: Result<Policy, ConfigError> = policy().with_leeway(Duration::from_secs(301));
    assert!(beyond.is_err());
}

/// "The resource server MUST reject a token if it lifespan (the difference between “exp” and “iat”) exceeds one
/// hour (hard limit)."
#[test]
fn a_lifespan_that_exceeds_one_hour_must_be_rejected() {
    let too_long = Err(VerifyError::LifetimeTooLong);
    // No grace period widens it, nor does an `nbf` that makes the time of validity shorter.
    for leeway in [0, 30, 300] {
        let engine = engine(lenient(leeway));
        for (nbf, iat, exp, expected) in [
            ("1700000000", "1700000000", "1700003600", Ok(())),
            ("1700000000", "1700000000", "1700003600.0", Ok(())),
            (
                "1700000000",
                "1700000000",
                "1700003600.000000000000001",
                too_long,
            ),
            ("1700000000", "1700000000", "1700003601", too_long),
            (
                "1700000000",
                "1699999999.999999999999999",
                "1700003600",
                too_long,
            ),
            ("1700000000", "1699996400", "1700000000", Ok(())),
            ("1700000000", "1699996399", "1700000000", too_long),
            ("1700000000", "0", "1700000060", too_long),
            ("1700000000", "-1e300", "1700000060", too_long),
            ("1700000000", "1700000000", "1700003600000", too_long),
            ("1700000000", "1700000000", "1e300", too_long),
        ] {
            let token = lives(nbf, iat, exp);
            assert_eq!(verdict(&engine, token), expected, "{leeway} {iat} {exp}");
        }
    }
    // No configuration does either.
    assert!(policy().with_max_lifetime(HOUR + NANOSECOND).is_err());
    assert!(policy().with_max_lifetime(HOUR).is_ok());
    // And no clock: it is a property of the token.
    let token = lives("0", "1700000000", "1700003601");
    for now in [UnixTime::from_secs(0), after(0), after(3601)] {
        assert_eq!(verdict(&engine_at(policy(), now), &token), too_long);
    }
}

/// "A resource server MAY implement, at its discretion, a more restrictive upper bound for the lifespan of a
/// token."
#[test]
fn a_more_restrictive_upper_bound_for_the_lifespan_may_be_set() {
    for bound in [1, 60, 3599] {
        let policy = lenient(300).with_max_lifetime(Duration::from_secs(bound));
        let engine = engine(policy.unwrap());
        let of = |exp: u64| verdict(&engine, lives("17e8", "17e8", &exp.to_string()));
        assert_eq!(of(1_700_000_000 + bound), Ok(()), "{bound}");
        let beyond = of(1_700_000_001 + bound);
        assert_eq!(beyond, Err(VerifyError::LifetimeTooLong), "{bound}");
    }
    // An hour, unless told otherwise.
    let default = Policy::new("server").unwrap();
    let hour = lives("17e8", "17e8", "1700003600");
    assert_eq!(verdict(&engine(default), hour), Ok(()));
}

fn lenient(seconds: u64) -> Policy {
    policy().with_leeway(Duration::from_secs(seconds)).unwrap()
}

fn lives(nbf: &str, iat: &str, exp: &str) -> String {
    let token = Token::es256().claim("nbf", nbf).claim("iat", iat);
    token.claim("exp", exp).sign()
}
