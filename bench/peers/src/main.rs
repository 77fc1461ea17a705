//! `compare` with the peers that need a system library beside those that it always has.

use std::process::ExitCode;

#[path = "../../src/bin/compare/comparison/mod.rs"]
mod comparison;
mod josekit;

use comparison::Peer;

fn main() -> ExitCode {
    let josekit = Peer::new(
        "josekit",
        "josekit",
        "on the system's OpenSSL, with a verifier that keeps the key",
        josekit::verifier,
    );
    comparison::main(&[josekit], include_str!("../Cargo.lock"), "")
}
