//! How many tokens a second `asap verify` takes from a file, in turns with the bare signature checks of the same tokens
//! on as many threads: what the machine can do at all in that minute.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use asap_bench::{AUDIENCE, Floor, KEY_ID, NOW, Tokens};
use asap_engine::{Algorithm, RsaKeySize};
use clap::Parser;

/// How many distinct tokens there are. The file has them again and again.
const DISTINCT: usize = 8_192;
/// How many lines the file has.
const LINES: usize = 32 * DISTINCT;

/// Measure asap verify with RS256 tokens from a file, against the bare signature checks.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example: cargo build --release -p asap-cli && cargo run --release -p asap-bench --bin throughput"
)]
struct Arguments {
    /// The tool [default: asap beside this program]
    #[arg(long, value_name = "FILE")]
    asap: Option<PathBuf>,
    /// How often each takes its turn
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throughput: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let asap = match &arguments.asap {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("asap"),
    };
    if !asap.is_file() {
        let path = asap.display();
        return Err(format!(
            "{path} is not there: build it with cargo build --release -p asap-cli"
        )
        .into());
    }
    eprintln!("signing {DISTINCT} tokens");
    let tokens = Tokens::sign(Algorithm::Rs256, RsaKeySize::Bits2048, DISTINCT)?;
    let floor = Floor::of(&tokens)?;
    let directory = std::env::temp_dir().join(format!("asap-throughput-{}", std::process::id()));
    let measured = in_directory(&directory, &asap, &tokens, &floor, arguments.rounds);
    fs::remove_dir_all(&directory)?;
    measured
}

fn in_directory(
    directory: &Path,
    asap: &Path,
    tokens: &Tokens,
    floor: &Floor,
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let key = directory.join("keys").join(KEY_ID);
    fs::create_dir_all(key.parent().unwrap_or(directory))?;
    fs::write(key, &tokens.public_key_pem)?;
    let file = directory.join("tokens.txt");
    write_tokens(&file, tokens)?;
    let threads = thread::available_parallelism()?.get();
    println!(
        "RS256, 2048 bits, {LINES} tokens a run, {threads} threads, in turns\n{:>18} {:>18} {:>7}",
        "bare checks/s", "asap verify/s", "ratio"
    );
    let mut figures = Vec::new();
    for _ in 0..rounds.max(1) {
        let bare = bare(floor, threads)?;
        let tool = tool(asap, &directory.join("keys"), &file)?;
        println!("{bare:>18.0} {tool:>18.0} {:>7.3}", tool / bare);
        figures.push([bare, tool, tool / bare]);
    }
    let [bare, tool, ratio] = [0, 1, 2].map(|column| median(&figures, column));
    println!("{bare:>18.0} {tool:>18.0} {ratio:>7.3}   medians");
    Ok(())
}

fn write_tokens(file: &Path, tokens: &Tokens) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(file)?);
    for token in tokens.tokens.iter().cycle().take(LINES) {
        writeln!(file, "{token}")?;
    }
    file.flush()
}

/// Signature checks a second, shared out among `threads`.
fn bare(floor: &Floor, threads: usize) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let right = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    let mut numbers = (first..LINES).step_by(threads);
                    numbers.all(|number| floor.verify(number.checked_rem(DISTINCT).unwrap_or(0)))
                })
            })
            .collect();
        workers
            .into_iter()
            .all(|worker| worker.join().unwrap_or(false))
    });
    let elapsed = start.elapsed().as_secs_f64();
    if right {
        Ok(LINES as f64 / elapsed)
    } else {
        Err("a bare signature check gave a wrong answer".into())
    }
}

/// Tokens a second by the tool, its start included.
fn tool(asap: &Path, keys: &Path, file: &Path) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new(asap);
    command
        .args(["verify", "--json", "--audience", AUDIENCE, "--keys"])
        .arg(keys)
        .args(["--at", &NOW.to_string()])
        .stdin(File::open(file)?)
        .stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let elapsed = start.elapsed().as_secs_f64();
    if status.success() {
        Ok(LINES as f64 / elapsed)
    } else {
        Err(format!("asap verify ended with {status}").into())
    }
}

fn median(figures: &[[f64; 3]], column: usize) -> f64 {
    let mut values: Vec<f64> = figures
        .iter()
        .filter_map(|row| row.get(column).copied())
        .collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1).checked_div(2).unwrap_or(0);
    values.get(middle).copied().unwrap_or(f64::NAN)
}
