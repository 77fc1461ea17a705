//! What the tests of the public API share: keys made here, and servers that answer as a test says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "a helper that fails fails its test"
)]

pub mod key_server;
pub mod keys;
