//! Kernels of asap-engine that need unsafe code, which is nowhere else: each is chosen at run time by what the processor
//! has, and each has a portable twin that is always compiled and that tests hold it against.
//!
//! The interface is safe. A kernel may answer as the engine's own code would, or have the engine's own code asked; it
//! refuses nothing by itself.

// In a test an overflow panics, which is what a test is for.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod clock;
pub mod ed25519;
mod huge_pages;
mod lanes;
mod modular;
pub mod p256;
mod plain;
mod prefetch;
#[cfg(target_arch = "x86_64")]
mod processor;
pub mod rsa;

pub use clock::{coarse_monotonic_nanos, coarse_unix_nanos};
pub use huge_pages::prefer_huge_pages;
pub use lanes::Tier;
pub use plain::{PlainAudience, PlainRoom, PlainToken};
pub use prefetch::prefetch;
