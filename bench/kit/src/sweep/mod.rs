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

use std::process::ExitCode;

use clap::Parser;

use crate::measure::{Options, Row};

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
    #[command(flatten)]
    options: Options,
}

/// The program `sweep`.
#[must_use]
pub fn main() -> ExitCode {
    Arguments::parse().options.run("sweep", 200, |batches| {
        println!("{}", Row::TITLES);
        let mut rows = length::rows(batches)?;
        rows.extend(keys::rows(batches)?);
        rows.extend(cached::rows(batches)?);
        Ok(rows)
    })
}
