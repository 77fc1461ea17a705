//! What the kernels take by themselves.

use std::process::ExitCode;

fn main() -> ExitCode {
    asap_bench_kit::kernels::main()
}
