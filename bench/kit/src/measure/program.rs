//! What every program that measures has in common: its options, and where its rows go.

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Row;

/// A usage or configuration error.
const MISCONFIGURED: u8 = 2;

/// Where the rows go, and how many samples are taken for each.
#[derive(Debug, Args)]
pub struct Options {
    /// Write the rows to this file too, as one JSON array.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A tenth of the batches: a look, not a figure.
    #[arg(long)]
    quick: bool,
}

impl Options {
    /// Whether a look is enough.
    #[must_use]
    pub const fn is_quick(&self) -> bool {
        self.quick
    }

    /// Measures by `rows`, which takes the number of batches, a tenth of `batches` for a look; writes what it found to the file that
    /// was asked for; and says on standard error what went wrong with the program `name`.
    pub fn run(
        &self,
        name: &str,
        batches: usize,
        rows: impl FnOnce(usize) -> Result<Vec<Row>, Box<dyn Error>>,
    ) -> ExitCode {
        // Before the minutes that the measuring takes.
        let file = match self.json.as_ref().map(File::create).transpose() {
            Ok(file) => file,
            Err(error) => {
                eprintln!("{name}: the file for --json cannot be written: {error}");
                return ExitCode::from(MISCONFIGURED);
            }
        };
        let batches = if self.quick { batches / 10 } else { batches };
        let written = rows(batches).and_then(|rows| {
            if let Some(file) = file {
                serde_json::to_writer_pretty(file, &rows)?;
            }
            Ok(())
        });
        match written {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{name}: {error}");
                ExitCode::FAILURE
            }
        }
    }
}
