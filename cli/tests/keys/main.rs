//! `asap keygen`, `asap sign`, `asap keys serve` and `asap qsh` as their users have them: processes with arguments, an environment,
//! streams, an exit code, and sockets.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod directory;
mod keygen;
mod page;
mod qsh;
mod serve;
mod serve_tls;
mod server;
mod sign;
mod specification;
mod tool;
