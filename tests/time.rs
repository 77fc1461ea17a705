//! Check 5: when a token is valid, and for how long.

use std::time::Duration;

use asap_engine::{Engine, Keyring, Policy, ReplayWindow, UnixTime, VerifyError};
use asap_tests::fixture::{
    NOW_SECONDS, after, engine, engine_at, judge, policy, verdict, verdict_now,
};
use asap_tests::token::Token;

const NANOSECOND: Duration = Duration::from_nanos(1);

/// "The resource server MUST verify that the current time is between “nbf” (optional) and “exp” (required),
/// inclusive."
#[test]
fn the_resource_server_must_verify_that_the_current_time_is_between_nbf_and_exp_inclusive() {
    let token = times("1700000010", "1700000000", "1700000060");
    for (now, expected) in [
        (after(0), Err(VerifyError::NotYetValid)),
        (
            after(10).saturating_sub(NANOSECOND),
            Err(VerifyError::NotYetValid),
        ),
        (after(10), Ok(())),
        (after(10).saturating_add(NANOSECOND), Ok(())),
        (after(60).saturating_sub(NANOSECOND), Ok(())),
        (after(60), Ok(())),
        (
            after(60).saturating_add(NANOSECOND),
            Err(VerifyError::Expired),
        ),
        (after(61), Err(VerifyError::Expired)),
        (UnixTime::from_secs(i64::MAX), Err(VerifyError::Expired)),
        (UnixTime::from_nanos(i128::MAX), Err(VerifyError::Expired)),
        (UnixTime::from_secs(0), Err(VerifyError::NotYetValid)),
        (
            UnixTime::from_nanos(i128::MIN),
            Err(VerifyError::NotYetValid),
        ),
    ] {
        assert_eq!(
            verdict(&engine_at(policy(), now), &token),
            expected,
            "{now}"
        );
    }
    // One instant is enough.
    let instant = times("1700000000", "1700000000", "1700000000");
    assert_eq!(judge(instant), Ok(()));
}

/// "For the purposes of this comparison, a missing “nbf” claim defaults to the value of “iat”."
#[test]
fn a_missing_nbf_claim_defaults_to_the_value_of_iat() {
    let without = |iat: &str| Token::es256().claim("iat", iat).sign();
    assert_eq!(judge(without("1700000000")), Ok(()));
    assert_eq!(judge(without("1700000001")), Err(VerifyError::NotYetValid));
    assert_eq!(
        judge(without("1700000000.0000000001")),
        Err(VerifyError::NotYetValid)
    );
    assert_eq!(judge(without("1699999999.9999999999")), Ok(()));
    assert_eq!(judge(without("1e400")), Err(VerifyError::NotYetValid));
}

/// "Besides the values of “kid”, “iss”, “sub”, “nbf”, “exp” and the signature, the resource server MUST NOT use
/// any other claim or header as the basis to decide if the request is authentic.": an `iat` in the future says
/// nothing where `nbf` says that the time has come.
#[test]
fn the_resource_server_must_not_use_iat_where_nbf_is_present() {
    for iat in [
        "1700000001",
        "1700000060",
        "1700000061",
        "4102444800",
        "1e400",
    ] {
        assert_eq!(
            judge(times("1699999999", iat, "1700000060")),
            Ok(()),
            "{iat}"
        );
        assert_eq!(judge(times("0", iat, "1700000060")), Ok(()), "{iat}");
        assert_eq!(judge(times("-1e400", iat, "1700000060")), Ok(()), "{iat}");
        let early = times("1700000001", iat, "1700000060");
        assert_eq!(judge(early), Err(VerifyError::NotYetValid), "{iat}");
    }
}

/// "The resource server MAY offer, at its discretion, a grace period to compensate for internal clock
/// divergences between the client and the resource server."
#[test]
fn the_resource_server_may_offer_a_grace_period() {
    let token = times("1700000000", "1700000000", "1700000060");
    for (leeway, from, until) in [(0, 0, 60), (1, -1, 61), (30, -30, 90), (300, -300, 360)] {
        let policy = policy().with_leeway(Duration::from_secs(leeway)).unwrap();
        let at = |now| verdict(&engine_at(policy.clone(), now), &token);
        let early = after(from).saturating_sub(NANOSECOND);
        assert_eq!(at(early), Err(VerifyError::NotYetValid), "{leeway}");
        assert_eq!(at(after(from)), Ok(()), "{leeway}");
        assert_eq!(at(after(until)), Ok(()), "{leeway}");
        let late = after(until).saturating_add(NANOSECOND);
        assert_eq!(at(late), Err(VerifyError::Expired), "{leeway}");
    }
    // Thirty seconds unless told otherwise.
    let default = Policy::new("server").unwrap();
    assert_eq!(
        verdict(&engine_at(default.clone(), after(90)), &token),
        Ok(())
    );
    assert_eq!(
        verdict(&engine_at(default, after(91)), &token),
        Err(VerifyError::Expired)
    );
}

/// "The resource server MUST reject a token if it lifespan (the difference between “exp” and “iat”) exceeds one
/// hour (hard limit)."
#[test]
fn the_resource_server_must_reject_a_token_if_its_lifespan_exceeds_one_hour() {
    let too_long = Err(VerifyError::LifetimeTooLong);
    for (iat, exp, expected) in [
        ("1700000000", "1700003599", Ok(())),
        ("1700000000", "1700003600", Ok(())),
        ("1700000000", "1700003600.0000000000000000001", too_long),
        ("1700000000", "1700003600.000", Ok(())),
        ("1700000000", "1700003601", too_long),
        ("1700000000", "17000036e2", Ok(())),
        (
            "1700000000",
            "1.7000036000000000000000000000000000000001e9",
            too_long,
        ),
        ("1699999999.9999999999999999999", "1700003600", too_long),
        (
            "1699999999.9999999999999999999",
            "1700003599.9999999999999999999",
            Ok(()),
        ),
        ("1699999999.5", "1700003599.5000000000000000000", Ok(())),
        ("1699999999.5", "1700003599.5000000000000000001", too_long),
        ("1699996400", "1700000000", Ok(())),
        ("1699996399", "1700000000", too_long),
        ("1700000000", "1700003600000", too_long),
        ("1700000000", "1e400", too_long),
        ("-1e400", "1700000060", too_long),
        ("0", "1700000060", too_long),
        ("-1", "1700000060", too_long),
        ("1700000000", "9223372036854775808", too_long),
        ("1700000000", "18446744075409551676", too_long),
        ("-9223372036854775808", "9223372036854775807", too_long),
        (
            "-1e999999999999999999999",
            "1e999999999999999999999",
            too_long,
        ),
    ] {
        let token = times("1699999999", iat, exp);
        assert_eq!(judge(token), expected, "{iat} {exp}");
    }
    // What has no length does not exceed an hour: exp - iat is at most 3600, however far both lie.
    assert_eq!(judge(times("0", "1700000061", "1700000060")), Ok(()));
    assert_eq!(judge(times("0", "1e400", "1e400")), Ok(()));
}

/// docs/DESIGN.md, check 5: "`exp - iat` within one hour or the policy's smaller cap, never widened by the leeway".
#[test]
fn a_grace_period_never_widens_the_hard_limit() {
    let policy = policy().with_leeway(Duration::from_secs(300)).unwrap();
    let engine = engine(policy);
    let of = |exp: &str| verdict(&engine, times("1700000000", "1700000000", exp));
    assert_eq!(of("1700003600"), Ok(()));
    assert_eq!(of("1700003600.1"), Err(VerifyError::LifetimeTooLong));
    assert_eq!(of("1700003601"), Err(VerifyError::LifetimeTooLong));
}

/// "A resource server MAY implement, at its discretion, a more restrictive upper bound for the lifespan of a
/// token."
#[test]
fn a_resource_server_may_implement_a_more_restrictive_upper_bound_for_the_lifespan() {
    let policy = policy()
        .with_max_lifetime(Duration::from_millis(60_500))
        .unwrap();
    let engine = engine(policy.with_leeway(Duration::from_secs(30)).unwrap());
    let of = |exp: &str| verdict(&engine, times("1700000000", "1700000000", exp));
    assert_eq!(of("1700000060"), Ok(()));
    assert_eq!(of("1700000060.5"), Ok(()));
    assert_eq!(
        of("1700000060.5000000000000001"),
        Err(VerifyError::LifetimeTooLong)
    );
    assert_eq!(of("1700003600"), Err(VerifyError::LifetimeTooLong));
}

/// docs/DESIGN.md: "A policy may also refuse tokens whose `iat` is before the start", less the leeway.
#[test]
fn a_policy_may_refuse_tokens_whose_iat_is_before_the_start() {
    let before = Err(VerifyError::IssuedBeforeStart);
    for (leeway, iat, expected) in [
        (0, "1699999990", Ok(())),
        (0, "1699999989.9999999999999", before),
        (0, "1699999989", before),
        (5, "1699999985", Ok(())),
        (5, "1699999984.999", before),
        (5, "1699999984", before),
    ] {
        let policy = policy().with_leeway(Duration::from_secs(leeway)).unwrap();
        let engine = engine(policy.with_not_issued_before(after(-10)));
        let token = times("1699999980", iat, "1700000060");
        assert_eq!(verdict(&engine, token), expected, "{leeway} {iat}");
    }
}

/// docs/DESIGN.md: "such a token may outlive what a replay log can remember, so `exp` beyond now, one hour and the
/// leeway is refused by a code of its own" (and the client's clock may be ahead by the leeway too).
#[test]
fn a_single_use_token_that_cannot_be_remembered_is_refused_by_a_code_of_its_own() {
    for leeway in [0, 30] {
        let policy = policy().with_leeway(Duration::from_secs(leeway)).unwrap();
        let reusable = engine(policy.clone());
        let single_use = || -> Engine<Keyring, ReplayWindow> {
            engine(policy.clone())
                .with_replay_log(ReplayWindow::new(10).unwrap())
                .unwrap()
        };
        let last = NOW_SECONDS + 3600 + i64::try_from(leeway).unwrap();
        let of = |exp: &str| times("1699999999", "2000000000", exp);
        assert_eq!(verdict_now(&single_use(), of(&last.to_string())), Ok(()));
        for exp in [
            format!("{last}.000000001"),
            (last + 1).to_string(),
            "1e400".to_owned(),
        ] {
            let token = times("1699999999", &exp, &exp);
            let refusal = verdict_now(&single_use(), &token);
            assert_eq!(refusal, Err(VerifyError::ExpiresTooLate), "{leeway} {exp}");
            let policy_alone = engine(policy.clone().with_single_use());
            assert_eq!(verdict(&policy_alone, &token), refusal, "{leeway} {exp}");
            assert_eq!(verdict(&reusable, &token), Ok(()), "{leeway} {exp}");
        }
    }
}

/// A good token with these times, each spelled as it is.
fn times(nbf: &str, iat: &str, exp: &str) -> String {
    let token = Token::es256().claim("nbf", nbf).claim("iat", iat);
    token.claim("exp", exp).sign()
}
