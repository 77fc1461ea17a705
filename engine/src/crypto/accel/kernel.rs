//! What a kernel has to be for its guard.

use std::cell::Cell;
use std::fmt;
use std::thread::LocalKey;

use super::self_test::KnownAnswer;
use crate::crypto::Algorithm;
use crate::crypto::public_key::{KeyKind, PublicKey};

/// A key that is ready to verify signatures by other means than the library's. It may be wrong: its guard is there for that.
pub(super) trait Kernel: fmt::Debug + Sized {
    /// The name in logs.
    const NAME: &'static str;

    /// Whether keys of this kind are ones that it knows at all.
    fn is_for(kind: KeyKind) -> bool;

    /// Whether this processor has the instructions that it takes.
    fn is_available() -> bool;

    /// Prepares a key of its kind. `None` if the key is one of those that it leaves to the library.
    fn prepare(key: PublicKey<'_>) -> Option<Self>;

    /// As [`prepare`](Self::prepare), with all that it would otherwise put off.
    fn prepare_at_once(key: PublicKey<'_>) -> Option<Self> {
        Self::prepare(key)
    }

    /// Whether `signature` is this key's over `message`. `algorithm` is one of the key's own.
    fn answer(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Answer;

    /// The library has found what [`ValidOnTrial`](Answer::ValidOnTrial) said.
    fn confirm(&self) {}

    /// What it must know before it is asked anything: good signatures that another program has made.
    fn known_answers() -> impl Iterator<Item = KnownAnswer>;

    /// How many acceptances this thread is away from the next that is checked again.
    fn countdown() -> &'static LocalKey<Cell<u32>>;
}

/// What a kernel says of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is the key's.
    Valid,
    /// It is the key's, says a table that has yet to prove itself.
    ValidOnTrial,
    /// It is not.
    Invalid,
    /// It has nothing to verify with so far.
    NotReady,
    /// It cannot tell.
    Undecided,
}

impl From<bool> for Answer {
    fn from(is_valid: bool) -> Self {
        if is_valid { Self::Valid } else { Self::Invalid }
    }
}
