//! Work that no verifier of these tokens gets around: decoding base64url, and the hash that a signature is over.

use std::hint::black_box;

use asap_bench::decode_segments;
use asap_engine::Algorithm;
use aws_lc_rs::digest;
use criterion::Criterion;

use super::{bytes_of, tokens};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("floor");
    let tokens = tokens(Algorithm::Rs256).tokens;
    group.throughput(bytes_of(&tokens));
    let mut buffer = [0; 1_024];
    let mut turn = tokens.iter().cycle();
    group.bench_function("base64url", |bencher| {
        bencher.iter(|| {
            let token = turn.next().expect("there are tokens");
            decode_segments(black_box(token), &mut buffer).expect("base64url")
        });
    });
    let mut turn = tokens.iter().cycle();
    group.bench_function("SHA-256 of the signing input", |bencher| {
        bencher.iter(|| {
            let token = turn.next().expect("there are tokens");
            let (input, _) = token.rsplit_once('.').expect("a token has dots");
            digest::digest(&digest::SHA256, black_box(input.as_bytes()))
        });
    });
    group.finish();
}
