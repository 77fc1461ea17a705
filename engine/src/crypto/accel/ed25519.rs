//! The kernel for Ed25519 (RFC 8037 section 3.1) with tables per key: `asap_accel::ed25519`.

use std::cell::Cell;
use std::thread::LocalKey;

use asap_accel::ed25519::VerifyKey;
use aws_lc_rs::digest::{self, Digest, SHA512};

use super::guard::first_countdown;
use super::kernel::{Answer, Kernel};
use super::self_test::KnownAnswer;
use super::tables::{Build, KeyTable};
use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey};

/// What the kernel takes for a key.
#[derive(Debug)]
pub(super) struct Ed25519Kernel {
    point: Point,
    table: KeyTable<Point>,
}

/// An encoded point (RFC 8032 section 5.1.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Point([u8; 32]);

impl Build for Point {
    type Table = VerifyKey;

    fn build(&self) -> Option<VerifyKey> {
        VerifyKey::new(&self.0)
    }

    fn bytes(table: &VerifyKey) -> usize {
        table.bytes()
    }
}

impl Kernel for Ed25519Kernel {
    const NAME: &'static str = "ed25519";

    fn is_for(kind: KeyKind) -> bool {
        kind == KeyKind::Ed25519
    }

    /// Without the instructions for lanes it works in plain code.
    fn is_available() -> bool {
        true
    }

    fn prepare(key: PublicKey<'_>) -> Option<Self> {
        let point = Point(key.bytes.try_into().ok()?);
        let table = KeyTable::soon(point);
        Some(Self { point, table })
    }

    fn prepare_at_once(key: PublicKey<'_>) -> Option<Self> {
        let point = Point(key.bytes.try_into().ok()?);
        let table = KeyTable::at_once(&point)?;
        Some(Self { point, table })
    }

    #[inline]
    fn answer(&self, _: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        self.table
            .answer(|key| self.is_valid(key, message, signature).into())
    }

    fn confirm(&self) {
        self.table.confirm();
    }

    fn known_answers() -> impl Iterator<Item = KnownAnswer> {
        [KnownAnswer {
            spki: include_bytes!("known_answers/ed25519.spki"),
            algorithm: Algorithm::EdDsa,
            message: super::rsa::MESSAGE,
            signature: include_bytes!("known_answers/ed25519.signature"),
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

impl Ed25519Kernel {
    #[inline]
    fn is_valid(&self, key: &VerifyKey, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = <&[u8; 64]>::try_from(signature) else {
            return false;
        };
        let [first, _] = signature.as_chunks::<32>().0 else {
            return false;
        };
        hash(first, &self.point.0, message)
            .as_ref()
            .try_into()
            .is_ok_and(|hash| key.verify(hash, signature))
    }
}

/// SHA-512 over the first half of a signature, the public key, and the message (RFC 8032 section 5.1.7 step 2).
#[inline]
fn hash(first: &[u8; 32], point: &[u8; 32], message: &[u8]) -> Digest {
    // In one piece where there is room: a hash of pieces takes an allocation of the library.
    let mut room = [0; 1024];
    let length = message.len().saturating_add(64);
    if let Some(input) = room.get_mut(..length)
        && let Some((start, rest)) = input.split_at_mut_checked(64)
    {
        let (to_first, to_point) = start.split_at_mut(32);
        to_first.copy_from_slice(first);
        to_point.copy_from_slice(point);
        rest.copy_from_slice(message);
        return digest::digest(&SHA512, input);
    }
    let mut context = digest::Context::new(&SHA512);
    context.update(first);
    context.update(point);
    context.update(message);
    context.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;
    use crate::keys::pem;

    #[test]
    fn messages_around_the_room_that_one_may_have_are_hashed_whole() {
        let (signer, _) = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let spki = pem::public_key(signer.public_key_pem().as_bytes()).unwrap();
        let key = Ed25519Kernel::prepare_at_once(PublicKey::from_spki(&spki).unwrap()).unwrap();
        for length in [0, 1, 959, 960, 961, 5000] {
            let mut message = vec![7; length];
            let signature = signer.sign(&message).unwrap();
            let answer = key.answer(Algorithm::EdDsa, &message, &signature);
            assert_eq!(answer, Answer::Valid, "{length}");
            message.push(7);
            let answer = key.answer(Algorithm::EdDsa, &message, &signature);
            assert_eq!(answer, Answer::Invalid, "{length}");
        }
    }
}
