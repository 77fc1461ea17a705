//! `asap verify`: what the engine says of tokens from standard input.
//!
//! ```text
//! input ─▶ line ─▶ judge (a profile's stages, keys) ─▶ output ─▶ single_use, in order ─▶ stdout
//!  blocks   token   on every processor                   JSON or human                    tally ─▶ stderr
//! ```
//!
//! [`options`] says what may be asked, [`combination`] what of it goes together, [`profile`] what it stands for,
//! [`pipeline`] how the work is shared out. Neither a token nor a claim nor a secret
//! is ever written to standard error.

mod accepted;
mod ahead;
mod asap;
mod clock;
mod combination;
mod connect;
mod directory;
mod input;
mod instant;
mod judge;
mod kernels;
mod key_set;
mod keys;
mod line;
mod options;
mod output;
mod pipeline;
mod profile;
mod published;
mod report;
mod single_use;
mod sources;
mod tenants;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

pub(crate) use self::options::Options;

use self::judge::{Judge, Piece};
use self::output::Format;
use self::pipeline::Broken;
use self::profile::Profile;
use self::report::{Report, Tally};
use self::single_use::Log;
use crate::outcome::{Fault, Outcome};

/// Judges all tokens of standard input.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    combination::check(options)?;
    let (profile, runtime) = Profile::new(options, workers)?;
    let judge = Arc::new(Judge {
        profile,
        at: options.at,
        reading: combination::reading(options),
        format: if options.json {
            Format::Json
        } else {
            Format::Human
        },
    });
    let mut desk = Desk {
        format: judge.format,
        log: Log::new(),
        tally: Tally::default(),
        report: Report::start(),
    };
    let stopped = pipeline::run(io::stdin(), &judge, workers, |piece| desk.take(piece));
    desk.report.clear();
    if let Some(runtime) = runtime {
        // A fetch that nobody waits for holds nobody up.
        runtime.shutdown_background();
    }
    if let Some(Stop::Fault(fault)) = stopped? {
        return Err(fault);
    }
    desk.report.end(&desk.tally);
    if options.stats {
        eprintln!("{}", judge.profile.stats_json());
    }
    Ok(if desk.tally.refused() == 0 {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::new(match broken {
            Broken::Input(error) => format!("cannot read standard input: {error}"),
            Broken::Start(error) => format!("a thread cannot be started: {error}"),
            Broken::Thread => {
                "a thread has died, a fault of this program: verdicts are missing".to_owned()
            }
        })
    }
}

/// Why it ends before the input does.
enum Stop {
    /// Standard output is closed: whoever reads has read enough.
    NobodyReads,
    Fault(Fault),
}

/// Where the verdicts arrive in order, are settled and go out.
struct Desk {
    format: Format,
    log: Log,
    tally: Tally,
    report: Report,
}

impl Desk {
    fn take(&mut self, mut piece: Piece) -> ControlFlow<Stop> {
        self.settle_single_use(&mut piece);
        self.tally.add(&piece.tally);
        if let Err(error) = self.report.aside(|| print(&piece.output)) {
            return ControlFlow::Break(match error.kind() {
                io::ErrorKind::BrokenPipe => Stop::NobodyReads,
                _ => Stop::Fault(Fault::new(format!(
                    "cannot write to standard output: {error}"
                ))),
            });
        }
        self.report.update(&self.tally);
        match piece.bad {
            None => ControlFlow::Continue(()),
            Some(bad) => {
                let line = self.tally.tokens().saturating_add(1);
                let fault = format!("--input jsonl: line {line} of standard input {bad}");
                ControlFlow::Break(Stop::Fault(Fault::new(fault)))
            }
        }
    }

    /// Refuses what was accepted before, in the order of the input.
    fn settle_single_use(&mut self, piece: &mut Piece) {
        let mut output = Vec::new();
        let mut copied = 0;
        for placed in &piece.sightings {
            let Err(refusal) = self.log.check(placed.sighting) else {
                continue;
            };
            piece.tally.retract(refusal);
            let before = piece.output.get(copied..placed.verdict);
            output.extend_from_slice(before.unwrap_or_default());
            self.format.refuse(&mut output, refusal);
            copied = placed.end;
        }
        if copied > 0 {
            output.extend_from_slice(piece.output.get(copied..).unwrap_or_default());
            piece.output = output;
        }
    }
}

/// Writes whole lines, which no buffer holds back.
fn print(lines: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines)?;
    stdout.flush()
}
