//! Reading a public key, which happens once for each and not for each token.

use std::hint::black_box;

use asap_engine::{Algorithm, Backend, RsaKeySize, SigningKey, VerifyingKey};
use criterion::{BenchmarkId, Criterion, Throughput};

pub(super) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    let rsa = |size| {
        let (key, _) = SigningKey::generate_rsa(Algorithm::Rs256, size).expect("a key");
        key.public_key_pem().to_owned()
    };
    let other = |algorithm| {
        let (key, _) = SigningKey::generate(algorithm).expect("a key");
        key.public_key_pem().to_owned()
    };
    for (name, pem) in [
        ("RSA-2048", rsa(RsaKeySize::Bits2048)),
        ("RSA-4096", rsa(RsaKeySize::Bits4096)),
        ("P-256", other(Algorithm::Es256)),
        ("P-384", other(Algorithm::Es384)),
        ("Ed25519", other(Algorithm::EdDsa)),
    ] {
        group.throughput(Throughput::Bytes(u64::try_from(pem.len()).unwrap_or(0)));
        for (backend_name, backend) in [("aws-lc", Backend::AwsLc), ("ring", Backend::Ring)] {
            group.bench_function(BenchmarkId::new(name, backend_name), |bencher| {
                bencher.iter(|| {
                    VerifyingKey::from_pem_with(black_box(pem.as_bytes()), backend)
                        .expect("a good key")
                });
            });
        }
    }
    group.finish();
}
