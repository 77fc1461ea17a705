//! This engine as a subject: a keyring, a policy, the system's clock, and the caller's scratch space.

use std::error::Error;

use asap_engine::{
    Algorithm, Backend, Engine, Keyring, Policy, RsaKeySize, Scratch, Verdict, VerifyingKey,
};

use super::{Peer, Verifier};
use asap_bench_kit::{AUDIENCE, KEY_ID, subject};

/// This engine on each backend that this build has.
pub(super) fn subjects() -> Result<Vec<Peer>, Box<dyn Error>> {
    let key = subject::key(Algorithm::Es256, RsaKeySize::Bits2048)?;
    let of_accel = VerifyingKey::from_pem_with(key.public_key_pem().as_bytes(), Backend::Accel);
    let has_kernels = of_accel.is_ok();
    Ok(SUBJECTS
        .into_iter()
        .filter(|subject| has_kernels || subject.name != ACCEL)
        .collect())
}

const ACCEL: &str = "engine/accel";

const SUBJECTS: [Peer; 3] = [
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
    Peer::new(
        ACCEL,
        "asap-engine",
        "the same with Backend::Accel: its kernels where the key and the processor have one, aws-lc for all else",
        |algorithm, pem| verifier(algorithm, pem, Backend::Accel),
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
