//! The stages of one verification, each by itself: parse, admit, authenticate, look-up, and the whole, cold.
//!
//! Cold means a token never seen under a key at hand. For ratios to the bare primitive, which need both sides in
//! turns, run `compare`.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot measure what it says stops"
)]

use std::hint::black_box;

use asap_bench::{AUDIENCE, Floor, KEY_ID, NOW, Tokens};
use asap_engine::{
    Algorithm, Engine, KeyId, KeySource, Keyring, Policy, RsaKeySize, Scratch, UnixTime,
    VerifyError, VerifyingKey,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const TOKENS: usize = 64;

fn tokens(algorithm: Algorithm) -> Tokens {
    Tokens::sign(algorithm, RsaKeySize::Bits2048, TOKENS).expect("the library signs")
}

fn policy(audience: &str) -> Policy {
    Policy::new(audience).expect("the audience is not empty")
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let tokens = tokens(Algorithm::Rs256);
    let length = tokens.tokens.first().map_or(0, String::len);
    group.throughput(Throughput::Bytes(u64::try_from(length).unwrap_or(0)));
    let wanted = policy(AUDIENCE);
    // Refused right after the last claim is read: all of parsing, and one comparison.
    let early = UnixTime::from_secs(0);
    let mut scratch = Scratch::new();
    let mut turn = tokens.tokens.iter().cycle();
    group.bench_function("token", |bencher| {
        bencher.iter(|| {
            let token = turn.next().expect("there are tokens");
            let refusal = wanted.admit(black_box(token.as_bytes()), early, &mut scratch);
            assert_eq!(refusal.err(), Some(VerifyError::NotYetValid));
        });
    });
    group.bench_function("malformed", |bencher| {
        bencher.iter(|| {
            let refusal = wanted.admit(black_box(b"not.a token"), early, &mut scratch);
            assert_eq!(refusal.err(), Some(VerifyError::NotCompact));
        });
    });
    group.finish();
}

fn admit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("admit");
    let tokens = tokens(Algorithm::Rs256);
    let now = Tokens::now();
    let late = UnixTime::from_secs(NOW.saturating_add(3600));
    let mut scratch = Scratch::new();
    for (name, policy, now, refusal) in [
        ("good", policy(AUDIENCE), now, None),
        (
            "expired",
            policy(AUDIENCE),
            late,
            Some(VerifyError::Expired),
        ),
        (
            "audience",
            policy("micros/service-c"),
            now,
            Some(VerifyError::AudienceMismatch),
        ),
    ] {
        let mut turn = tokens.tokens.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let token = turn.next().expect("there are tokens");
                let admitted = policy.admit(black_box(token.as_bytes()), now, &mut scratch);
                assert_eq!(admitted.err(), refusal);
            });
        });
    }
    group.finish();
}

fn authenticate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("authenticate");
    for &algorithm in Algorithm::ALL {
        let tokens = tokens(algorithm);
        let key = VerifyingKey::from_pem(tokens.public_key_pem.as_bytes()).expect("a good key");
        let policy = policy(AUDIENCE);
        let mut scratches = vec![Scratch::new(); TOKENS];
        let admitted: Vec<_> = tokens
            .tokens
            .iter()
            .zip(&mut scratches)
            .map(|(token, scratch)| policy.admit(token.as_bytes(), Tokens::now(), scratch))
            .collect::<Result<_, _>>()
            .expect("good tokens");
        let mut turn = admitted.iter().cycle();
        group.bench_function(algorithm.name(), |bencher| {
            bencher.iter(|| {
                let admitted = turn.next().expect("there are tokens");
                black_box(admitted.authenticate(&key)).expect("a good signature")
            });
        });
    }
    group.finish();
}

fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify_cold");
    group.throughput(Throughput::Elements(1));
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Es256,
        Algorithm::EdDsa,
    ] {
        let tokens = tokens(algorithm);
        let keys = Keyring::from_pems([(KEY_ID, tokens.public_key_pem.as_bytes())]);
        let engine =
            Engine::new(policy(AUDIENCE), keys.expect("a good key")).with_clock(Tokens::now);
        let mut scratch = Scratch::new();
        let mut turn = tokens.tokens.iter().cycle();
        group.bench_function(BenchmarkId::new("engine", algorithm), |bencher| {
            bencher.iter(|| {
                let token = turn.next().expect("there are tokens");
                black_box(engine.verify_now(token.as_bytes(), &mut scratch)).expect("a good token");
            });
        });
        let floor = Floor::of(&tokens).expect("a good key");
        let mut turn = (0..TOKENS).cycle();
        group.bench_function(BenchmarkId::new("floor", algorithm), |bencher| {
            bencher.iter(|| assert!(floor.verify(turn.next().expect("there are tokens"))));
        });
    }
    group.finish();
}

fn look_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key_lookup");
    let pem = tokens(Algorithm::Es256).public_key_pem;
    for count in [1_usize, 100, 10_000] {
        let names: Vec<_> = (0..count)
            .map(|number| format!("micros/service-{number}/key-2026-11"))
            .collect();
        let keys = Keyring::from_pems(names.iter().map(|name| (name.as_str(), pem.as_bytes())));
        let keys = keys.expect("good keys");
        let key_ids: Vec<_> = names.iter().filter_map(|name| KeyId::parse(name)).collect();
        let mut turn = key_ids.iter().cycle();
        group.bench_function(BenchmarkId::new("keyring", count), |bencher| {
            bencher.iter(|| {
                let key_id = *turn.next().expect("there are keys");
                black_box(keys.with_key(black_box(key_id), |key| key.verifies(Algorithm::Es256)))
            });
        });
    }
    group.finish();
}

criterion_group!(pipeline, parse, admit, authenticate, verify, look_up);
criterion_main!(pipeline);
