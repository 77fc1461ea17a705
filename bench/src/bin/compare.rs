//! Subjects side by side in one run: this engine on each backend, and the floor that no verifier gets below.
//!
//! A machine that others share drifts by half and more from one minute to the next, so the figures of two runs
//! do not compare. Here the subjects of a case take turns, batch by batch, in one process, and what is reported
//! of each is the median of its batches and its ratio to the floor's.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use asap_bench::{AUDIENCE, Floor, KEY_ID, Tokens};
use asap_engine::{
    Algorithm, Backend, Engine, Keyring, Policy, RsaKeySize, Scratch, SigningKey, Verdict,
    VerifyError,
};
use clap::Parser;
use serde_json::{Value, json};

/// How many distinct tokens take turns, so that no branch predictor knows the next.
const TOKENS: usize = 256;

/// Compare the cost of one verification.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example: cargo run --release -p asap-bench --bin compare -- --json compare.json"
)]
struct Arguments {
    /// Write the rows to this file too, as one JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A tenth of the batches: a look, not a figure.
    #[arg(long)]
    quick: bool,
}

/// One thing to measure. `run(n)` does its work on token `n`, and says whether the answer was right.
struct Subject<'a> {
    name: &'static str,
    version: &'static str,
    run: Box<dyn FnMut(usize) -> bool + 'a>,
    samples: Vec<f64>,
}

impl<'a> Subject<'a> {
    fn new(name: &'static str, version: &'static str, run: impl FnMut(usize) -> bool + 'a) -> Self {
        Self {
            name,
            version,
            run: Box::new(run),
            samples: Vec::new(),
        }
    }

    /// Times `count` calls, and keeps the nanoseconds of one.
    fn measure(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        let mut right = true;
        for call in 0..count {
            right &= (self.run)(call % TOKENS);
        }
        let elapsed = start.elapsed();
        if !right {
            return Err(format!("{} gave a wrong answer", self.name).into());
        }
        self.samples.push(elapsed.as_nanos() as f64 / count as f64);
        Ok(())
    }

    /// How many calls take about a millisecond and a half.
    fn batch(&mut self) -> usize {
        let start = Instant::now();
        let mut count = 0_usize;
        while start.elapsed() < Duration::from_millis(30) {
            black_box((self.run)(count % TOKENS));
            count += 1;
        }
        (count / 20).max(1)
    }

    fn allocations(&mut self) -> u64 {
        allocation_counter::measure(|| {
            black_box((self.run)(0));
        })
        .count_total
    }

    fn quantile(&self, quantile: f64) -> f64 {
        let mut samples = self.samples.clone();
        samples.sort_by(f64::total_cmp);
        let last = samples.len().saturating_sub(1) as f64;
        samples
            .get((last * quantile).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before the minute that the measuring takes.
    let file = match arguments.json.as_ref().map(File::create).transpose() {
        Ok(file) => file,
        Err(error) => {
            eprintln!("compare: the file for --json cannot be written: {error}");
            return ExitCode::from(MISCONFIGURED);
        }
    };
    match compare(arguments.quick, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(quick: bool, file: Option<File>) -> Result<(), Box<dyn Error>> {
    let batches = if quick { 30 } else { 300 };
    println!(
        "{:<24} {:<16} {:>9} {:>9} {:>9} {:>6} {:>7}",
        "case", "subject", "ns", "p5", "p95", "alloc", "/floor"
    );
    let mut rows = Vec::new();
    for (case, algorithm, size) in [
        ("RS256-2048", Algorithm::Rs256, RsaKeySize::Bits2048),
        ("RS256-4096", Algorithm::Rs256, RsaKeySize::Bits4096),
        ("PS256-2048", Algorithm::Ps256, RsaKeySize::Bits2048),
        ("ES256", Algorithm::Es256, RsaKeySize::Bits2048),
        ("ES384", Algorithm::Es384, RsaKeySize::Bits2048),
        ("EdDSA", Algorithm::EdDsa, RsaKeySize::Bits2048),
    ] {
        let tokens = Tokens::sign(algorithm, size, TOKENS)?;
        rows.extend(verification(case, &tokens, batches)?);
    }
    rows.extend(admission(batches)?);
    if let Some(file) = file {
        serde_json::to_writer_pretty(file, &rows)?;
    }
    Ok(())
}

/// The version of a dependency that this was built with, as Cargo.lock has it.
fn locked(package: &str) -> &'static str {
    include_str!("../../../Cargo.lock")
        .split_once(&format!("\nname = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("unknown", |(version, _)| version)
}

/// A token never seen, under a key at hand, against the bare primitive.
fn verification(case: &str, tokens: &Tokens, batches: usize) -> Result<Vec<Value>, Box<dyn Error>> {
    let floor = Floor::of(tokens)?;
    let aws_lc = engine(tokens, Backend::AwsLc)?;
    let ring = engine(tokens, Backend::Ring)?;
    let (mut scratch, mut ring_scratch) = (Scratch::new(), Scratch::new());
    let subjects = vec![
        Subject::new("floor/aws-lc", locked("aws-lc-rs"), |number| {
            floor.verify(number)
        }),
        Subject::new("engine/aws-lc", env!("CARGO_PKG_VERSION"), |number| {
            is_verified(&aws_lc, tokens, number, &mut scratch)
        }),
        Subject::new("engine/ring", env!("CARGO_PKG_VERSION"), |number| {
            is_verified(&ring, tokens, number, &mut ring_scratch)
        }),
    ];
    take_turns(&format!("{case}/cold"), subjects, batches)
}

fn is_verified(
    engine: &Engine<Keyring>,
    tokens: &Tokens,
    number: usize,
    scratch: &mut Scratch,
) -> bool {
    tokens.tokens.get(number).is_some_and(|token| {
        matches!(
            engine.verify_now(token.as_bytes(), scratch),
            Ok(Verdict::Verified(_))
        )
    })
}

fn engine(tokens: &Tokens, backend: Backend) -> Result<Engine<Keyring>, Box<dyn Error>> {
    let keys = Keyring::from_pems_with([(KEY_ID, tokens.public_key_pem.as_bytes())], backend)?;
    Ok(Engine::new(Policy::new(AUDIENCE)?, keys).with_clock(Tokens::now))
}

/// Everything before the signature, and refusals.
fn admission(batches: usize) -> Result<Vec<Value>, Box<dyn Error>> {
    let (key, _) = SigningKey::generate(Algorithm::Rs256)?;
    let tokens = Tokens::sign_with(&key, "", TOKENS)?.tokens;
    // One claim of its own keeps a token from the shortcut for plain ones.
    let own_claim = Tokens::sign_with(&key, r#","scope":"read write""#, TOKENS)?.tokens;
    let wanted = Policy::new(AUDIENCE)?;
    let elsewhere = Policy::new("micros/service-c")?;
    let (mut first, mut second, mut third) = (Scratch::new(), Scratch::new(), Scratch::new());
    let mut fourth = Scratch::new();
    let late = asap_engine::UnixTime::from_secs(asap_bench::NOW + 3600);
    let version = env!("CARGO_PKG_VERSION");
    let subjects = vec![
        Subject::new("engine/admit", version, |number| {
            tokens.get(number).is_some_and(|token| {
                wanted
                    .admit(token.as_bytes(), Tokens::now(), &mut first)
                    .is_ok()
            })
        }),
        Subject::new("engine/own claim", version, |number| {
            own_claim.get(number).is_some_and(|token| {
                wanted
                    .admit(token.as_bytes(), Tokens::now(), &mut fourth)
                    .is_ok()
            })
        }),
        Subject::new("engine/expired", version, |number| {
            tokens.get(number).is_some_and(|token| {
                wanted.admit(token.as_bytes(), late, &mut second).err()
                    == Some(VerifyError::Expired)
            })
        }),
        Subject::new("engine/audience", version, |number| {
            tokens.get(number).is_some_and(|token| {
                elsewhere
                    .admit(token.as_bytes(), Tokens::now(), &mut third)
                    .err()
                    == Some(VerifyError::AudienceMismatch)
            })
        }),
    ];
    take_turns("RS256-2048/admit", subjects, batches)
}

/// Measures the subjects of one case in turns, and prints a row for each. The first is the floor.
fn take_turns(
    case: &str,
    mut subjects: Vec<Subject<'_>>,
    batches: usize,
) -> Result<Vec<Value>, Box<dyn Error>> {
    let counts: Vec<_> = subjects.iter_mut().map(Subject::batch).collect();
    for _ in 0..batches {
        for (subject, count) in subjects.iter_mut().zip(&counts) {
            subject.measure(*count)?;
        }
    }
    let floor = subjects
        .first()
        .map_or(f64::NAN, |floor| floor.quantile(0.5));
    Ok(subjects
        .iter_mut()
        .map(|subject| row(case, subject, floor))
        .collect())
}

fn row(case: &str, subject: &mut Subject<'_>, floor: f64) -> Value {
    let [median, low, high] = [0.5, 0.05, 0.95].map(|quantile| subject.quantile(quantile));
    let allocations = subject.allocations();
    let ratio = median / floor;
    println!(
        "{case:<24} {:<16} {median:>9.1} {low:>9.1} {high:>9.1} {allocations:>6} {ratio:>7.3}",
        subject.name
    );
    json!({
        "case": case,
        "subject": subject.name,
        "version": subject.version,
        "ns": median,
        "ns_p5": low,
        "ns_p95": high,
        "allocations": allocations,
        "ratio_to_floor": ratio,
    })
}
