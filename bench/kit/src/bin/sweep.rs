//! What the cost of a verification depends on.

use std::process::ExitCode;

fn main() -> ExitCode {
    asap_bench_kit::sweep::main()
}
