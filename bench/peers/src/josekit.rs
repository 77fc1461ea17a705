//! josekit, on the system's OpenSSL.

use std::error::Error;
use std::time::{Duration, SystemTime};

use asap_engine::Algorithm;
use josekit::jws::{ES256, ES384, EdDSA, HS256, JwsVerifier, RS256};
use josekit::jwt::{self, JwtPayloadValidator};

use crate::comparison::Verifier;
use crate::comparison::task::{Key, Task};

pub(crate) fn verifier(task: &Task<'_>) -> Result<Option<Verifier>, Box<dyn Error>> {
    let profile = task.profile;
    macro_rules! verifier {
        ($verifier:expr) => {{
            let mut verifier = $verifier?;
            if let Some(key_id) = profile.key_id() {
                verifier.set_key_id(key_id);
            }
            Box::new(verifier)
        }};
    }
    let verifier: Box<dyn JwsVerifier> = match task.key {
        Key::Public(Algorithm::Rs256, pem) => verifier!(RS256.verifier_from_pem(pem)),
        Key::Public(Algorithm::Es256, pem) => verifier!(ES256.verifier_from_pem(pem)),
        Key::Public(Algorithm::Es384, pem) => verifier!(ES384.verifier_from_pem(pem)),
        Key::Public(Algorithm::EdDsa, pem) => verifier!(EdDSA.verifier_from_pem(pem)),
        // From PEM it takes keys for PS256 only under the identifier id-RSASSA-PSS, which no key server publishes.
        Key::Public(..) => return Ok(None),
        Key::Secret(secret) => verifier!(HS256.verifier_from_bytes(secret)),
    };
    let mut validator = JwtPayloadValidator::new();
    validator.set_issuer(profile.issuer());
    if let Some(audience) = profile.audience() {
        validator.set_audience(audience);
    }
    Ok(Some(Box::new(move |call| {
        let Ok((payload, _)) = jwt::decode_with_verifier(&call.token, verifier.as_ref()) else {
            return false;
        };
        // It has no clock of its own, no leeway, and requires no claim.
        let now = SystemTime::now();
        validator.set_base_time(now);
        validator.set_max_issued_time(now + Duration::from_secs(30));
        validator.set_min_issued_time(now - Duration::from_secs(3_600));
        validator.validate(&payload).is_ok()
            && payload.expires_at().is_some()
            && payload.issued_at().is_some()
            && (payload.jwt_id().is_some() || !profile.has_token_id())
    })))
}
