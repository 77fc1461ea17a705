//! A policy can only take away: what a stricter one accepts, a looser one accepts.

use std::time::Duration;

use asap_engine::Algorithm::{EdDsa, Es256};
use asap_engine::{Algorithm, Backend, Engine, Policy, ReplayWindow, UnixTime, limits};
use asap_tests::fixture::{NOW, keyring, verdict_now};
use asap_tests::token::Token;
use proptest::prelude::*;

use crate::for_all;

const AUDIENCES: [&str; 3] = ["server", "other-server", "sérver"];
const ISSUERS: [&str; 3] = ["client", "neighbour", "client/inner"];

/// Everything that a policy can ask.
#[derive(Debug, Clone)]
struct Asked {
    /// Which of [`AUDIENCES`] the resource server is called; the first one that is set comes first.
    audiences: u8,
    /// Which of [`ISSUERS`] it takes, or all.
    issuers: Option<u8>,
    algorithms: Vec<Algorithm>,
    leeway: u64,
    max_lifetime: u64,
    max_length: usize,
    not_issued_before: Option<i64>,
    single_use: bool,
}

fn chosen<T: Copy>(all: &[T], which: u8) -> impl Iterator<Item = T> {
    let is_chosen = move |position: &usize| which & (1 << position) != 0;
    (0..all.len())
        .filter(is_chosen)
        .map(|position| all[position])
}

impl Asked {
    /// Whether a resource server that asks this accepts a token.
    fn judge(&self, now: UnixTime) -> Box<dyn Fn(&str) -> bool> {
        let keys = keyring(&[Es256, EdDsa], Backend::default());
        let engine = Engine::new(self.policy(), keys).with_clock(move || now);
        if self.single_use {
            let window = ReplayWindow::new(10).unwrap();
            let engine = engine.with_replay_log(window).unwrap();
            Box::new(move |token| verdict_now(&engine, token).is_ok())
        } else {
            Box::new(move |token| verdict_now(&engine, token).is_ok())
        }
    }

    fn policy(&self) -> Policy {
        let mut names = chosen(&AUDIENCES, self.audiences);
        let mut policy = Policy::new(names.next().unwrap()).unwrap();
        for name in names {
            policy = policy.with_audience(name).unwrap();
        }
        if let Some(issuers) = self.issuers {
            policy = policy.with_issuers(chosen(&ISSUERS, issuers)).unwrap();
        }
        if let Some(offset) = self.not_issued_before {
            policy = policy.with_not_issued_before(at(offset));
        }
        let (leeway, lifetime) = (millis(self.leeway), millis(self.max_lifetime));
        let policy = policy.with_algorithms(self.algorithms.clone()).unwrap();
        let policy = policy.with_leeway(leeway).unwrap();
        let policy = policy.with_max_lifetime(lifetime).unwrap();
        policy.with_max_token_length(self.max_length).unwrap()
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// So many milliseconds after the fixture's time.
fn at(offset: i64) -> UnixTime {
    UnixTime::from_nanos(NOW.as_nanos() + i128::from(offset) * 1_000_000)
}

/// A looser and a stricter one: they differ in anything, and never both ways.
fn looser_and_stricter() -> impl Strategy<Value = (Asked, Asked)> {
    let names = (
        1..8_u8,
        1..8_u8,
        prop::option::of(1..8_u8),
        prop::option::of(1..8_u8),
    );
    let times = (
        0..=300_000_u64,
        0..=300_000_u64,
        1..=3_600_000_u64,
        1..=3_600_000_u64,
    );
    let lengths = (300..2000_usize, 300..2000_usize);
    let starts = (
        prop::option::of(-4_000_000..400_000_i64),
        0..400_000_i64,
        any::<bool>(),
    );
    let lists = prop::sample::select(vec![vec![Es256], vec![EdDsa], vec![Es256, EdDsa]]);
    let switches = (any::<bool>(), any::<bool>(), any::<[bool; 8]>());
    (names, times, lengths, starts, lists, switches).prop_map(
        |(names, times, lengths, starts, algorithms, (once, both, differ))| {
            let strict = Asked {
                audiences: names.0,
                issuers: names.2.or(differ[0].then_some(1)),
                algorithms,
                leeway: times.0,
                max_lifetime: times.2,
                max_length: lengths.0,
                not_issued_before: starts.0,
                single_use: once,
            };
            let mut loose = strict.clone();
            if differ[1] {
                loose.audiences |= names.1;
            }
            if differ[2] {
                // All of them, or these too.
                loose.issuers = names.3.and_then(|more| Some(strict.issuers? | more));
            }
            if differ[3] {
                loose.algorithms = Algorithm::ALL.to_vec();
            }
            if differ[4] {
                loose.leeway = strict.leeway.max(times.1);
            }
            if differ[5] {
                loose.max_lifetime = strict.max_lifetime.max(times.3);
            }
            if differ[6] {
                loose.max_length = strict.max_length.max(lengths.1);
            }
            if differ[7] {
                let earlier = strict.not_issued_before.map(|offset| offset - starts.1);
                loose.not_issued_before = earlier.filter(|_| starts.2);
            }
            loose.single_use = once && both;
            (loose, strict)
        },
    )
}

/// A token that the policies above may take or not. Times in milliseconds.
fn token() -> impl Strategy<Value = String> {
    let algorithm = prop::sample::select(vec![Es256, EdDsa]);
    let names = (0..AUDIENCES.len(), 0..2_usize);
    let times = (-4_000_000..=310_000_i64, 0..=4_000_000_i64);
    let near = (-10_000..=1_000_i64, 0..=60_000_i64);
    let times = prop_oneof![2 => near, 1 => times];
    (algorithm, names, times, 0..1500_usize).prop_map(|(algorithm, names, times, filler)| {
        let issuer = ISSUERS[names.1];
        let seconds = |offset| {
            let millis = i128::from(offset) + NOW.as_nanos() / 1_000_000;
            format!("{}.{:03}", millis / 1000, millis % 1000)
        };
        let token = Token::good(algorithm)
            .header("kid", &format!("\"{issuer}/{algorithm}\""))
            .claim("iss", &format!("\"{issuer}\""))
            .claim("aud", &format!("\"{}\"", AUDIENCES[names.0]))
            .claim("iat", &seconds(times.0))
            .claim("exp", &seconds(times.0 + times.1))
            .claim("filler", &format!("\"{}\"", "x".repeat(filler)));
        match issuer {
            "client" => token.sign(),
            _ => token.sign_with(asap_tests::keys::other_key(algorithm)),
        }
    })
}

/// `Policy`: each of its settings restricts; so does single use. Whatever else is asked, and whatever the token, the
/// stricter policy never accepts what the looser one refuses.
#[test]
fn a_stricter_policy_never_accepts_what_a_looser_one_refuses() {
    let inputs = (looser_and_stricter(), token(), -400_000..=400_000_i64);
    let counts = std::cell::Cell::new([0_usize; 3]);
    for_all(600, inputs, |((loose, strict), token, now)| {
        // Twice the same token: single use takes it once.
        let (by_loose, by_strict) = (loose.judge(at(now)), strict.judge(at(now)));
        for _ in 0..2 {
            let (loose, strict) = (by_loose(&token), by_strict(&token));
            prop_assert!(loose || !strict);
            let mut seen = counts.get();
            seen[usize::from(loose) + usize::from(strict)] += 1;
            counts.set(seen);
        }
        Ok(())
    });
    assert!(counts.get().iter().all(|seen| *seen >= 10), "{counts:?}");
}

/// docs/DESIGN.md: without a policy of its own, "whatever is not set is safe": the limits of the specification cannot
/// be widened by any setting.
#[test]
fn no_policy_accepts_a_token_of_more_than_an_hour() {
    let lifetimes = (
        3_600_001..=20_000_000_i64,
        1..=3_600_000_u64,
        0..=300_000_u64,
    );
    let inputs = (lifetimes, -4_000_000..=4_000_000_i64);
    for_all(60, inputs, |((lifetime, max_lifetime, leeway), now)| {
        let expiry = NOW.as_nanos() / 1_000_000 + i128::from(lifetime);
        let exp = format!("{}.{:03}", expiry / 1000, expiry % 1000);
        let token = Token::es256().claim("exp", &exp).sign();
        let policy = Policy::new("server").unwrap();
        let policy = policy.with_leeway(millis(leeway)).unwrap();
        let policy = policy.with_max_lifetime(millis(max_lifetime)).unwrap();
        let policy = policy
            .with_max_token_length(limits::MAX_TOKEN_LENGTH)
            .unwrap();
        let engine = asap_tests::fixture::engine_at(policy, at(now));
        prop_assert!(verdict_now(&engine, &token).is_err());
        Ok(())
    });
}
