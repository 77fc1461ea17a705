//! Tables of keys that are used often: made in the background, within a number of bytes.
//!
//! A table makes every verification under its key several times cheaper, costs as much as ten of them, and takes 84 to 222 KiB. So a key gets one after its first few verifications and not before; nobody waits for it; and all tables of the
//! process share one [`Shelf`], whose room does not grow with the number of keys: a key set from outside cannot make it. Where there is no
//! room, the table that was not used for longest goes, and its key has to be used more often before it gets another.

mod key_table;
mod shelf;
mod slot;
#[cfg(test)]
mod tests;
mod trial;

use std::fmt;

pub(super) use key_table::KeyTable;
pub(super) use shelf::Shelf;
pub use shelf::limit_key_tables;
use slot::Slot;

/// How a table is made.
pub(super) trait Build: fmt::Debug + Send + Sync + 'static {
    type Table: fmt::Debug + Send + Sync + 'static;

    /// Makes the table, and checks it. `None` if there is none for this key. It may take a millisecond.
    fn build(&self) -> Option<Self::Table>;

    /// What a table takes, in bytes.
    fn bytes(table: &Self::Table) -> usize;
}
