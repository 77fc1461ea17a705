//! jwt-simple.

use std::collections::HashSet;
use std::error::Error;

use asap_engine::Algorithm;
use jwt_simple::prelude::*;

use super::Verifier;
use crate::comparison::task::{Call, Key, Profile, Task};

pub(super) fn verifier(task: &Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>> {
    let profile = task.profile;
    let options = VerificationOptions {
        required_key_id: profile.key_id().map(str::to_owned),
        allowed_issuers: Some(HashSet::from([profile.issuer().to_owned()])),
        allowed_audiences: profile
            .audience()
            .map(|audience| HashSet::from([audience.to_owned()])),
        time_tolerance: Some(Duration::from_secs(30)),
        // The nearest that it has to a cap on the lifetime.
        max_validity: Some(Duration::from_secs(3_600)),
        max_token_length: Some(8_192),
        ..VerificationOptions::default()
    };
    // Its options are taken by value, so each call copies them.
    macro_rules! verifier {
        ($key:expr) => {{
            let key = $key;
            Some(Box::new(move |call: &Call| {
                let claims = key.verify_token::<NoCustomClaims>(&call.token, Some(options.clone()));
                claims.is_ok_and(|claims| has_all(&claims, profile))
            }) as Verifier)
        }};
    }
    Ok(match task.key {
        Key::Public(Algorithm::Rs256, pem) => verifier!(RS256PublicKey::from_pem(pem)?),
        Key::Public(Algorithm::Ps256, pem) => verifier!(PS256PublicKey::from_pem(pem)?),
        Key::Public(Algorithm::Es256, pem) => verifier!(ES256PublicKey::from_pem(pem)?),
        Key::Public(Algorithm::Es384, pem) => verifier!(ES384PublicKey::from_pem(pem)?),
        Key::Public(Algorithm::EdDsa, pem) => verifier!(Ed25519PublicKey::from_pem(pem)?),
        Key::Public(..) => None,
        Key::Secret(secret) => verifier!(HS256Key::from_bytes(secret.as_bytes())),
    })
}

/// It requires no claim, and says which there are.
fn has_all(claims: &JWTClaims<NoCustomClaims>, profile: Profile) -> bool {
    claims.issued_at.is_some()
        && claims.expires_at.is_some()
        && (claims.jwt_id.is_some() || !profile.has_token_id())
}
