//! `asap verify` as a user runs it: the real binary, its output to the byte, its exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod connect;
mod input;
mod keys;
mod published;
mod single_use;
mod support;
mod usage;
mod verdicts;
