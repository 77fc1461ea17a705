//! What is shown while it runs, on standard error: a bar on a terminal, a plain line now and then elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often a plain line is printed within one phase.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// How wide the name of a phase may be.
const LABEL_WIDTH: usize = 26;

/// The progress of one phase after the other.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
}

impl Progress {
    /// Looks whether standard error is a terminal.
    pub(crate) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Says something that is no phase.
    #[expect(
        clippy::unused_self,
        reason = "whoever may speak while it runs has the progress at hand"
    )]
    pub(crate) fn say(&self, text: &str) {
        eprintln!("{text}");
    }

    /// Begins a phase of `total` units.
    pub(crate) fn phase(&self, label: &'static str, total: u64) -> Phase {
        let bar = if self.terminal {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{prefix:26} [{bar:30}] {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> ");
        bar.set_style(style);
        bar.set_prefix(label);
        Phase {
            label,
            bar,
            terminal: self.terminal,
            next_line: Cell::new(Instant::now().checked_add(PLAIN_INTERVAL)),
        }
    }
}

/// A phase that is under way.
#[derive(Debug)]
pub(crate) struct Phase {
    label: &'static str,
    bar: ProgressBar,
    terminal: bool,
    next_line: Cell<Option<Instant>>,
}

impl Phase {
    /// Reports `done` units, and what else there is to say. Cheap enough for ten times a second.
    pub(crate) fn update(&self, done: u64, note: impl FnOnce() -> String) {
        if self.terminal {
            self.bar.set_position(done);
            self.bar.set_message(note());
            return;
        }
        let now = Instant::now();
        if self.next_line.get().is_some_and(|next| now >= next) {
            self.next_line.set(now.checked_add(PLAIN_INTERVAL));
            self.line(&note());
        }
    }

    /// Ends the phase with a line that stays.
    pub(crate) fn finish(self, note: &str) {
        self.bar.finish_and_clear();
        self.line(note);
    }

    fn line(&self, note: &str) {
        eprintln!("{:LABEL_WIDTH$} {note}", self.label);
    }
}
