//! What becomes of the JSON of `compare` and `sweep`: the plots of docs/BENCHMARKS.md, and files for services that keep
//! benchmarks over time.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::measure::Row;

mod bars;
mod figures;
mod lines;
mod scale;
mod services;
mod stacks;
mod svg;
mod tables;

/// Make plots, or files for services that keep benchmarks, of what compare and sweep measured.
#[derive(Debug, Parser)]
#[command(
    name = "report",
    after_help = "Example: cargo run -p asap-bench-kit --bin report -- plots --out docs/plots compare.json sweep.json"
)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the plots that the rows suffice for, as SVG
    Plots {
        /// The directory to write them to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Files that compare and sweep wrote with --json
        #[arg(required = true, value_name = "FILE")]
        rows: Vec<PathBuf>,
    },
    /// Put the tables that the rows suffice for into a page, between the comments that name them
    Tables {
        /// The page
        #[arg(long, value_name = "FILE")]
        into: PathBuf,
        /// Files that compare and sweep wrote with --json
        #[arg(required = true, value_name = "FILE")]
        rows: Vec<PathBuf>,
    },
    /// Print them in bencher.dev's format (BMF)
    Bmf {
        /// Files that compare and sweep wrote with --json
        #[arg(required = true, value_name = "FILE")]
        rows: Vec<PathBuf>,
    },
    /// Print them in the format customSmallerIsBetter of github-action-benchmark
    Github {
        /// Files that compare and sweep wrote with --json
        #[arg(required = true, value_name = "FILE")]
        rows: Vec<PathBuf>,
    },
}

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

/// The program `report`.
#[must_use]
pub fn main() -> ExitCode {
    match run(&Arguments::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::from(MISCONFIGURED)
        }
    }
}

fn run(what: &What) -> Result<(), Box<dyn Error>> {
    match what {
        What::Plots { out, rows } => plots(out, &read(rows)?),
        What::Tables { into, rows } => {
            let page = tables::put_into(&fs::read_to_string(into)?, &read(rows)?)?;
            Ok(fs::write(into, page)?)
        }
        What::Bmf { rows } => print(&services::bmf(&read(rows)?)),
        What::Github { rows } => print(&services::github(&read(rows)?)),
    }
}

fn read(files: &[PathBuf]) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for file in files {
        let name = file.display();
        let opened = File::open(file).map_err(|error| format!("{name}: {error}"))?;
        let read: Vec<Row> = serde_json::from_reader(std::io::BufReader::new(opened))
            .map_err(|error| format!("{name} is not what compare or sweep write: {error}"))?;
        rows.extend(read);
    }
    Ok(rows)
}

fn print(json: &serde_json::Value) -> Result<(), Box<dyn Error>> {
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, json)?;
    Ok(writeln!(stdout)?)
}

fn plots(directory: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    for (name, figure) in figures::all(rows) {
        let path = directory.join(name);
        match figure {
            Some(svg) => {
                fs::write(&path, svg)?;
                println!("{}", path.display());
            }
            None => println!("{}: not drawn, no rows for it", path.display()),
        }
    }
    Ok(())
}
