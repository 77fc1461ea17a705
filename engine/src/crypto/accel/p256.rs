//! The kernel for ECDSA on P-256 (RFC 7518 section 3.4) with tables per key: `asap_accel::p256`.

use std::cell::Cell;
use std::ops::Deref;
use std::thread::LocalKey;

use asap_accel::p256::{Verdict, VerifyKey};
use aws_lc_rs::digest::{self, SHA256};

use super::guard::first_countdown;
use super::kernel::{Answer, Kernel};
use super::self_test::KnownAnswer;
use super::tables::{Build, Shelf, Slot, Tried};
use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey};

/// What the kernel takes for a key.
#[derive(Debug)]
pub(super) enum P256Kernel {
    /// A table when there is one.
    Slot(Slot<Point>),
    /// A table at once.
    Table(Box<VerifyKey>),
}

/// An uncompressed point (SEC 1 section 2.3.3).
#[derive(Debug)]
pub(super) struct Point(Box<[u8]>);

impl Build for Point {
    type Table = Tried<VerifyKey>;

    fn build(&self) -> Option<Self::Table> {
        VerifyKey::new(&self.0).map(Tried::new)
    }

    fn bytes(table: &Self::Table) -> usize {
        table.table().bytes()
    }
}

impl Kernel for P256Kernel {
    const NAME: &'static str = "p256";

    fn is_for(kind: KeyKind) -> bool {
        kind == KeyKind::P256
    }

    /// Without the instructions for lanes it works in plain code.
    fn is_available() -> bool {
        true
    }

    fn prepare(key: PublicKey<'_>) -> Option<Self> {
        let point = Point(key.bytes.into());
        Some(Self::Slot(Slot::new(Shelf::of_process(), point)))
    }

    fn prepare_at_once(key: PublicKey<'_>) -> Option<Self> {
        let key = VerifyKey::new(key.bytes)?;
        Some(Self::Table(Box::new(key)))
    }

    #[inline]
    fn answer(&self, _: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        let slot = match self {
            Self::Slot(slot) => slot,
            Self::Table(key) => return verify(key, message, signature, || Answer::Valid),
        };
        match slot.table().deref() {
            Some(tried) => verify(tried.table(), message, signature, || tried.valid()),
            None => Answer::NotReady,
        }
    }

    fn known_answers() -> impl Iterator<Item = KnownAnswer> {
        [KnownAnswer {
            spki: include_bytes!("known_answers/p256.spki"),
            algorithm: Algorithm::Es256,
            message: super::rsa::MESSAGE,
            signature: include_bytes!("known_answers/p256.signature"),
        }]
        .into_iter()
    }

    fn countdown() -> &'static LocalKey<Cell<u32>> {
        thread_local! {
            static COUNTDOWN: Cell<u32> = Cell::new(first_countdown());
        }
        &COUNTDOWN
    }
}

#[inline]
fn verify(
    key: &VerifyKey,
    message: &[u8],
    signature: &[u8],
    valid: impl FnOnce() -> Answer,
) -> Answer {
    let digest = digest::digest(&SHA256, message);
    let (Ok(digest), Ok(signature)) = (digest.as_ref().try_into(), signature.try_into()) else {
        return Answer::Invalid;
    };
    match key.verify(digest, signature) {
        Verdict::Valid => valid(),
        Verdict::Invalid => Answer::Invalid,
        _ => Answer::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::accel::self_test;
    use crate::crypto::{SigningKey, aws_lc};
    use crate::limits::{TABLE_TRIALS, TABLE_USES};

    #[test]
    fn the_kernel_and_the_library_know_the_answer() {
        assert!(self_test::is_passed::<P256Kernel>());
        for answer in P256Kernel::known_answers() {
            let key = PublicKey::from_spki(answer.spki).unwrap();
            let key = aws_lc::PreparedKey::new(key).unwrap();
            assert!(key.is_valid(answer.algorithm, answer.message, answer.signature));
        }
    }

    #[test]
    fn a_key_in_use_gets_a_table_which_is_tried_and_then_trusted() {
        let (signer, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let spki = crate::keys::pem::public_key(signer.public_key_pem().as_bytes()).unwrap();
        let key = P256Kernel::prepare(PublicKey::from_spki(&spki).unwrap()).unwrap();
        let signature = signer.sign(b"message").unwrap();
        let answer = |message: &[u8]| key.answer(Algorithm::Es256, message, &signature);
        for _ in 0..TABLE_USES {
            assert_eq!(answer(b"message"), Answer::NotReady);
        }
        let mut first = answer(b"message");
        while first == Answer::NotReady {
            std::thread::yield_now();
            first = answer(b"message");
        }
        assert_eq!(first, Answer::ValidOnTrial);
        assert_eq!(answer(b"another message"), Answer::Invalid);
        for _ in 1..TABLE_TRIALS {
            assert_eq!(answer(b"message"), Answer::ValidOnTrial);
        }
        assert_eq!(answer(b"message"), Answer::Valid);
        assert_eq!(answer(b"another message"), Answer::Invalid);
    }
}
