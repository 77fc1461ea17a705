//! What is said of a block of lines: each token by the policy, its key, its signature and its instant.
//!
//! The stages are those of the engine, one by one, because each token may bring an instant of its own. Single use is
//! not settled here: several workers judge at once, and it goes by the order of the input.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::{Duration, SystemTime};

use asap_engine::{IdentityRef, Policy, Reusable, Scratch, UnixTime, VerifyError};

use super::ahead::{Ahead, LINES_AHEAD};
use super::input;
use super::keys::{Keys, Source};
use super::line::{BadLine, Line, LineForm};
use super::output::Format;
use super::report::Tally;
use super::single_use::{FingerprintKey, Sighting};

/// How much output is collected before it is handed on. Short lines have longer answers.
const PIECE: usize = 256 * 1024;

/// What is asked of every token.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) policy: Policy,
    pub(super) leeway: Duration,
    /// The instant of tokens that bring none; the time of day if there is none.
    pub(super) at: Option<UnixTime>,
    pub(super) form: LineForm,
    pub(super) format: Format,
    /// Present if tokens are for single use.
    pub(super) single_use: Option<FingerprintKey>,
    pub(super) source: Arc<Source>,
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
    keys: Keys,
    scratch: Scratch,
}

impl Worker {
    pub(super) fn new(judge: Arc<Judge>) -> Self {
        let keys = Keys::new(Arc::clone(&judge.source));
        Self {
            judge,
            keys,
            scratch: Scratch::new(),
        }
    }

    /// Judges the lines of `block`, and hands on what there is to say of them.
    pub(super) fn judge(&mut self, block: &[u8], outlet: &Outlet) {
        let mut piece = Piece::default();
        let mut lines = input::lines(block);
        while let Some(line) = lines.next() {
            match self.judge.form.read(line) {
                Ok(line) => self.judge_line(&line, lines.clone(), &mut piece, outlet),
                Err(bad) => {
                    piece.bad = Some(bad);
                    break;
                }
            }
            if piece.output.len() >= PIECE {
                self.keys.report_hits();
                if !outlet.send(std::mem::take(&mut piece)) {
                    return;
                }
            }
        }
        self.keys.report_hits();
        self.keys.end_block();
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
        let Self {
            judge,
            keys,
            scratch,
        } = self;
        let verdict = judge.verify(line, keys, scratch, |ahead| {
            outlet.offer(piece);
            judge.look_ahead(next, ahead);
        });
        let output = &mut piece.output;
        judge.format.begin(output, line.id);
        let start = output.len();
        match verdict {
            Ok((identity, now)) => {
                piece.tally.accept();
                judge.format.accept(output, &identity);
                if let Some(key) = judge.single_use {
                    piece.sightings.push(PlacedSighting {
                        sighting: judge.sighting(key, &identity, now),
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
    /// Takes a token through every stage but the replay log's. Answers with the instant of the last look at the time.
    /// Calls `before_wait` if the key has to be waited for.
    fn verify<'a>(
        &self,
        line: &'a Line<'_>,
        keys: &mut Keys,
        scratch: &'a mut Scratch,
        before_wait: impl FnOnce(&mut Ahead<'_>),
    ) -> Result<(IdentityRef<'a>, UnixTime), VerifyError> {
        let admitted = self.policy.admit(&line.token, self.now(line), scratch)?;
        let authentic = keys.authenticate(admitted, before_wait)?;
        let now = self.now(line);
        Ok((authentic.accept(now, &Reusable::default())?, now))
    }

    /// The instant at which a token is judged.
    fn now(&self, line: &Line<'_>) -> UnixTime {
        line.at
            .or(self.at)
            .unwrap_or_else(|| SystemTime::now().into())
    }

    /// Has the keys of the next tokens fetched. As at their turn, none for a token that the policy refuses, nor beyond a
    /// line that holds none.
    fn look_ahead<'b>(&self, next: impl Iterator<Item = &'b [u8]>, ahead: &mut Ahead<'_>) {
        let mut scratch = Scratch::new();
        for line in next.take(LINES_AHEAD) {
            let Ok(line) = self.form.read(line) else {
                return;
            };
            if ahead.is_full() {
                return;
            }
            if let Ok(admitted) = self
                .policy
                .admit(&line.token, self.now(&line), &mut scratch)
            {
                ahead.begin(admitted.key_id(), admitted.unverified_issuer());
            }
        }
    }

    fn sighting(&self, key: FingerprintKey, identity: &IdentityRef<'_>, now: UnixTime) -> Sighting {
        Sighting {
            fingerprint: key.fingerprint(identity.issuer(), identity.token_id()),
            keep_until: identity.expires_at().saturating_add(self.leeway),
            now,
        }
    }
}
