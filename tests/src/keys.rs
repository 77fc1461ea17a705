//! Two key pairs of each algorithm, made once a process when they are first asked for.

use std::sync::OnceLock;

use asap_engine::{Algorithm, PrivateKeyPem, SigningKey};

/// The key of `algorithm` that the fixture publishes as `client/<alg>`. The RSA algorithms share one key.
#[must_use]
pub fn key(algorithm: Algorithm) -> &'static SigningKey {
    ONE.key(algorithm)
}

/// Another key of `algorithm`, published as `client/other-<alg>` and as `neighbour/<alg>`.
#[must_use]
pub fn other_key(algorithm: Algorithm) -> &'static SigningKey {
    OTHER.key(algorithm)
}

/// The contents of the one PEM section of `pem`.
#[must_use]
pub fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64_simd::STANDARD.decode_to_vec(body).unwrap()
}

struct Family {
    rsa: OnceLock<PrivateKeyPem>,
    keys: [OnceLock<SigningKey>; Algorithm::ALL.len()],
}

static ONE: Family = Family::new();
static OTHER: Family = Family::new();

impl Family {
    const fn new() -> Self {
        Self {
            rsa: OnceLock::new(),
            keys: [const { OnceLock::new() }; Algorithm::ALL.len()],
        }
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        let position = Algorithm::ALL.iter().position(|one| *one == algorithm);
        self.keys[position.unwrap()].get_or_init(|| {
            if algorithm.name().starts_with(['R', 'P']) {
                let generate = || SigningKey::generate(Algorithm::Rs256).unwrap().1;
                let pem = self.rsa.get_or_init(generate);
                SigningKey::from_pem(algorithm, pem.as_str().as_bytes()).unwrap()
            } else {
                SigningKey::generate(algorithm).unwrap().0
            }
        })
    }
}
