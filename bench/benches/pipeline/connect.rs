//! A Connect token for a URL of ten parameters, never seen before: the whole, its `qsh`, and what nobody gets around.

use std::hint::black_box;

use asap_bench::Tokens;
use asap_bench::profiles::connect::{self, BASE_URL, SECRET, TENANT};
use asap_engine::{
    BaseUrl, ConnectModule, ConnectPolicy, ConnectRequest, ConnectSigner, MemoryTenants, Scratch,
    SharedSecret,
};
use aws_lc_rs::{digest, hmac};
use criterion::{Criterion, Throughput};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connect");
    group.throughput(Throughput::Elements(1));
    let base = BaseUrl::parse(BASE_URL).expect("a base URL");
    let secret = || SharedSecret::new(SECRET).expect("a secret");
    let target = connect::target(1);
    let request = ConnectRequest::new("GET", &target);
    let signer = ConnectSigner::new(TENANT).expect("a key");
    let token = signer.sign(&request, &base, &secret(), Tokens::now());
    let token = token.expect("the library signs");
    let authorization = format!("JWT {token}");

    let tenants = MemoryTenants::new();
    tenants.insert(TENANT, secret());
    let module = ConnectModule::new(ConnectPolicy::new(base.clone()), tenants);
    let module = module.with_clock(Tokens::now);
    let signed = request.with_authorization(authorization.as_bytes());
    let mut scratch = Scratch::new();
    group.bench_function("verify_now", |bencher| {
        bencher.iter(|| {
            black_box(module.verify_now(black_box(&signed), &mut scratch)).expect("a good token");
        });
    });
    group.bench_function("canonical", |bencher| {
        bencher.iter(|| {
            black_box(&request)
                .canonical(&base)
                .expect("a good request")
        });
    });
    let canonical = request.canonical(&base).expect("a good request");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let (input, _) = token.rsplit_once('.').expect("a signature");
    group.bench_function("floor: SHA-256 and HMAC", |bencher| {
        bencher.iter(|| {
            let hash = digest::digest(&digest::SHA256, black_box(canonical.as_bytes()));
            (hash, hmac::sign(&key, black_box(input.as_bytes())))
        });
    });
    group.finish();
}
