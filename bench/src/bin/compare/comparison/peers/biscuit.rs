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
use crate::comparison::task::{Key, Profile, Task};

pub(super) fn verifier(task: &Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>> {
    let Some((secret, signed_with)) = secret(task.key)? else {
        return Ok(None);
    };
    let profile = task.profile;
    Ok(Some(Box::new(move |call| {
        let Ok(decoded) =
            JWT::<Empty, Empty>::new_encoded(&call.token).into_decoded(&secret, signed_with)
        else {
            return false;
        };
        // The options are taken by value too.
        decoded.validate(options(profile)).is_ok()
    })))
}

fn secret(key: Key<'_>) -> Result<Option<(Secret, SignatureAlgorithm)>, Box<dyn Error>> {
    let signed_with = match key {
        Key::Secret(secret) => {
            let secret = Secret::bytes_from_str(secret);
            return Ok(Some((secret, SignatureAlgorithm::HS256)));
        }
        Key::Public(Algorithm::Rs256, _) => SignatureAlgorithm::RS256,
        Key::Public(Algorithm::Ps256, _) => SignatureAlgorithm::PS256,
        Key::Public(Algorithm::Es256, _) => SignatureAlgorithm::ES256,
        Key::Public(Algorithm::Es384, _) => SignatureAlgorithm::ES384,
        Key::Public(..) => return Ok(None),
    };
    // It wants the key as ring does, which is as jsonwebtoken keeps it.
    let Some(key) = jsonwebtoken::decoding_key(key)? else {
        return Ok(None);
    };
    let secret = Secret::PublicKey(key.try_get_as_bytes()?.to_vec());
    Ok(Some((secret, signed_with)))
}

fn options(profile: Profile) -> ValidationOptions {
    let required = |is_required| {
        if is_required {
            Presence::Required
        } else {
            Presence::Optional
        }
    };
    ValidationOptions {
        claim_presence_options: ClaimPresenceOptions {
            issued_at: Presence::Required,
            expiry: Presence::Required,
            issuer: Presence::Required,
            audience: required(profile.audience().is_some()),
            id: required(profile.has_token_id()),
            ..ClaimPresenceOptions::default()
        },
        temporal_options: TemporalOptions {
            epsilon: Duration::seconds(30),
            now: None,
        },
        // The nearest that it has to a cap on the lifetime.
        issued_at: Validation::Validate(Duration::seconds(3_600)),
        issuer: Validation::Validate(profile.issuer().to_owned()),
        audience: match profile.audience() {
            Some(audience) => Validation::Validate(audience.to_owned()),
            None => Validation::Ignored,
        },
        ..ValidationOptions::default()
    }
}
