//! Any key, message and signature near a good one: both backends load the same keys and give the same verdicts, and so does a
//! kernel without its guard.

use asap_engine::internals::verify_by_kernel;
use asap_engine::{Algorithm, Backend, VerifyError, VerifyingKey};

use crate::fixed::FIXED;
use crate::input::Input;

const MAX_CHANGES: usize = 32;

/// A byte chooses a key pair; then changes of four bytes each, of which one may say that the rest is the signature.
pub fn backends(data: &[u8]) {
    let mut input = Input::new(data);
    let fixed = &FIXED[usize::from(input.byte()) % FIXED.len()];
    let (mut key, mut signature) = (fixed.spki(), fixed.signature());
    let mut message = fixed.signing_input().as_bytes().to_vec();
    for _ in 0..MAX_CHANGES {
        if input.is_empty() {
            break;
        }
        let (target, position, value) = (input.byte() % 5, usize::from(input.word()), input.byte());
        match target {
            0 => change(&mut signature, position, value),
            1 => change(&mut message, position, value),
            2 => change(&mut key, position, value),
            3 => {
                signature = input.rest().to_vec();
                break;
            }
            _ => {
                // The contents of the bit string end the key: all of a point, or of an Ed25519 key.
                let new = input.rest();
                let start = key.len().saturating_sub(new.len());
                let length = key.len() - start;
                key[start..].copy_from_slice(&new[..length]);
                break;
            }
        }
    }
    let aws_lc = VerifyingKey::from_spki_with(&key, Backend::AwsLc);
    let ring = VerifyingKey::from_spki_with(&key, Backend::Ring);
    let (aws_lc, ring) = match (aws_lc, ring) {
        (Ok(aws_lc), Ok(ring)) => (aws_lc, ring),
        (aws_lc, ring) => {
            assert_eq!(aws_lc.err(), ring.err(), "one backend loads the key");
            return;
        }
    };
    for algorithm in Algorithm::ALL {
        let verdict = aws_lc.verify(*algorithm, &message, &signature);
        let other = ring.verify(*algorithm, &message, &signature);
        assert_eq!(verdict, other, "{algorithm}");
        if let Some(is_valid) = verify_by_kernel(&key, *algorithm, &message, &signature) {
            assert_eq!(is_valid, verdict.is_ok(), "the kernel, {algorithm}");
        }
        let is_original = key == fixed.spki() && message == fixed.signing_input().as_bytes();
        if *algorithm == fixed.algorithm && is_original && signature == fixed.signature() {
            assert_eq!(verdict, Ok(()));
        }
        let is_forged = key == fixed.spki() && message != fixed.signing_input().as_bytes();
        assert!(!is_forged || verdict != Ok(()), "{algorithm}: a forgery");
        if !aws_lc.verifies(*algorithm) {
            assert_eq!(verdict, Err(VerifyError::AlgorithmMismatch));
        }
    }
}

fn change(bytes: &mut [u8], position: usize, value: u8) {
    let length = bytes.len();
    if let Some(byte) = bytes.get_mut(position % length) {
        *byte ^= value;
    }
}
