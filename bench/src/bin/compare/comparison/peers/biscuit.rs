//! biscuit, on ring.

use std::error::Error;

use asap_engine::Algorithm;
use biscuit::jwa::SignatureAlgorithm;
use biscuit::jws::Secret;
use biscuit::{
    ClaimPresenceOptions, Empty, JWT, Presence, TemporalOptions, Validation, ValidationOptions,
};
use chrono::Duration;

use super::{Verifier, jsonwebtoken};
use asap_bench_kit::AUDIENCE;
use asap_bench_kit::subject::ISSUER;

pub(super) fn verifier(
    algorithm: Algorithm,
    public_key_pem: &str,
) -> Result<Option<Verifier>, Box<dyn Error>> {
    let signed_with = match algorithm {
        Algorithm::Rs256 => SignatureAlgorithm::RS256,
        Algorithm::Ps256 => SignatureAlgorithm::PS256,
        Algorithm::Es256 => SignatureAlgorithm::ES256,
        Algorithm::Es384 => SignatureAlgorithm::ES384,
        _ => return Ok(None),
    };
    // It wants the key as ring does, which is as jsonwebtoken keeps it.
    let Some(key) = jsonwebtoken::decoding_key(algorithm, public_key_pem)? else {
        return Ok(None);
    };
    let secret = Secret::PublicKey(key.try_get_as_bytes()?.to_vec());
    Ok(Some(Box::new(move |token| {
        let Ok(decoded) =
            JWT::<Empty, Empty>::new_encoded(token).into_decoded(&secret, signed_with)
        else {
            return false;
        };
        // The options are taken by value too.
        decoded.validate(options()).is_ok()
    })))
}

fn options() -> ValidationOptions {
    ValidationOptions {
        claim_presence_options: ClaimPresenceOptions {
            issued_at: Presence::Required,
            expiry: Presence::Required,
            issuer: Presence::Required,
            audience: Presence::Required,
            id: Presence::Required,
            ..ClaimPresenceOptions::default()
        },
        temporal_options: TemporalOptions {
            epsilon: Duration::seconds(30),
            now: None,
        },
        // The nearest that it has to a cap on the lifetime.
        issued_at: Validation::Validate(Duration::seconds(3_600)),
        issuer: Validation::Validate(ISSUER.to_owned()),
        audience: Validation::Validate(AUDIENCE.to_owned()),
        ..ValidationOptions::default()
    }
}
