//! The table of a key as its kernel holds it.

use super::{Build, Shelf, Slot};
use crate::crypto::accel::kernel::Answer;

/// A table when there is one, or at once.
#[derive(Debug)]
pub(in crate::crypto::accel) enum KeyTable<B: Build> {
    Soon(Slot<B>),
    AtOnce(Box<B::Table>),
}

impl<B: Build> KeyTable<B> {
    /// After the key's first few verifications, on the shelf of the process.
    pub(in crate::crypto::accel) fn soon(build: B) -> Self {
        Self::Soon(Slot::new(Shelf::of_process(), build))
    }

    /// Now, and on no shelf.
    pub(in crate::crypto::accel) fn at_once(build: &B) -> Option<Self> {
        build.build().map(|table| Self::AtOnce(Box::new(table)))
    }

    /// What `verify` says by the table, if there is one.
    #[inline]
    pub(in crate::crypto::accel) fn answer(
        &self,
        verify: impl FnOnce(&B::Table) -> Answer,
    ) -> Answer {
        let slot = match self {
            Self::Soon(slot) => slot,
            Self::AtOnce(table) => return verify(table),
        };
        let Some(tried) = &*slot.table() else {
            return Answer::NotReady;
        };
        match verify(&tried.table) {
            Answer::Valid if tried.is_on_trial() => Answer::ValidOnTrial,
            answer => answer,
        }
    }

    /// The library has found what the table did.
    pub(in crate::crypto::accel) fn confirm(&self) {
        if let Self::Soon(slot) = self
            && let Some(tried) = &*slot.table()
        {
            tried.confirm();
        }
    }
}
