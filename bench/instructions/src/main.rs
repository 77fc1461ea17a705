//! Holds the instruction counts of `benches/hot_path.rs` against the committed ones.
//!
//! A count that rose by more than [`LIMIT`] ends in failure, if it was made by the same compiler; another compiler makes
//! other code, and then it is only said. One that fell by as much is said too: renew the baseline, or the next rise
//! will hide in it.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The committed counts.
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.json");
/// By how much a count may rise.
const LIMIT: f64 = 0.05;
/// How often each bench does its work: as in benches/hot_path.rs.
const TIMES: u64 = 256;

/// Count instructions under valgrind, and hold them against bench/instructions/baseline.json.
#[derive(Debug, Parser)]
#[command(
    after_help = "Needs valgrind, and gungraun-runner of the version in Cargo.lock: \
    cargo install --locked --version 0.20.0 gungraun-runner"
)]
struct Arguments {
    /// Fail if a count rose by more than 5 %
    #[arg(long, conflicts_with = "renew", required_unless_present = "renew")]
    check: bool,
    /// Write the counts to bench/instructions/baseline.json
    #[arg(long)]
    renew: bool,
}

/// Counts, and what they were made with.
#[derive(Debug, Serialize, Deserialize)]
struct Counts {
    rustc: String,
    valgrind: String,
    /// Instructions of one call, by the name of the bench.
    instructions: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the counts are within the limit.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let counts = Counts {
        rustc: answer_of("rustc", "--version")?,
        valgrind: answer_of("valgrind", "--version")?,
        instructions: measure()?,
    };
    if arguments.renew {
        fs::write(BASELINE, serde_json::to_string_pretty(&counts)? + "\n")?;
        println!("wrote {BASELINE}");
        return Ok(true);
    }
    let baseline: Counts = serde_json::from_str(&fs::read_to_string(BASELINE)?)
        .map_err(|error| format!("{BASELINE}: {error}: make it anew with --renew"))?;
    Ok(compare(&baseline, &counts))
}

fn answer_of(program: &str, argument: &str) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program)
        .arg(argument)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs the benches, each of which prints its summary as a line of JSON.
fn measure() -> Result<BTreeMap<String, u64>, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "bench",
            "--package",
            "asap-instructions",
            "--bench",
            "hot_path",
        ])
        // Caches are not simulated: that takes as long again, and says nothing of this machine's.
        .args([
            "--",
            "--output-format=json",
            "--callgrind-args=--cache-sim=no",
        ])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo bench ended with {}", output.status).into());
    }
    let mut counts = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        if line.starts_with('{') {
            let (name, count) = count_in(&serde_json::from_str(line)?)?;
            counts.insert(name, count / TIMES);
        }
    }
    if counts.is_empty() {
        return Err("cargo bench printed no summary".into());
    }
    Ok(counts)
}

/// The name and the instructions in the summary of one bench.
fn count_in(summary: &Value) -> Result<(String, u64), Box<dyn Error>> {
    let text = |key: &str| summary.get(key).and_then(Value::as_str);
    let function = text("function_name").ok_or("a summary names its function")?;
    let id = text("id").unwrap_or_default();
    let count = instructions(summary).ok_or("a summary counts instructions")?;
    Ok((format!("{function}/{id}"), count))
}

/// The new value of the metric "Ir", wherever that is.
fn instructions(value: &Value) -> Option<u64> {
    match value {
        Value::Object(members) => match members.get("Ir") {
            Some(metric) => metric.get("values")?.get("new")?.as_u64(),
            None => members.values().find_map(instructions),
        },
        Value::Array(elements) => elements.iter().find_map(instructions),
        _ => None,
    }
}

/// Prints both, and says whether none rose above the limit.
fn compare(baseline: &Counts, counts: &Counts) -> bool {
    let is_comparable = baseline.rustc == counts.rustc;
    println!(
        "{:<28} {:>10} {:>10}",
        "instructions of one call", "committed", "now"
    );
    let mut is_within = true;
    for (name, now) in &counts.instructions {
        let Some(before) = baseline.instructions.get(name) else {
            println!("{name:<28} {:>10} {now:>10}   not committed: --renew", "-");
            is_within = false;
            continue;
        };
        let change = *now as f64 / (*before).max(1) as f64 - 1.0;
        let remark = match change {
            change if change > LIMIT => "   MORE THAN 5 % ABOVE",
            change if change < -LIMIT => "   more than 5 % below: --renew",
            _ => "",
        };
        println!(
            "{name:<28} {before:>10} {now:>10} {:>+7.1} %{remark}",
            change * 100.0
        );
        is_within &= change <= LIMIT;
    }
    for name in baseline.instructions.keys() {
        if !counts.instructions.contains_key(name) {
            println!("{name:<28} was not measured: --renew");
            is_within = false;
        }
    }
    if !is_comparable {
        println!(
            "Committed with {}, counted with {}: other code, so this is a remark and no verdict.",
            baseline.rustc, counts.rustc
        );
    }
    println!(
        "{}. AVX-512 is not counted: valgrind has none and says so.",
        counts.valgrind
    );
    is_within || !is_comparable
}
