//! The kernel for RSA (RFC 8017) with the exponent 65537 and moduli of 2048, 3072 and 4096 bits: `asap_accel::rsa`.

use std::cell::Cell;
use std::iter;
use std::thread::LocalKey;

use asap_accel::rsa::{self, Hash, VerifyKey};
use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};

use super::guard::first_countdown;
use super::kernel::{Answer, Kernel};
use super::self_test::KnownAnswer;
use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey, rsa_integers};

/// 65537, highest byte first.
const EXPONENT: &[u8] = &[1, 0, 1];

/// What the kernel takes for a key.
#[derive(Debug)]
pub(super) struct RsaKernel(VerifyKey);

impl Kernel for RsaKernel {
    const NAME: &'static str = "rsa";

    fn is_for(kind: KeyKind) -> bool {
        matches!(kind, KeyKind::Rsa { .. })
    }

    fn is_available() -> bool {
        rsa::is_available()
    }

    fn prepare(key: PublicKey<'_>) -> Option<Self> {
        let (modulus, exponent) = rsa_integers(key.bytes).ok()?;
        if !Self::is_for(key.kind) || exponent != EXPONENT {
            return None;
        }
        VerifyKey::new(modulus).map(Self)
    }

    #[inline]
    fn answer(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        let Some(scheme) = Scheme::of(algorithm) else {
            return Answer::Invalid;
        };
        let digest = digest::digest(scheme.library_hash(), message);
        let is_valid = if scheme.is_pss {
            self.0
                .verify_pss(scheme.hash, digest.as_ref(), signature, |bytes| {
                    digest::digest(scheme.library_hash(), bytes)
                })
        } else {
            self.0.verify_pkcs1(scheme.hash, digest.as_ref(), signature)
        };
        is_valid.into()
    }

    fn known_answers() -> impl Iterator<Item = KnownAnswer> {
        SIZES.into_iter().flat_map(|(spki, signatures)| {
            let length = signatures.len().checked_div(SIGNED.len()).unwrap_or(0);
            iter::zip(SIGNED, signatures.chunks(length.max(1))).map(|(algorithm, signature)| {
                KnownAnswer {
                    spki,
                    algorithm,
                    message: MESSAGE,
                    signature,
                }
            })
        })
    }

    fn countdown() -> &'static LocalKey<Cell<u32>> {
        thread_local! {
            static COUNTDOWN: Cell<u32> = Cell::new(first_countdown());
        }
        &COUNTDOWN
    }
}

/// RFC 7518 sections 3.3 and 3.5.
#[derive(Debug, Clone, Copy)]
struct Scheme {
    is_pss: bool,
    hash: Hash,
}

impl Scheme {
    const fn of(algorithm: Algorithm) -> Option<Self> {
        let (is_pss, hash) = match algorithm {
            Algorithm::Rs256 => (false, Hash::Sha256),
            Algorithm::Rs384 => (false, Hash::Sha384),
            Algorithm::Rs512 => (false, Hash::Sha512),
            Algorithm::Ps256 => (true, Hash::Sha256),
            Algorithm::Ps384 => (true, Hash::Sha384),
            Algorithm::Ps512 => (true, Hash::Sha512),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => {
                return None;
            }
        };
        Some(Self { is_pss, hash })
    }

    const fn library_hash(self) -> &'static digest::Algorithm {
        match self.hash {
            Hash::Sha384 => &SHA384,
            Hash::Sha512 => &SHA512,
            _ => &SHA256,
        }
    }
}

/// What is signed. OpenSSL 3.0.19 has made the keys (`genpkey -algorithm RSA`) and the signatures (`dgst -sign`, for PSS
/// with `rsa_pss_saltlen:digest`); the private keys are gone.
pub(super) const MESSAGE: &[u8] = b"asap-engine: a known answer";

/// The algorithms of the signatures in a file, in their order.
const SIGNED: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// A key of each size, and its signatures one after the other.
const SIZES: [(&[u8], &[u8]); 3] = [
    (
        include_bytes!("known_answers/rsa-2048.spki"),
        include_bytes!("known_answers/rsa-2048.signatures"),
    ),
    (
        include_bytes!("known_answers/rsa-3072.spki"),
        include_bytes!("known_answers/rsa-3072.signatures"),
    ),
    (
        include_bytes!("known_answers/rsa-4096.spki"),
        include_bytes!("known_answers/rsa-4096.signatures"),
    ),
];
