//! Signatures to start from: of good encodings and of broken ones, under one key.

use asap_accel::rsa::{Hash, VerifyKey};
use aws_lc_rs::digest::Digest;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};

use super::encodings::{self, SCHEMES, Scheme};
use super::keys::Key;
use super::{HASHES, algorithm, hash_function, to_bytes};
use crate::differential::chance::Chance;

/// A signature, and what is said of it by whoever made it.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) name: &'static str,
    pub(crate) scheme: Scheme,
    pub(crate) hash: Hash,
    pub(crate) digest: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) is_good: bool,
}

/// A key on all sides.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) key: &'static Key,
    kernel: VerifyKey,
    /// By scheme and hash.
    aws_lc: Vec<ParsedPublicKey>,
}

impl Signer {
    pub(crate) fn new(key: &'static Key) -> Self {
        let modulus = to_bytes(&key.modulus, key.length());
        let components = PublicKeyComponents {
            n: &*modulus,
            e: [1, 0, 1].as_slice(),
        };
        let parameters = SCHEMES
            .into_iter()
            .flat_map(|scheme| HASHES.map(|hash| parameters(scheme, hash)));
        Self {
            key,
            kernel: VerifyKey::new(&modulus).expect("a key of the domain"),
            aws_lc: parameters
                .map(|parameters| components.to_parsed_public_key(parameters).unwrap())
                .collect(),
        }
    }

    /// Good signatures of each kind, and for one of the hashes every broken one.
    pub(crate) fn sign(&self, broken: Hash, chance: &mut Chance) -> Vec<Signed> {
        let mut signed = Vec::new();
        for hash in HASHES {
            for scheme in SCHEMES {
                let length = self.key.length();
                let digest = digest(hash, chance);
                let good = encodings::good(scheme, hash, &digest, length, chance);
                let mut all = vec![good];
                if hash == broken {
                    all.extend(encodings::broken(scheme, hash, &digest, length, chance));
                }
                for encoding in all {
                    if let Some(signature) = self.key.sign(&encoding.bytes) {
                        signed.push(Signed {
                            name: encoding.name,
                            scheme,
                            hash,
                            digest: digest.clone(),
                            signature,
                            is_good: encoding.is_good,
                        });
                    }
                }
            }
        }
        signed
    }

    pub(crate) fn kernel(
        &self,
        scheme: Scheme,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        match scheme {
            Scheme::Pkcs1 => self.kernel.verify_pkcs1(hash, digest, signature),
            Scheme::Pss => self
                .kernel
                .verify_pss(hash, digest, signature, hash_function(hash)),
        }
    }

    pub(crate) fn twin(&self, scheme: Scheme, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        match scheme {
            Scheme::Pkcs1 => self.kernel.verify_pkcs1_portably(hash, digest, signature),
            Scheme::Pss => {
                self.kernel
                    .verify_pss_portably(hash, digest, signature, hash_function(hash))
            }
        }
    }

    /// A digest of another length is no digest to aws-lc either.
    pub(crate) fn aws_lc(
        &self,
        scheme: Scheme,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        let position = |scheme, hash| {
            let schemes = SCHEMES.iter().position(|one| *one == scheme).unwrap();
            let hashes = HASHES.iter().position(|one| *one == hash).unwrap();
            schemes * HASHES.len() + hashes
        };
        Digest::import_less_safe(digest, algorithm(hash)).is_ok_and(|digest| {
            let key = &self.aws_lc[position(scheme, hash)];
            key.verify_digest_sig(&digest, signature).is_ok()
        })
    }
}

/// Random, or of limbs that a random one never has.
fn digest(hash: Hash, chance: &mut Chance) -> Vec<u8> {
    match chance.below(4) {
        0 => vec![0; hash.length()],
        1 => vec![0xff; hash.length()],
        _ => chance.bytes(hash.length()),
    }
}

pub(crate) fn parameters(scheme: Scheme, hash: Hash) -> &'static RsaParameters {
    match (scheme, hash) {
        (Scheme::Pkcs1, Hash::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1, Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss, Hash::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        (Scheme::Pss, Hash::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        (Scheme::Pss, _) => &signature::RSA_PSS_2048_8192_SHA512,
    }
}
