//! What a command ends with: exit code 0, 1 or 2, and for 2 one line that says what to mend.

use std::fmt;
use std::process::ExitCode;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: a token was refused.
    Refused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Refused => Self::FAILURE,
        }
    }
}

/// Why a command could not do its work: usage, configuration, or a file that cannot be read or written. Exit code 2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    line: String,
}

impl Fault {
    /// `line` says what to mend, and holds no secret.
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self { line: line.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<Fault> for ExitCode {
    fn from(_: Fault) -> Self {
        Self::from(2)
    }
}
