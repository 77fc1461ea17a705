//! The kernel for ECDSA on P-256 (RFC 7518 section 3.4) with tables per key: `asap_accel::p256`.

use std::cell::Cell;
use std::thread::LocalKey;

use asap_accel::p256::{Verdict, VerifyKey};
use aws_lc_rs::digest::{self, SHA256};

use super::guard::first_countdown;
use super::kernel::{Answer, Kernel};
use super::self_test::KnownAnswer;
use super::tables::{Build, KeyTable};
use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey};

/// What the kernel takes for a key.
#[derive(Debug)]
pub(super) struct P256Kernel(KeyTable<Point>);

/// An uncompressed point (SEC 1 section 2.3.3).
#[derive(Debug)]
pub(super) struct Point(Box<[u8]>);

impl Build for Point {
    type Table = VerifyKey;

    fn build(&self) -> Option<VerifyKey> {
        VerifyKey::new(&self.0)
    }

    fn bytes(table: &VerifyKey) -> usize {
        table.bytes()
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
        Some(Self(KeyTable::soon(Point(key.bytes.into()))))
    }

    fn prepare_at_once(key: PublicKey<'_>) -> Option<Self> {
        KeyTable::at_once(&Point(key.bytes.into())).map(Self)
    }

    #[inline]
    fn answer(&self, _: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        self.0.answer(|key| verify(key, message, signature))
    }

    fn confirm(&self) {
        self.0.confirm();
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
fn verify(key: &VerifyKey, message: &[u8], signature: &[u8]) -> Answer {
    let digest = digest::digest(&SHA256, message);
    let (Ok(digest), Ok(signature)) = (digest.as_ref().try_into(), signature.try_into()) else {
        return Answer::Invalid;
    };
    match key.verify(digest, signature) {
        Verdict::Valid => Answer::Valid,
        Verdict::Invalid => Answer::Invalid,
        _ => Answer::Undecided,
    }
}
