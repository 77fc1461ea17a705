//! The bare primitives: what a verification costs at least, on the very bytes of a token.

use std::error::Error;
use std::fmt;

use asap_engine::Algorithm;
use aws_lc_rs::signature as aws_lc;
use base64_simd::{AsOut, URL_SAFE_NO_PAD};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use crate::Tokens;

/// Signatures of tokens, taken apart beforehand, and the parsed key of aws-lc to check them with.
pub struct Floor {
    key: aws_lc::ParsedPublicKey,
    /// The signing input and the decoded signature of each token.
    parts: Vec<(String, Vec<u8>)>,
}

impl Floor {
    /// Takes `tokens` apart.
    ///
    /// # Errors
    ///
    /// If a token or the key is not what it should be.
    pub fn of(tokens: &Tokens) -> Result<Self, Box<dyn Error>> {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(tokens.public_key_pem.as_bytes())?;
        let key = aws_lc::ParsedPublicKey::new(algorithm(tokens.algorithm), der.as_ref())?;
        let parts: Result<_, Box<dyn Error>> = tokens
            .tokens
            .iter()
            .map(|token| {
                let (input, signature) = token.rsplit_once('.').ok_or("a token has dots")?;
                Ok((input.to_owned(), URL_SAFE_NO_PAD.decode_to_vec(signature)?))
            })
            .collect();
        Ok(Self { key, parts: parts? })
    }

    /// Checks the signature of token number `number`.
    #[must_use]
    pub fn verify(&self, number: usize) -> bool {
        self.parts.get(number).is_some_and(|(input, signature)| {
            self.key.verify_sig(input.as_bytes(), signature).is_ok()
        })
    }
}

impl fmt::Debug for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor").finish_non_exhaustive()
    }
}

/// Decodes the three segments of a token into `buffer`, one after the other, which no verifier gets around: how many
/// bytes they are. `None` if one is not base64url, or there is no room.
#[must_use]
pub fn decode_segments(token: &str, buffer: &mut [u8]) -> Option<usize> {
    let mut length = 0_usize;
    for segment in token.split('.') {
        let room = buffer.get_mut(length..)?;
        let decoded = URL_SAFE_NO_PAD.decode(segment.as_bytes(), room.as_out());
        length = length.checked_add(decoded.ok()?.len())?;
    }
    Some(length)
}

/// aws-lc's name of an algorithm.
fn algorithm(algorithm: Algorithm) -> &'static dyn aws_lc::VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs384 => &aws_lc::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &aws_lc::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &aws_lc::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &aws_lc::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &aws_lc::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &aws_lc::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &aws_lc::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &aws_lc::ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &aws_lc::ED25519,
        _ => &aws_lc::RSA_PKCS1_2048_8192_SHA256,
    }
}
