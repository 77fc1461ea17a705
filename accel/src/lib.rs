//! Kernels of asap-engine that need unsafe code, which is nowhere else: each is chosen at run time by what the processor
//! has, and each has a portable twin that is always compiled and that tests hold it against.
//!
//! The interface is safe. A kernel may answer as the engine's own code or its library would, or say that it cannot tell; the
//! engine has every refusal looked at again, so a kernel refuses nothing by itself.
//!
//! | what | on | its twin, which runs anywhere |
//! |---|---|---|
//! | [`PlainToken`]: reads tokens that are written plainly | AVX-512 with VBMI2 | `plain/portable.rs` |
//! | [`rsa`]: signatures with e = 65537 under 2048, 3072 and 4096 bits | AVX-512 IFMA | `rsa/portable.rs` |
//! | [`p256`], [`ed25519`]: signatures under keys that have a table | AVX-512 IFMA and VBMI2, or any ([`Tier`]) | `p256/model/`, `ed25519/model/` |
//! | [`prefetch`], [`prefer_huge_pages`], coarse clocks | where there are such | nothing happens |
//!
//! What a kernel computes, why its numbers stay in their bounds, and why it accepts nothing false is said in the documentation of its
//! module, with the mathematics and its sources. To read the code of one, begin there; then
//!
//! - `rsa/`: `key.rs` (what is prepared and how it is checked), `portable.rs` (the arithmetic as one would write it on paper),
//!   `avx512/` (the same over registers);
//! - `p256/` and `ed25519/`: `digits.rs`, `table.rs`, `scalar.rs` (one point after the other), `lanes/` (eight at a time), which is
//!   compiled over registers and over arrays;
//! - `processor.rs`: the one place where the processor is asked what it has.
//!
//! Nothing here ever sees a private key, and nothing here is fit for one: times depend on the numbers.

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
#[cfg(test)]
mod test_support;

pub use clock::{coarse_monotonic_nanos, coarse_unix_nanos};
pub use huge_pages::prefer_huge_pages;
pub use lanes::Tier;
#[doc(hidden)]
pub use modular::Operation;
pub use plain::{PlainAudience, PlainRoom, PlainToken};
pub use prefetch::prefetch;
