//! Everything before the signature: the good token, one with a claim of its own, a short one, a long one, and refusals.

use std::hint::black_box;

use asap_bench::{NOW, Tokens};
use asap_engine::{Algorithm, Scratch, SigningKey, UnixTime, VerifyError};
use criterion::Criterion;

use super::{TOKENS, bytes_of, policy, tokens, wanted};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("admit");
    let (key, _) = SigningKey::generate(Algorithm::Rs256).expect("the library makes keys");
    let with = |claims: &str| {
        let tokens = Tokens::sign_with(&key, claims, TOKENS);
        tokens.expect("the library signs").tokens
    };
    let plain = with("");
    let own_claim = with(r#","scope":"read write""#);
    let many: String = (0..200)
        .map(|number| format!(r#","claim-{number}":"{number}""#))
        .collect();
    let (many, es256) = (with(&many), tokens(Algorithm::Es256).tokens);
    let now = Tokens::now();
    let late = UnixTime::from_secs(NOW.saturating_add(3600));
    for (name, tokens, policy, now, refusal) in [
        ("RS256", &plain, wanted(), now, None),
        (
            "RS256, one claim of its own",
            &own_claim,
            wanted(),
            now,
            None,
        ),
        ("RS256, 200 claims of its own", &many, wanted(), now, None),
        ("ES256", &es256, wanted(), now, None),
        (
            "expired",
            &plain,
            wanted(),
            late,
            Some(VerifyError::Expired),
        ),
        (
            "audience",
            &plain,
            policy("micros/service-c"),
            now,
            Some(VerifyError::AudienceMismatch),
        ),
    ] {
        group.throughput(bytes_of(tokens));
        let mut scratch = Scratch::new();
        let mut turn = tokens.iter().cycle();
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
