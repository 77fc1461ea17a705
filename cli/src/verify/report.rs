//! What is counted, and what a person at a terminal sees of it while it runs and at the end.
//!
//! Where standard error is no terminal, nothing is shown.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use asap_engine::VerifyError;
use indicatif::{ProgressBar, ProgressStyle};

/// How often the progress is drawn, also while a key is waited for.
const TICK: Duration = Duration::from_millis(100);

/// How many tokens were accepted, and how many refused for what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    accepted: u64,
    refused: HashMap<VerifyError, u64>,
}

impl Tally {
    pub(super) const fn accept(&mut self) {
        self.accepted = self.accepted.saturating_add(1);
    }

    pub(super) fn refuse(&mut self, refusal: VerifyError) {
        let count = self.refused.entry(refusal).or_default();
        *count = count.saturating_add(1);
    }

    /// Refuses a token that was counted as accepted.
    pub(super) fn retract(&mut self, refusal: VerifyError) {
        self.accepted = self.accepted.saturating_sub(1);
        self.refuse(refusal);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        for (refusal, more) in &other.refused {
            let count = self.refused.entry(*refusal).or_default();
            *count = count.saturating_add(*more);
        }
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    pub(super) fn tokens(&self) -> u64 {
        self.accepted.saturating_add(self.refused())
    }

    /// The refusals by code, the most frequent first.
    fn by_code(&self) -> String {
        let mut counts: Vec<_> = self.refused.iter().collect();
        counts.sort_by_key(|(refusal, count)| (std::cmp::Reverse(**count), refusal.code()));
        let counts: Vec<_> = counts
            .iter()
            .map(|(refusal, count)| format!("{} {count}", refusal.code()))
            .collect();
        counts.join(", ")
    }
}

/// The person at the terminal, if there is one.
#[derive(Debug)]
pub(super) struct Report {
    bar: ProgressBar,
    is_watched: bool,
    /// Whether the verdicts go to a terminal too.
    shares_terminal: bool,
    start: Instant,
}

impl Report {
    pub(super) fn start() -> Self {
        let is_watched = io::stderr().is_terminal();
        let is_typed = io::stdin().is_terminal();
        if is_watched && is_typed {
            eprintln!("asap: reading from the terminal, a line a token; end with Ctrl-D");
        }
        let bar = if is_watched && !is_typed {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{spinner} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self {
            bar,
            is_watched,
            shares_terminal: io::stdout().is_terminal(),
            start: Instant::now(),
        }
    }

    /// Does what may write to the same terminal.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.shares_terminal {
            self.bar.suspend(write)
        } else {
            write()
        }
    }

    pub(super) fn update(&self, tally: &Tally) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!(
                "{}, {} a second, {} refused",
                tokens(tally),
                self.rate(tally),
                tally.refused()
            ));
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Says what came of it.
    pub(super) fn end(&self, tally: &Tally) {
        if self.is_watched {
            eprintln!("asap: {}", self.summary(tally));
        }
    }

    fn summary(&self, tally: &Tally) -> String {
        if tally.tokens() == 0 {
            return "there was no token on standard input".to_owned();
        }
        let start = format!(
            "{}, {} a second: {} accepted, {} refused",
            tokens(tally),
            self.rate(tally),
            tally.accepted,
            tally.refused()
        );
        if tally.refused() == 0 {
            start
        } else {
            format!("{start} ({})", tally.by_code())
        }
    }

    /// Tokens a second since the start.
    fn rate(&self, tally: &Tally) -> u128 {
        let millis = self.start.elapsed().as_millis().max(1);
        u128::from(tally.tokens())
            .saturating_mul(1_000)
            .checked_div(millis)
            .unwrap_or(0)
    }
}

fn tokens(tally: &Tally) -> String {
    match tally.tokens() {
        1 => "1 token".to_owned(),
        count => format!("{count} tokens"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_code() {
        let mut tally = Tally::default();
        for _ in 0..3 {
            tally.accept();
        }
        tally.refuse(VerifyError::Expired);
        tally.retract(VerifyError::Replayed);
        let mut sum = Tally::default();
        sum.refuse(VerifyError::Replayed);
        sum.add(&tally);
        assert_eq!((sum.tokens(), sum.refused()), (5, 3));
        assert_eq!(sum.by_code(), "replayed 2, expired 1");
    }

    #[test]
    fn the_summary_says_whether_there_was_anything() {
        let report = Report {
            bar: ProgressBar::hidden(),
            is_watched: false,
            shares_terminal: false,
            start: Instant::now(),
        };
        let mut tally = Tally::default();
        assert!(report.summary(&tally).contains("no token"));
        tally.accept();
        tally.refuse(VerifyError::Expired);
        let summary = report.summary(&tally);
        assert!(summary.starts_with("2 tokens, "), "{summary}");
        assert!(
            summary.ends_with(": 1 accepted, 1 refused (expired 1)"),
            "{summary}"
        );
    }
}
