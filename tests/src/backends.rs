//! A resource server that knows the keys of all algorithms, once for each backend.

use std::sync::LazyLock;

use asap_engine::{Algorithm, Backend, Engine, KernelState, Keyring, VerifyError, accel_stats};

use crate::fixture::{NOW, keyring, policy, verdict};

static AWS_LC: LazyLock<Engine<Keyring>> =
    LazyLock::new(|| knowing(Algorithm::ALL, Backend::AwsLc));

static RING: LazyLock<Engine<Keyring>> = LazyLock::new(|| {
    let known: Vec<_> = Algorithm::ALL
        .iter()
        .copied()
        .filter(|one| known_to_ring(*one))
        .collect();
    knowing(&known, Backend::Ring)
});

static ACCEL: LazyLock<Engine<Keyring>> = LazyLock::new(|| knowing(Algorithm::ALL, Backend::Accel));

/// Whether ring has the algorithm: it knows no P-521.
#[must_use]
pub fn known_to_ring(algorithm: Algorithm) -> bool {
    algorithm != Algorithm::Es512
}

/// What every backend says of a token: they must agree, apart from keys that one of them does not know, and nothing that a
/// kernel says may have been found wrong.
///
/// # Errors
///
/// The refusal.
pub fn judge_by_all(token: impl AsRef<[u8]>) -> Result<(), VerifyError> {
    let expected = verdict(&AWS_LC, token.as_ref());
    let second_opinion = verdict(&RING, token.as_ref());
    if second_opinion != Err(VerifyError::KeyUnknown) {
        let token = String::from_utf8_lossy(token.as_ref());
        assert_eq!(second_opinion, expected, "the backends disagree: {token}");
    }
    let by_kernel = verdict(&ACCEL, token.as_ref());
    assert_eq!(by_kernel, expected, "a kernel disagrees");
    assert_no_disagreement();
    expected
}

/// Asserts that aws-lc has agreed with the kernels so far. Without it, a kernel that refuses what is good would not be seen:
/// its guard has aws-lc decide.
///
/// # Panics
///
/// If a kernel was found wrong, or does not know its known answers.
pub fn assert_no_disagreement() {
    for (name, kernel) in accel_stats().kernels() {
        assert_eq!(kernel.disagreements, 0, "{name} {kernel:?}");
        assert_ne!(kernel.state, KernelState::SelfTestFailed, "{name}");
    }
}

fn knowing(algorithms: &[Algorithm], backend: Backend) -> Engine<Keyring> {
    Engine::new(policy(), keyring(algorithms, backend)).with_clock(|| NOW)
}
