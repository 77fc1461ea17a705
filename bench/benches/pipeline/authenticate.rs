//! The signature, by algorithm and backend, and what comes after it.

use std::hint::black_box;

use asap_bench::Tokens;
use asap_engine::{Algorithm, Backend, Reusable, Scratch, VerifyingKey};
use criterion::{BenchmarkId, Criterion, Throughput};

use super::{TOKENS, tokens, wanted};

/// The backends, by name. Not each knows each algorithm.
const BACKENDS: [(&str, Backend); 2] = [("aws-lc", Backend::AwsLc), ("ring", Backend::Ring)];

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("authenticate");
    group.throughput(Throughput::Elements(1));
    for &algorithm in Algorithm::ALL {
        let tokens = tokens(algorithm);
        for (name, backend) in BACKENDS {
            let pem = tokens.public_key_pem.as_bytes();
            let Ok(key) = VerifyingKey::from_pem_with(pem, backend) else {
                continue;
            };
            let policy = wanted();
            let mut scratches = vec![Scratch::new(); TOKENS];
            let admitted: Vec<_> = tokens
                .tokens
                .iter()
                .zip(&mut scratches)
                .map(|(token, scratch)| policy.admit(token.as_bytes(), Tokens::now(), scratch))
                .collect::<Result<_, _>>()
                .expect("good tokens");
            let mut turn = admitted.iter().cycle();
            group.bench_function(BenchmarkId::new(algorithm.name(), name), |bencher| {
                bencher.iter(|| {
                    let admitted = turn.next().expect("there are tokens");
                    black_box(admitted.authenticate(&key)).expect("a good signature")
                });
            });
        }
    }
    group.finish();
}

/// For tokens that may be reused. Single use is measured in the bench `replay`.
pub(super) fn accept(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("accept");
    group.throughput(Throughput::Elements(1));
    let tokens = tokens(Algorithm::Es256);
    let key = VerifyingKey::from_pem(tokens.public_key_pem.as_bytes()).expect("a good key");
    let token = tokens.tokens.first().expect("there are tokens");
    let mut scratch = Scratch::new();
    let policy = wanted();
    let admitted = policy
        .admit(token.as_bytes(), Tokens::now(), &mut scratch)
        .expect("a good token");
    let authentic = admitted.authenticate(&key).expect("a good signature");
    group.bench_function("reusable", |bencher| {
        bencher.iter(|| {
            let identity = black_box(authentic).accept(Tokens::now(), &Reusable::default());
            black_box(identity).expect("valid now")
        });
    });
    group.finish();
}
