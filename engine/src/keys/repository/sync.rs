//! What the flights and the buckets ask of threads: a map, a channel and a word, dashmap's, tokio's and the standard
//! library's, or in the tests of `interleavings` those whose every step shuttle chooses.

#[cfg(not(all(test, shuttle)))]
pub(super) use dashmap::{DashMap, Entry};
#[cfg(all(test, shuttle))]
pub(super) use shuttle::sync::atomic::AtomicU64;
#[cfg(all(test, shuttle))]
pub(super) use shuttle_dashmap::{DashMap, Entry};
#[cfg(not(all(test, shuttle)))]
pub(super) use std::sync::atomic::AtomicU64;
#[cfg(not(all(test, shuttle)))]
pub(super) use tokio::sync::watch;

#[cfg(all(test, shuttle))]
pub(super) mod watch;
