//! The whole, for a token never seen under a key at hand: without waiting, as a future, and the bare primitive.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use asap_bench::{Floor, KEY_ID, Tokens, cache_of};
use asap_engine::{Algorithm, Engine, Keyring, Scratch};
use criterion::{BenchmarkId, Criterion, Throughput};

use super::{TOKENS, tokens, wanted};
use asap_bench::subject::{self, Saying};
use asap_engine::RsaKeySize;

pub(super) fn bench(criterion: &mut Criterion) {
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
        let engine = Engine::new(wanted(), keys.expect("a good key")).with_clock(Tokens::now);
        let mut scratch = Scratch::new();
        let mut turn = tokens.tokens.iter().cycle();
        group.bench_function(BenchmarkId::new("verify_now", algorithm), |bencher| {
            bencher.iter(|| {
                let token = turn.next().expect("there are tokens");
                black_box(engine.verify_now(token.as_bytes(), &mut scratch)).expect("a good token");
            });
        });
        let mut turn = tokens.tokens.iter().cycle();
        group.bench_function(BenchmarkId::new("verify", algorithm), |bencher| {
            bencher.iter(|| {
                let token = turn.next().expect("there are tokens");
                at_once(engine.verify(token.as_bytes())).expect("a good token")
            });
        });
        let floor = Floor::of(&tokens).expect("a good key");
        let mut turn = (0..TOKENS).cycle();
        group.bench_function(BenchmarkId::new("floor", algorithm), |bencher| {
            bencher.iter(|| assert!(floor.verify(turn.next().expect("there are tokens"))));
        });
    }
    group.finish();
    recalled(criterion);
}

/// Pipelined tokens that come at once.
const TOGETHER: usize = 16;

/// A thousand tokens that an engine keeps, one by one and in batches.
fn recalled(criterion: &mut Criterion) {
    let key = subject::key(Algorithm::Rs256, RsaKeySize::Bits2048).expect("the library makes keys");
    let tokens = Tokens::sign_as(&key, &Saying::of_this_hour(), 1_008).expect("the library signs");
    let engine = cache_of(&tokens).expect("good tokens");
    let bytes: Vec<_> = tokens.tokens.iter().map(String::as_bytes).collect();
    let mut scratch = Scratch::new();
    let mut group = criterion.benchmark_group("verify_recalled");
    group.throughput(Throughput::Elements(16));
    let mut turn = bytes.chunks_exact(TOGETHER).cycle();
    group.bench_function("verify_now, 16 times", |bencher| {
        bencher.iter(|| {
            for token in turn.next().expect("there are tokens") {
                black_box(engine.verify_now(token, &mut scratch)).expect("a good token");
            }
        });
    });
    let mut turn = bytes.chunks_exact(TOGETHER).cycle();
    group.bench_function("verify_batch of 16", |bencher| {
        bencher.iter(|| {
            let together = turn.next().expect("there are tokens");
            engine.verify_batch(together, &mut scratch, |_, verdict| {
                black_box(verdict).expect("a good token");
            });
        });
    });
    group.finish();
}

/// What a future answers at its first poll, which costs no runtime.
fn at_once<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => unreachable!("a keyring has its keys at hand"),
    }
}
