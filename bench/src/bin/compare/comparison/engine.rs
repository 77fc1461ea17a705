//! This engine as a subject: a keyring, a policy, the system's clock, and the caller's scratch space.

use std::error::Error;

use asap_engine::{Algorithm, Backend, Engine, Keyring, Policy, Scratch, Verdict};

use super::{Peer, Verifier};
use asap_bench_kit::{AUDIENCE, KEY_ID};

/// This engine on each backend.
pub(super) const SUBJECTS: [Peer; 2] = [
    Peer::new(
        "engine/aws-lc",
        "asap-engine",
        "verify_now, the key found by its kid in a keyring of one",
        |algorithm, pem| verifier(algorithm, pem, Backend::AwsLc),
    ),
    Peer::new(
        "engine/ring",
        "asap-engine",
        "the same with Backend::Ring",
        |algorithm, pem| verifier(algorithm, pem, Backend::Ring),
    ),
];

fn verifier(
    _: Algorithm,
    public_key_pem: &str,
    backend: Backend,
) -> Result<Option<Verifier>, Box<dyn Error>> {
    let keys = Keyring::from_pems_with([(KEY_ID, public_key_pem.as_bytes())], backend)?;
    let engine = Engine::new(Policy::new(AUDIENCE)?, keys);
    let mut scratch = Scratch::new();
    Ok(Some(Box::new(move |token| {
        matches!(
            engine.verify_now(token.as_bytes(), &mut scratch),
            Ok(Verdict::Verified(_))
        )
    })))
}
