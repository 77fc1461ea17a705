//! `load-test`: puts load on a gateway that verifies ASAP tokens, and checks every single answer.
//!
//! With no argument it needs nothing but this process and the loopback: it starts a key repository over TLS
//! ([`key_repository`]), a gateway with the engine ([`gateway`]), and a generator ([`generator`]), each on threads
//! of its own, so that the CPU time of the gateway can be told from that of the others. Half of the cores are the
//! gateway's, the other half the generator's.
//!
//! A run goes like this ([`run`]; times for the default of 20 s of sending):
//!
//! 1. keys are made, some tokens are signed, the servers start;
//! 2. warm-up, 1 s, closed loop: the gateway fetches its keys, and shows roughly how fast it is;
//! 3. distinct tokens for all the rest are signed on all cores, as many as that speed needs;
//! 4. ceiling, 1.5 s, closed loop: the same server and connections, answering without verification;
//! 5. saturation, 3 s, closed loop: with verification, as fast as answers come;
//! 6. ceiling again, 1.5 s: if the two differ, the machine was not steady, and the report says so;
//! 7. main phase, 13 s, open loop at 65 % of the saturated throughput: here latency is measured, from the instant
//!    at which each request was due.
//!
//! An open loop at less than saturation is what tells latencies that users would see; the closed loop of step 5
//! is what tells throughput. Neither says the other's figure. `--closed` makes the main phase a closed loop too.
//!
//! Answers of all phases are checked (status, code, `WWW-Authenticate`, `Retry-After`); only figures of the
//! warm-up are thrown away. It refuses to give a percentile that its samples cannot carry.

mod cli;
mod cpu;
mod environment;
mod findings;
mod gateway;
mod generator;
mod key_repository;
mod number;
mod parties;
mod plan;
mod progress;
mod report;
mod run;
mod scenario;
mod signing;
mod statistics;
mod target;
mod tokens;

use std::process::ExitCode;

use crate::cli::Stop;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

fn main() -> ExitCode {
    let options = match cli::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(Stop::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Usage(line)) => return misconfigured(&line),
    };
    match run::run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(line) => misconfigured(&line),
    }
}

fn misconfigured(line: &str) -> ExitCode {
    eprintln!("load-test: {line}");
    ExitCode::from(MISCONFIGURED)
}
