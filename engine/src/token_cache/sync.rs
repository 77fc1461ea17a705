//! What the cache asks of threads: the standard library's, or in the tests of `interleavings` shuttle's, which choose at
//! each step which thread goes on.

#[cfg(all(test, shuttle))]
pub(super) use shuttle::sync::{
    Mutex, TryLockError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(all(test, shuttle)))]
pub(super) use std::sync::{
    Mutex, TryLockError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
