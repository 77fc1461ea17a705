//! What the window asks of threads: the standard library's, or in the tests of `interleavings` shuttle's, which
//! choose at each step of an atomic which thread goes on.

#[cfg(all(test, shuttle))]
pub(super) use shuttle::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
    thread::yield_now,
};
#[cfg(not(all(test, shuttle)))]
pub(super) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
    thread::yield_now,
};
