//! Section 6: whose clock counts.

use std::time::Duration;

use asap_engine::{UnixTime, VerifyError};
use asap_tests::fixture::{NOW_SECONDS, after, policy};
use asap_tests::token::Token;

use crate::case::{Case, attack, twin};

rows! {
    /// "The resource server MAY offer, at its discretion, a grace period".
    "TIM-01" tim_01_a_bounded_grace_period = grace;
    /// Each decision is made from one reading of the clock, and a log of tokens never goes back.
    "TIM-02" tim_02_a_clock_that_goes_back = back;
    /// Plain arithmetic on whole seconds, in every year.
    "TIM-03" tim_03_every_year = years;
}

fn grace() -> Vec<Case> {
    let widest = policy().with_leeway(Duration::from_secs(300)).unwrap();
    let of = |name: &str, json: &str| Token::es256().claim(name, json).sign();
    vec![
        twin("exp 300 s ago", of("exp", "1699999700"))
            .under(widest.clone())
            .at(after(0)),
        attack(
            "exp 301 s ago",
            of("exp", "1699999699"),
            VerifyError::Expired,
        )
        .under(widest.clone()),
        twin("nbf in 300 s", of("nbf", "1700000300")).under(widest.clone()),
        attack(
            "nbf in 301 s",
            of("nbf", "1700000301"),
            VerifyError::NotYetValid,
        )
        .under(widest.clone()),
        twin("an hour", of("exp", "1700003600")).under(widest.clone()),
        attack(
            "an hour and a second",
            of("exp", "1700003601"),
            VerifyError::LifetimeTooLong,
        )
        .under(widest),
        attack(
            "exp 1 s ago, without",
            of("exp", "1699999999"),
            VerifyError::Expired,
        ),
        attack(
            "nbf in 1 s, without",
            of("nbf", "1700000001"),
            VerifyError::NotYetValid,
        ),
    ]
}

fn back() -> Vec<Case> {
    let token = Token::es256().sign();
    let earlier = Token::es256().claim("jti", "\"earlier\"").sign();
    let later = Token::es256()
        .claim("iat", "1700000100")
        .claim("exp", "1700000200");
    let later = later.claim("jti", "\"later\"").sign();
    vec![
        attack(
            "a second before nbf, after it was taken",
            &token,
            VerifyError::NotYetValid,
        )
        .after(after(30), &token)
        .at(after(-1)),
        twin("a minute back, still in its time", &token)
            .after(after(60), &token)
            .at(after(0)),
        twin("after a token of tomorrow's clock", &token)
            .after(after(100), &later)
            .at(after(0)),
        attack("once, and back", &token, VerifyError::Replayed)
            .once()
            .after(after(50), &token)
            .at(after(0)),
        attack("once, far ahead and back", &token, VerifyError::Expired)
            .once()
            .after(after(0), &token)
            .after(after(100), &later)
            .at(after(1)),
        attack(
            "once, unseen, but expired by the latest clock",
            &earlier,
            VerifyError::Expired,
        )
        .once()
        .after(after(100), &later)
        .at(after(1)),
        twin("once, unseen, ten seconds back", &earlier)
            .once()
            .after(after(50), &token)
            .at(after(40)),
        attack("once, the later one again", &later, VerifyError::Replayed)
            .once()
            .after(after(150), &later)
            .at(after(100)),
    ]
}

fn years() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, seconds) in [
        ("1969", -60),
        ("the epoch", 0),
        ("2001", 1_000_000_000),
        ("y2038 less one", i64::from(i32::MAX)),
        ("y2038", i64::from(i32::MAX) + 1),
        ("y2106", i64::from(u32::MAX) + 1),
        ("year 10000", 253_402_300_800),
        ("year 36812", 1_099_511_627_776),
        ("milliseconds as seconds", NOW_SECONDS * 1000),
        ("2^53 + 1", (1 << 53) + 1),
        ("the last of i64", i64::MAX - 3600),
    ] {
        let now = UnixTime::from_secs(seconds);
        let of = |iat: i64, exp: i64| {
            let token = Token::es256().claim("iat", &iat.to_string());
            token.claim("exp", &exp.to_string()).sign()
        };
        cases.push(twin(name, of(seconds, seconds + 60)).at(now));
        cases.push(twin(format!("{name}, exp == now"), of(seconds - 60, seconds)).at(now));
        let expired = of(seconds - 60, seconds - 1);
        cases.push(
            attack(
                format!("{name}, a second late"),
                expired,
                VerifyError::Expired,
            )
            .at(now),
        );
        let early = of(seconds + 1, seconds + 60);
        cases.push(
            attack(
                format!("{name}, a second early"),
                early,
                VerifyError::NotYetValid,
            )
            .at(now),
        );
        let long = of(seconds - 1, seconds + 3600);
        cases.push(
            attack(
                format!("{name}, 3601 s"),
                long,
                VerifyError::LifetimeTooLong,
            )
            .at(now),
        );
    }
    cases
}
