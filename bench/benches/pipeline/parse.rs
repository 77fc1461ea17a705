//! Reading a token, without wanting it.
//!
//! The readers of the header and of the claims are private, so each is measured by what is refused right after it: the
//! cases go further and further, and a part costs the difference.

use std::hint::black_box;

use asap_bench::Tokens;
use asap_engine::{Algorithm, Policy, Scratch, SigningKey, UnixTime, VerifyError};
use criterion::Criterion;

use super::{TOKENS, bytes_of, tokens, wanted};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let plain = tokens(Algorithm::Rs256).tokens;
    let (key, _) = SigningKey::generate(Algorithm::Rs256).expect("the library makes keys");
    let own_claim = Tokens::sign_with(&key, r#","scope":"read write""#, TOKENS)
        .expect("the library signs")
        .tokens;
    let malformed = vec!["not.a token".to_owned()];
    let other_algorithm = wanted()
        .with_algorithms([Algorithm::Es256])
        .expect("one algorithm");
    for (name, policy, tokens, refusal) in [
        ("malformed", wanted(), &malformed, VerifyError::NotCompact),
        (
            "up to the header",
            other_algorithm,
            &plain,
            VerifyError::AlgorithmNotAllowed,
        ),
        (
            "up to the claims",
            wanted(),
            &plain,
            VerifyError::NotYetValid,
        ),
        (
            "up to the claims, one of its own",
            wanted(),
            &own_claim,
            VerifyError::NotYetValid,
        ),
    ] {
        group.throughput(bytes_of(tokens));
        let mut refuse = refusals(&policy, tokens, refusal);
        group.bench_function(name, |bencher| bencher.iter(&mut refuse));
    }
    group.finish();
}

/// Refuses the next of `tokens` at each call, long before it is valid.
fn refusals<'a>(
    policy: &'a Policy,
    tokens: &'a [String],
    refusal: VerifyError,
) -> impl FnMut() + 'a {
    let early = UnixTime::from_secs(0);
    let mut scratch = Scratch::new();
    let mut turn = tokens.iter().cycle();
    move || {
        let token = turn.next().expect("there are tokens");
        let answer = policy.admit(black_box(token.as_bytes()), early, &mut scratch);
        assert_eq!(answer.err(), Some(refusal));
    }
}
