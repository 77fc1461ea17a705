//! Subjects side by side in one run: this engine on each backend, the floor that no verifier gets below, and other
//! libraries.
//!
//! Every subject verifies the same tokens, each by the clock and the key it would have in use, and every answer is
//! checked. Before anything is measured each shows on [`strictness`]'s tokens that it verifies at all, and what it lets
//! through is printed below the table. Each shows it anew for each key, and for the tokens of each of the [`profiles`].

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "figures for people"
)]

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

mod admission;
mod cached;
mod cold;
mod engine;
mod far_memory;
mod many_keys;
mod peers;
mod profiles;
mod refused;
mod stages;
mod strictness;
pub(crate) mod task;

pub(crate) use peers::{Peer, Verifier};

use asap_bench_kit::measure::{Options, Row, Subject, take_turns};

use strictness::Accepts;

/// How many distinct tokens take turns, so that no branch predictor knows the next.
const TOKENS: usize = 256;

/// Compare the cost of one verification.
#[derive(Debug, Parser)]
#[command(
    name = "compare",
    after_help = "Example: cargo run --release -p asap-bench --bin compare -- --json compare.json"
)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Only the cases whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    case: String,
}

/// The program `compare`: with the peers that it always has, those in `more`, and a remark on those it lacks.
/// `lock_file` is the Cargo.lock that it was built with.
pub(crate) fn main(more: &[Peer], lock_file: &str, remark: &str) -> ExitCode {
    let Arguments { options, case } = Arguments::parse();
    options.run("compare", 300, |batches| {
        rows(more, lock_file, remark, &case, batches, options.is_quick())
    })
}

fn rows(
    more: &[Peer],
    lock_file: &str,
    remark: &str,
    wanted: &str,
    batches: usize,
    quick: bool,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let ours = engine::subjects()?;
    let subjects = [ours.as_slice(), &peers::PEERS, more].concat();
    let accepts = strictness::try_all(&subjects)?;
    let of_ours = accepts.iter().take(ours.len());
    if let Some(lax) = of_ours.into_iter().find(|accepts| !accepts.what.is_empty()) {
        return Err(format!("{} accepts {}", lax.subject, lax.what.join("; ")).into());
    }
    let comparison = Comparison {
        accepts,
        subjects,
        lock_file,
        wanted,
        batches,
    };
    println!("{}", Row::TITLES);
    let mut rows = cold::rows(&comparison)?;
    rows.extend(refused::rows(&comparison)?);
    rows.extend(admission::rows(&comparison)?);
    rows.extend(stages::rows(&comparison)?);
    rows.extend(cached::rows(&comparison, quick)?);
    rows.extend(profiles::rows(&comparison)?);
    rows.extend(many_keys::rows(&comparison, quick)?);
    rows.extend(far_memory::rows(&comparison)?);
    comparison.print_legend(remark);
    Ok(rows)
}

/// What the cases share.
struct Comparison<'a> {
    /// This engine on each backend, then the peers.
    subjects: Vec<Peer>,
    accepts: Vec<Accepts>,
    lock_file: &'a str,
    wanted: &'a str,
    batches: usize,
}

impl Comparison<'_> {
    fn is_wanted(&self, case: &str) -> bool {
        case.contains(self.wanted)
    }

    /// The version of a package that this was built with, as Cargo.lock has it: the newest, if there are several, since
    /// the older ones are what other packages ask for.
    fn version(&self, package: &str) -> &str {
        self.lock_file
            .rsplit_once(&format!("\nname = \"{package}\"\nversion = \""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map_or("unknown", |(version, _)| version)
    }

    /// What `subject` accepts that it should refuse.
    fn accepts(&self, subject: &str) -> &[String] {
        let accepts = self.accepts.iter().find(|found| found.subject == subject);
        accepts.map_or(&[], |found| &found.what)
    }

    fn print_legend(&self, remark: &str) {
        println!(
            "\nalloc: calls of the Rust allocator in one call; what C code allocates is not seen. /floor: by the first row.\n\
             Keys are at hand, prepared as each library can. This engine and the crate asap find theirs by the kid; the\n\
             others are handed theirs. No peer keeps verified tokens.\n\
             connect, forge, trello: this engine does all that the profile asks for, the request's hash (qsh) included; the peers\n\
             do the JWT alone: signature, times, iss, and aud where there is one.\n\
             keys: so many take turns, a token each. 16 MiB touched: before each call, which is timed by itself.\n"
        );
        for subject in &self.subjects {
            let version = self.version(subject.package);
            println!("{} {version}: {}", subject.name, subject.what);
            let accepts = self.accepts(subject.name);
            if accepts.is_empty() {
                println!("    refuses every trial");
            } else {
                println!("    accepts: {}", accepts.join("; "));
            }
        }
        println!("{remark}");
    }
}
