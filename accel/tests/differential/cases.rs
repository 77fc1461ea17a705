//! How many cases a test takes: fewer under valgrind, where the twins and portable tiers are all that runs.

use std::env;

/// As many as `ASAP_CASES` says, if it says.
pub(crate) fn cases(usually: u64) -> u64 {
    env::var("ASAP_CASES").map_or(usually, |cases| cases.parse().expect("a number"))
}

/// Whether the processor is one that valgrind plays, which must not have what the kernels take, or nothing would be said of the twins.
pub(crate) fn is_without_kernel() -> bool {
    env::var_os("ASAP_WITHOUT_KERNEL").is_some()
}
