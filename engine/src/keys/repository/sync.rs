//! What the flights ask of threads: a map and a channel, dashmap's and tokio's, or in the tests of `interleavings` those
//! whose every step shuttle chooses.

#[cfg(not(all(test, shuttle)))]
pub(super) use dashmap::{DashMap, Entry};
#[cfg(all(test, shuttle))]
pub(super) use shuttle_dashmap::{DashMap, Entry};
#[cfg(not(all(test, shuttle)))]
pub(super) use tokio::sync::watch;

#[cfg(all(test, shuttle))]
pub(super) mod watch;
