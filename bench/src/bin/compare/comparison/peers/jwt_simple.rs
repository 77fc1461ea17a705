//! jwt-simple.

use std::collections::HashSet;
use std::error::Error;

use asap_engine::Algorithm;
use jwt_simple::prelude::*;

use super::Verifier;
use asap_bench_kit::subject::ISSUER;
use asap_bench_kit::{AUDIENCE, KEY_ID};

pub(super) fn verifier(
    algorithm: Algorithm,
    public_key_pem: &str,
) -> Result<Option<Verifier>, Box<dyn Error>> {
    let options = VerificationOptions {
        required_key_id: Some(KEY_ID.to_owned()),
        allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        time_tolerance: Some(Duration::from_secs(30)),
        // The nearest that it has to a cap on the lifetime.
        max_validity: Some(Duration::from_secs(3_600)),
        max_token_length: Some(8_192),
        ..VerificationOptions::default()
    };
    // Its options are taken by value, so each call copies them.
    macro_rules! verifier {
        ($key:ty) => {{
            let key = <$key>::from_pem(public_key_pem)?;
            Some(Box::new(move |token: &str| {
                let claims = key.verify_token::<NoCustomClaims>(token, Some(options.clone()));
                claims.is_ok_and(|claims| has_all(&claims))
            }) as Verifier)
        }};
    }
    Ok(match algorithm {
        Algorithm::Rs256 => verifier!(RS256PublicKey),
        Algorithm::Ps256 => verifier!(PS256PublicKey),
        Algorithm::Es256 => verifier!(ES256PublicKey),
        Algorithm::Es384 => verifier!(ES384PublicKey),
        Algorithm::EdDsa => verifier!(Ed25519PublicKey),
        _ => None,
    })
}

/// It requires no claim, and says which there are.
fn has_all(claims: &JWTClaims<NoCustomClaims>) -> bool {
    claims.issued_at.is_some() && claims.expires_at.is_some() && claims.jwt_id.is_some()
}
