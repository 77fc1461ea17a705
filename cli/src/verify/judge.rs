//! What is said of a block of lines: each token by its profile, at its instant.
//!
//! Single use is not settled here: several workers judge at once, and it goes by the order of the input.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::SystemTime;

use asap_engine::UnixTime;

use super::accepted::Accepted;
use super::ahead::{Ahead, LINES_AHEAD};
use super::asap::Asap;
use super::input;
use super::line::{BadLine, Line, Reading};
use super::output::Format;
use super::profile::{Bench, Profile, Wait};
use super::report::Tally;
use super::single_use::Sighting;

/// How much output is collected before it is handed on. Short lines have longer answers.
const PIECE: usize = 256 * 1024;

/// What is asked of every token.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) profile: Profile,
    /// The instant of tokens that bring none; the time of day if there is none.
    pub(super) at: Option<UnixTime>,
    pub(super) reading: Reading,
    pub(super) format: Format,
}

/// The verdicts on some lines, in order.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) output: Vec<u8>,
    pub(super) tally: Tally,
    /// The accepted tokens of `output`, if tokens are for single use.
    pub(super) sightings: Vec<PlacedSighting>,
    /// What the line is that comes next, if it holds no token. Nothing is judged after it.
    pub(super) bad: Option<BadLine>,
    /// Whether the block ends here.
    pub(super) is_last: bool,
}

/// A token that is accepted if this is its first sighting.
#[derive(Debug)]
pub(super) struct PlacedSighting {
    pub(super) sighting: Sighting,
    /// Where its verdict begins in the output, and where its line ends.
    pub(super) verdict: usize,
    pub(super) end: usize,
}

/// Judges one block after the other.
#[derive(Debug)]
pub(super) struct Worker {
    judge: Arc<Judge>,
    bench: Bench,
}

impl Worker {
    pub(super) fn new(judge: Arc<Judge>) -> Self {
        let bench = judge.profile.bench();
        Self { judge, bench }
    }

    /// Judges the lines of `block`, and hands on what there is to say of them.
    pub(super) fn judge(&mut self, block: &[u8], outlet: &Outlet) {
        let mut piece = Piece::default();
        let mut lines = input::lines(block);
        while let Some(line) = lines.next() {
            match self.judge.reading.read(line) {
                Ok(line) => self.judge_line(&line, lines.clone(), &mut piece, outlet),
                Err(bad) => {
                    piece.bad = Some(bad);
                    break;
                }
            }
            if piece.output.len() >= PIECE {
                self.bench.report_hits();
                if !outlet.send(std::mem::take(&mut piece)) {
                    return;
                }
            }
        }
        self.bench.report_hits();
        self.bench.end_block();
        piece.is_last = true;
        outlet.send(piece);
    }

    fn judge_line<'b>(
        &mut self,
        line: &Line<'_>,
        next: impl Iterator<Item = &'b [u8]>,
        piece: &mut Piece,
        outlet: &Outlet,
    ) {
        let Self { judge, bench } = self;
        let (at, now) = (judge.at(line), || judge.now(line));
        let verdict = bench.judge(line, at, now, |wait| {
            outlet.offer(piece);
            if let Wait::Key(rules, ahead) = wait {
                judge.look_ahead(rules, next, ahead);
            }
        });
        let output = &mut piece.output;
        judge.format.begin(output, line.id);
        let start = output.len();
        match verdict {
            Ok(accepted) => {
                piece.tally.accept();
                judge.format.accept(output, &accepted.facts());
                if let Accepted::Asap(_, Some(sighting)) = accepted {
                    piece.sightings.push(PlacedSighting {
                        sighting,
                        verdict: start,
                        end: output.len(),
                    });
                }
            }
            Err(refusal) => {
                piece.tally.refuse(refusal);
                judge.format.refuse(output, refusal);
            }
        }
    }
}

/// Where the pieces of one block go.
#[derive(Debug)]
pub(super) struct Outlet(SyncSender<Piece>);

impl Outlet {
    /// Room for two pieces, which wait for the blocks before this one.
    pub(super) fn new() -> (Self, Receiver<Piece>) {
        let (sender, pieces) = mpsc::sync_channel(2);
        (Self(sender), pieces)
    }

    /// Waits for room. False if nobody wants it.
    fn send(&self, piece: Piece) -> bool {
        self.0.send(piece).is_ok()
    }

    /// Hands on what there is, if there is room.
    fn offer(&self, piece: &mut Piece) {
        if piece.output.is_empty() {
            return;
        }
        if let Err(TrySendError::Full(back)) = self.0.try_send(std::mem::take(piece)) {
            *piece = back;
        }
    }
}

impl Judge {
    /// The instant at which a token is to be judged, if any is said.
    fn at(&self, line: &Line<'_>) -> Option<UnixTime> {
        line.at.or(self.at)
    }

    /// The instant at which a token is judged.
    fn now(&self, line: &Line<'_>) -> UnixTime {
        self.at(line).unwrap_or_else(|| SystemTime::now().into())
    }

    /// Has the keys of the next tokens fetched, none beyond a line that holds none.
    fn look_ahead<'b>(
        &self,
        rules: &Asap,
        next: impl Iterator<Item = &'b [u8]>,
        ahead: &mut Ahead<'_>,
    ) {
        for line in next.take(LINES_AHEAD) {
            let Ok(line) = self.reading.read(line) else {
                return;
            };
            if ahead.is_full() {
                return;
            }
            rules.look_ahead(&line, self.now(&line), ahead);
        }
    }
}
