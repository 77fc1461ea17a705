//! What the cost of a verification depends on: the length of the token, how many keys there are, how many tokens are
//! kept, and whether two threads do it at once.
//!
//! Rows are as those of [`measure`](crate::measure), with `amount` and `threads` beside. Each case has its amounts in
//! turns, so the shape of a curve holds on a machine that drifts.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::measure::Row;

mod cached;
mod keys;
mod length;
mod threads;

/// Measure what the cost of a verification depends on.
#[derive(Debug, Parser)]
#[command(
    name = "sweep",
    after_help = "Example: cargo run --release -p asap-bench-kit --bin sweep -- --json sweep.json"
)]
struct Arguments {
    /// Write the rows to this file too, as one JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A tenth of the batches: a look, not a figure.
    #[arg(long)]
    quick: bool,
}

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

/// The program `sweep`.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let file = match arguments.json.as_ref().map(File::create).transpose() {
        Ok(file) => file,
        Err(error) => {
            eprintln!("sweep: the file for --json cannot be written: {error}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    match run(arguments.quick, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sweep: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(quick: bool, file: Option<File>) -> Result<(), Box<dyn Error>> {
    let batches = if quick { 20 } else { 200 };
    println!("{}", Row::TITLES);
    let mut rows = length::rows(batches)?;
    rows.extend(keys::rows(batches)?);
    rows.extend(cached::rows(batches)?);
    if let Some(file) = file {
        serde_json::to_writer_pretty(file, &rows)?;
    }
    Ok(())
}
