//! Known answers that a kernel must give before it is asked anything else.

use super::kernel::{Answer, Kernel};
use crate::crypto::Algorithm;
use crate::crypto::public_key::PublicKey;

/// A good signature that another program has made.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownAnswer {
    /// A `SubjectPublicKeyInfo` in DER.
    pub(super) spki: &'static [u8],
    pub(super) algorithm: Algorithm,
    pub(super) message: &'static [u8],
    pub(super) signature: &'static [u8],
}

/// Whether the kernel accepts each of its known answers and none of what is made of them: a changed message, and signatures
/// that are changed, that are of another algorithm, or whose length is not theirs.
pub(super) fn is_passed<K: Kernel>() -> bool {
    let mut has_any = false;
    let is_right = K::known_answers().all(|answer| {
        has_any = true;
        is_known::<K>(&answer).unwrap_or(false)
    });
    has_any && is_right
}

/// `None` if the key cannot be prepared.
fn is_known<K: Kernel>(answer: &KnownAnswer) -> Option<bool> {
    let public_key = PublicKey::from_spki(answer.spki).ok()?;
    let key = K::prepare_at_once(public_key)?;
    let says = |algorithm, message: &[u8], signature: &[u8]| {
        matches!(
            key.answer(algorithm, message, signature),
            Answer::Valid | Answer::ValidOnTrial
        )
    };
    let accepts = |message: &[u8], signature: &[u8]| says(answer.algorithm, message, signature);
    if !accepts(answer.message, answer.signature) {
        return Some(false);
    }
    let accepts_other_message = accepts(&changed(answer.message, 0), answer.signature);
    let length = answer.signature.len();
    let accepts_other_signature = [0, length / 2, length.saturating_sub(1)]
        .into_iter()
        .any(|place| accepts(answer.message, &changed(answer.signature, place)));
    let accepts_degenerate = [vec![0; length], one(length), vec![0xff; length], Vec::new()]
        .iter()
        .any(|signature| accepts(answer.message, signature));
    let mut others = Algorithm::ALL
        .iter()
        .filter(|other| **other != answer.algorithm && public_key.kind.verifies(**other));
    let accepts_other_algorithm =
        others.any(|other| says(*other, answer.message, answer.signature));
    Some(
        !(accepts_other_message
            || accepts_other_signature
            || accepts_degenerate
            || accepts_other_algorithm),
    )
}

/// The same bytes but for one bit of the byte at `place`.
fn changed(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1;
    }
    bytes
}

/// The number one in so many bytes.
fn one(length: usize) -> Vec<u8> {
    changed(&vec![0; length], length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::super::{Ed25519Kernel, P256Kernel, RsaKernel};
    use super::*;
    use crate::crypto::aws_lc;

    /// By the portable twin, where the processor does not have the instructions.
    fn both_know<K: Kernel>(count: usize) {
        assert_eq!(K::known_answers().count(), count);
        assert!(is_passed::<K>());
        for answer in K::known_answers() {
            let key = PublicKey::from_spki(answer.spki).unwrap();
            let key = aws_lc::PreparedKey::new(key).unwrap();
            assert!(key.is_valid(answer.algorithm, answer.message, answer.signature));
        }
    }

    #[test]
    fn the_kernel_and_the_library_know_the_answers_for_each_size_and_algorithm_of_rsa() {
        both_know::<RsaKernel>(18);
    }

    #[test]
    fn the_kernel_and_the_library_know_the_answer_for_p256() {
        both_know::<P256Kernel>(1);
    }

    #[test]
    fn the_kernel_and_the_library_know_the_answer_for_ed25519() {
        both_know::<Ed25519Kernel>(1);
    }
}
