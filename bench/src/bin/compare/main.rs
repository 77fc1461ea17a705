//! This engine, the floor and the peers that need nothing but Rust and a C compiler. Those that need more join them in
//! bench/peers, which shares the code.

use std::process::ExitCode;

mod comparison;

const REMARK: &str = "josekit (OpenSSL) and jwt-simple on BoringSSL: not built here, \
    cargo run --release --manifest-path bench/peers/Cargo.toml";

fn main() -> ExitCode {
    comparison::main(&[], include_str!("../../../../Cargo.lock"), REMARK)
}
