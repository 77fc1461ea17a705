//! The issuing side: a new token for each request, and one that is reused until it is near its end.

use std::hint::black_box;

use asap_bench::{AUDIENCE, Tokens};
use asap_engine::{Algorithm, Issuer, SigningKey, TokenRequest};
use criterion::{BenchmarkId, Criterion, Throughput};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("issue");
    group.throughput(Throughput::Elements(1));
    let request = TokenRequest::new(AUDIENCE);
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let (key, _) = SigningKey::generate(algorithm).expect("the library makes keys");
        let issuer = Issuer::new("client", "client/key-1", key).expect("a good name");
        group.bench_function(BenchmarkId::new("sign", algorithm), |bencher| {
            bencher.iter(|| {
                let token = issuer.sign(black_box(&request), Tokens::now());
                token.expect("the library signs")
            });
        });
        group.bench_function(BenchmarkId::new("token, reused", algorithm), |bencher| {
            bencher.iter(|| {
                let token = issuer.token(black_box(&request), Tokens::now());
                token.expect("the library signs")
            });
        });
    }
    group.finish();
}
