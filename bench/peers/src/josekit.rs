//! josekit, on the system's OpenSSL.

use std::error::Error;
use std::time::{Duration, SystemTime};

use asap_bench_kit::subject::ISSUER;
use asap_bench_kit::{AUDIENCE, KEY_ID};
use asap_engine::Algorithm;
use josekit::jws::{ES256, ES384, EdDSA, JwsVerifier, RS256};
use josekit::jwt::{self, JwtPayloadValidator};

use crate::comparison::Verifier;

pub(crate) fn verifier(
    algorithm: Algorithm,
    public_key_pem: &str,
) -> Result<Option<Verifier>, Box<dyn Error>> {
    macro_rules! verifier {
        ($algorithm:ident) => {{
            let mut verifier = $algorithm.verifier_from_pem(public_key_pem)?;
            verifier.set_key_id(KEY_ID);
            Box::new(verifier)
        }};
    }
    let verifier: Box<dyn JwsVerifier> = match algorithm {
        Algorithm::Rs256 => verifier!(RS256),
        Algorithm::Es256 => verifier!(ES256),
        Algorithm::Es384 => verifier!(ES384),
        Algorithm::EdDsa => verifier!(EdDSA),
        // From PEM it takes keys for PS256 only under the identifier id-RSASSA-PSS, which no key server publishes.
        _ => return Ok(None),
    };
    let mut validator = JwtPayloadValidator::new();
    validator.set_issuer(ISSUER);
    validator.set_audience(AUDIENCE);
    Ok(Some(Box::new(move |token| {
        let Ok((payload, _)) = jwt::decode_with_verifier(token, verifier.as_ref()) else {
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
            && payload.jwt_id().is_some()
    })))
}
