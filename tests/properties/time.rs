//! Time, against arithmetic on whole numbers: where a token is good there is no gap, and no nanosecond too many.

use std::time::Duration;

use asap_engine::{Algorithm, Policy, Reusable, Scratch, UnixTime, VerifyError};
use asap_tests::counting::Answer;
use asap_tests::fixture::policy;
use asap_tests::token::Token;
use proptest::prelude::*;

use crate::for_all;

/// The unit of the model: a thousandth of a nanosecond.
const PICOS: i128 = 1_000_000_000_000;
const PICOS_PER_NANO: i128 = 1_000;

/// A time, and one way to write it.
#[derive(Debug, Clone)]
struct Date {
    picos: i128,
    literal: String,
}

/// `picos` as a decimal fraction, with an exponent if `shift` says so.
fn date(picos: i128, shift: Option<u32>) -> Date {
    let sign = if picos < 0 { "-" } else { "" };
    let (whole, fraction) = (
        picos.unsigned_abs() / PICOS.unsigned_abs(),
        picos.unsigned_abs() % PICOS.unsigned_abs(),
    );
    let digits = format!("{whole}{fraction:012}");
    let literal = match shift {
        // The point moved to the left or away, and the exponent says so.
        Some(shift @ 1..) => {
            let digits = format!(
                "{digits:0>width$}",
                width = 2 + 12 + usize::try_from(shift).unwrap()
            );
            let point = digits.len() - 12 - usize::try_from(shift).unwrap();
            let (before, after) = digits.split_at(point);
            let before = before.trim_start_matches('0');
            let before = if before.is_empty() { "0" } else { before };
            format!("{sign}{before}.{after}e{shift}")
        }
        Some(0) => format!("{sign}{}E-12", digits.trim_start_matches('0')),
        None if fraction == 0 => format!("{sign}{whole}"),
        None => format!("{sign}{whole}.{fraction:012}"),
    };
    let literal = if picos == 0 { "0".to_owned() } else { literal };
    Date { picos, literal }
}

/// A difference that only exact arithmetic sees.
fn hair() -> impl Strategy<Value = i128> {
    prop::sample::select(vec![0, 1, -1, 999, 1000, 1001, -999, -1000, -1001])
}

/// How far apart two times are: seldom far, often by a hair.
fn span() -> impl Strategy<Value = i128> {
    let seconds = prop_oneof![3 => -10..=10_i128, 2 => -400..=3700_i128, 1 => Just(3600)];
    let nanos = prop_oneof![2 => Just(0), 1 => 0..=PICOS];
    (seconds, nanos, hair()).prop_map(|(seconds, nanos, hair)| seconds * PICOS + nanos + hair)
}

fn shift() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(0..15_u32)
}

/// A token's times and a resource server's.
#[derive(Debug, Clone)]
struct Times {
    issued_at: Date,
    not_before: Option<Date>,
    expires_at: Date,
    leeway: Duration,
    max_lifetime: Duration,
}

fn times() -> impl Strategy<Value = Times> {
    let start = prop_oneof![
        2 => Just(1_700_000_000 * PICOS),
        1 => Just(0),
        1 => -4000 * PICOS..=4000 * PICOS,
        1 => -100_000_000_000 * PICOS..=100_000_000_000 * PICOS,
    ];
    let lifetime = prop_oneof![
        2 => span().prop_map(Err),
        // Just what the policy allows, but for a hair.
        1 => hair().prop_map(Ok),
    ];
    let dates = (start, span(), prop::option::of(span()), lifetime);
    let leeway = prop_oneof![Just(0), Just(30_000_000_000), 0..=300_000_000_000_u64];
    let max_lifetime = prop_oneof![3 => Just(3_600_000_000_000), 1 => 1..=3_600_000_000_000_u64];
    let shifts = (shift(), shift(), shift());
    (dates, shifts, leeway, max_lifetime).prop_map(|(dates, shifts, leeway, max_lifetime)| {
        let (start, issued_at, not_before, lifetime) = dates;
        let max_lifetime = Duration::from_nanos(max_lifetime);
        let expires_at = match lifetime {
            Ok(hair) => issued_at + picos(max_lifetime) + hair,
            Err(span) => span,
        };
        Times {
            issued_at: date(start + issued_at, shifts.0),
            not_before: not_before.map(|span| date(start + span, shifts.1)),
            expires_at: date(start + expires_at, shifts.2),
            leeway: Duration::from_nanos(leeway),
            max_lifetime,
        }
    })
}

fn picos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap() * PICOS_PER_NANO
}

impl Times {
    fn policy(&self) -> Policy {
        let policy = policy().with_leeway(self.leeway).unwrap();
        policy.with_max_lifetime(self.max_lifetime).unwrap()
    }

    fn token(&self) -> String {
        let token = Token::es256()
            .claim("iat", &self.issued_at.literal)
            .claim("exp", &self.expires_at.literal);
        match &self.not_before {
            Some(date) => token.claim("nbf", &date.literal).sign(),
            None => token.sign(),
        }
    }

    /// What the specification says, in whole numbers.
    fn verdict(&self, now: UnixTime) -> Result<(), VerifyError> {
        let now = now.as_nanos() * PICOS_PER_NANO;
        let leeway = picos(self.leeway);
        let from = self.not_before.as_ref().unwrap_or(&self.issued_at).picos;
        let lifetime = self.expires_at.picos - self.issued_at.picos;
        if now < from - leeway {
            Err(VerifyError::NotYetValid)
        } else if now > self.expires_at.picos + leeway {
            Err(VerifyError::Expired)
        } else if lifetime > picos(self.max_lifetime) {
            Err(VerifyError::LifetimeTooLong)
        } else {
            Ok(())
        }
    }

    /// The ends of the token's time, the nanoseconds around them, and so many instants between.
    fn instants(&self, between: &[u16]) -> Vec<UnixTime> {
        let leeway = picos(self.leeway);
        let from = self.not_before.as_ref().unwrap_or(&self.issued_at).picos - leeway;
        let until = self.expires_at.picos + leeway;
        let around = [from, until].map(|end| end.div_euclid(PICOS_PER_NANO));
        let mut instants: Vec<_> = around
            .iter()
            .flat_map(|end| (-2..=2).map(move |nanos| end + nanos))
            .collect();
        let between = between.iter().map(|part| {
            around[0] + (around[1] - around[0]) * i128::from(*part) / i128::from(u16::MAX)
        });
        instants.extend(between);
        instants.sort_unstable();
        instants.into_iter().map(UnixTime::from_nanos).collect()
    }
}

/// "The resource server MUST verify that the current time is between nbf (optional) and exp (required), inclusive",
/// and "MUST reject a token if its lifespan exceeds one hour". With nothing but integers to say it.
#[test]
fn a_token_is_good_at_exactly_the_instants_that_whole_numbers_say() {
    let key = Answer::key(Algorithm::Es256);
    let inputs = (times(), prop::array::uniform4(any::<u16>()));
    for_all(250, inputs, |(times, between)| {
        let (policy, token) = (times.policy(), times.token());
        let mut scratch = Scratch::new();
        for now in times.instants(&between) {
            let verdict = policy
                .admit(token.as_bytes(), now, &mut scratch)
                .and_then(|admitted| admitted.authenticate(&key))
                .and_then(|authentic| authentic.accept(now, &Reusable::default()))
                .map(|_| ());
            prop_assert_eq!(verdict, times.verdict(now), "at {}", now);
        }
        Ok(())
    });
}

/// The same without a model: "between ... inclusive" has no gaps.
#[test]
fn a_token_that_is_good_at_two_instants_is_good_at_every_one_between() {
    let inputs = (times(), prop::array::uniform8(any::<u16>()));
    for_all(250, inputs, |(times, between)| {
        let (policy, token) = (times.policy(), times.token());
        let mut scratch = Scratch::new();
        let mut is_good =
            |now: &UnixTime| policy.admit(token.as_bytes(), *now, &mut scratch).is_ok();
        let verdicts: Vec<_> = times.instants(&between).iter().map(&mut is_good).collect();
        let first = verdicts.iter().position(|good| *good);
        let last = verdicts.iter().rposition(|good| *good);
        if let (Some(first), Some(last)) = (first, last) {
            prop_assert!(
                verdicts[first..=last].iter().all(|good| *good),
                "{:?}",
                verdicts
            );
        }
        Ok(())
    });
}
