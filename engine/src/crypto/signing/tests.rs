//! Every algorithm signs what the library verifies with the published key, and nothing secret is shown.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::pem::SectionKind;

use super::*;
use crate::keys::pem::single_section;

/// How the library verifies `algorithm`, and how long a signature of a generated key is, in bytes.
fn verification(algorithm: Algorithm) -> (&'static dyn VerificationAlgorithm, usize) {
    match algorithm {
        Algorithm::Rs256 => (&RSA_PKCS1_2048_8192_SHA256, 256),
        Algorithm::Rs384 => (&RSA_PKCS1_2048_8192_SHA384, 256),
        Algorithm::Rs512 => (&RSA_PKCS1_2048_8192_SHA512, 256),
        Algorithm::Ps256 => (&RSA_PSS_2048_8192_SHA256, 256),
        Algorithm::Ps384 => (&RSA_PSS_2048_8192_SHA384, 256),
        Algorithm::Ps512 => (&RSA_PSS_2048_8192_SHA512, 256),
        Algorithm::Es256 => (&ECDSA_P256_SHA256_FIXED, 64),
        Algorithm::Es384 => (&ECDSA_P384_SHA384_FIXED, 96),
        Algorithm::Es512 => (&ECDSA_P521_SHA512_FIXED, 132),
        Algorithm::EdDsa => (&ED25519, 64),
    }
}

fn verifies(key: &SigningKey, message: &[u8], signature: &[u8]) -> bool {
    let (kind, public_key) = single_section(key.public_key_pem().as_bytes()).unwrap();
    assert_eq!(kind, SectionKind::PublicKey);
    let (verification, length) = verification(key.algorithm());
    signature.len() == length
        && UnparsedPublicKey::new(verification, public_key.as_slice())
            .verify(message, signature)
            .is_ok()
}

#[test]
fn every_algorithm_signs_what_its_published_key_verifies() {
    for &algorithm in Algorithm::ALL {
        let (generated, pem) = SigningKey::generate(algorithm).unwrap();
        let loaded = SigningKey::from_pem(algorithm, pem.as_str().as_bytes()).unwrap();
        assert_eq!(loaded.public_key_pem(), generated.public_key_pem());
        for key in [&generated, &loaded] {
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            assert!(verifies(key, b"message", &signature), "{algorithm}");
            assert!(!verifies(key, b"another", &signature), "{algorithm}");
        }
    }
}

#[test]
fn ecdsa_signatures_keep_their_width_when_r_or_s_is_small() {
    let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
    // One signature in 128 has a leading zero byte in R or in S.
    let mut leading_zeros = 0;
    for message in 0..2048_u32 {
        let signature = key.sign(&message.to_be_bytes()).unwrap();
        assert_eq!(signature.len(), 64);
        leading_zeros += usize::from(signature[0] == 0 || signature[32] == 0);
    }
    assert!(leading_zeros > 0);
}

#[test]
fn a_generated_rsa_key_has_the_size_that_was_asked_for() {
    let sizes = [
        (RsaKeySize::Bits2048, 256),
        (RsaKeySize::Bits3072, 384),
        (RsaKeySize::Bits4096, 512),
    ];
    for (size, bytes) in sizes {
        let (key, _) = SigningKey::generate_rsa(Algorithm::Ps256, size).unwrap();
        assert_eq!(key.sign(b"message").unwrap().len(), bytes);
    }
    assert_eq!(RsaKeySize::Bits8192.backend().len(), 1024);
}

#[test]
fn an_rsa_size_is_refused_for_other_algorithms() {
    for algorithm in [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::EdDsa,
    ] {
        let refused = SigningKey::generate_rsa(algorithm, RsaKeySize::default());
        assert_eq!(refused.unwrap_err(), KeyRejected::UnsupportedAlgorithm);
    }
}

#[test]
fn debug_shows_the_algorithm_and_nothing_of_the_key() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let (key, pem) = SigningKey::generate(algorithm).unwrap();
        assert_eq!(
            format!("{key:?}"),
            format!("SigningKey {{ algorithm: {algorithm:?}, .. }}")
        );
        assert_eq!(format!("{pem:?}"), "PrivateKeyPem(..)");
    }
}

#[test]
fn a_key_can_be_shared_between_threads() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<SigningKey>();
    is_shareable::<PrivateKeyPem>();
}
