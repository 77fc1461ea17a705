//! Plots, and files for services, of what `compare` and `sweep` measured.

use std::process::ExitCode;

fn main() -> ExitCode {
    asap_bench_kit::report::main()
}
