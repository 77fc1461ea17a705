//! Keys: two pairs of each algorithm, made once a process when they are first asked for, and new ones.

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

/// A copy of [`key`], to give away.
#[must_use]
pub fn owned_key(algorithm: Algorithm) -> SigningKey {
    ONE.load(algorithm)
}

/// A new P-256 public key, as one PEM text.
#[must_use]
pub fn public_key_pem() -> String {
    let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    key.public_key_pem().to_owned()
}

/// `der` as one PEM section (RFC 7468).
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = base64_simd::STANDARD.encode_to_string(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// The contents of the one PEM section of `pem`.
#[must_use]
pub fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64_simd::STANDARD.decode_to_vec(body).unwrap()
}

struct Family {
    pems: [OnceLock<PrivateKeyPem>; Algorithm::ALL.len()],
    keys: [OnceLock<SigningKey>; Algorithm::ALL.len()],
}

static ONE: Family = Family::new();
static OTHER: Family = Family::new();

impl Family {
    const fn new() -> Self {
        Self {
            pems: [const { OnceLock::new() }; Algorithm::ALL.len()],
            keys: [const { OnceLock::new() }; Algorithm::ALL.len()],
        }
    }

    fn key(&self, algorithm: Algorithm) -> &SigningKey {
        self.keys[position(algorithm)].get_or_init(|| self.load(algorithm))
    }

    fn load(&self, algorithm: Algorithm) -> SigningKey {
        let made_for = if algorithm.name().starts_with(['R', 'P']) {
            Algorithm::Rs256
        } else {
            algorithm
        };
        let generate = || SigningKey::generate(made_for).unwrap().1;
        let pem = self.pems[position(made_for)].get_or_init(generate);
        SigningKey::from_pem(algorithm, pem.as_str().as_bytes()).unwrap()
    }
}

fn position(algorithm: Algorithm) -> usize {
    let position = Algorithm::ALL.iter().position(|one| *one == algorithm);
    position.unwrap()
}
