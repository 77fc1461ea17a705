//! The table of deviations: where this engine does other than a published verdict, or chooses where a publisher leaves
//! the choice, and why. `tally.rs` fails for a deviation that is not here, and for a row that explains another number of
//! cases than it says; `docs/VECTORS.md` shows the rows.

mod jose;
mod json;
mod keys;
mod signatures;

use crate::judge::Published;

/// One row.
#[derive(Debug)]
pub(crate) struct Deviation {
    /// What it is called.
    pub(crate) rule: &'static str,
    /// The sets that it concerns, and how many cases of each.
    pub(crate) sets: &'static [(&'static str, usize)],
    /// Which cases of them.
    pub(crate) which: Which,
    pub(crate) published: Published,
    pub(crate) ours: Ours,
    pub(crate) reason: &'static str,
}

/// Which cases of a set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// Each that has the two verdicts.
    Every,
    /// These.
    Cases(&'static [&'static str]),
    /// Those with a flag of the publisher, or a tag of the module that judges them.
    Tagged(&'static str),
}

/// What is said here.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ours {
    Accepted,
    /// The code, or `key` and the name of what loading it found.
    Refused(&'static str),
}

/// All rows, in the order of the page.
pub(crate) fn all() -> impl Iterator<Item = &'static Deviation> {
    [jose::ROWS, signatures::ROWS, keys::ROWS, json::ROWS]
        .into_iter()
        .flatten()
}
