//! What a run leaves behind: a table, figures as JSON, a page with graphs.
//!
//! Files are opened before the run and written after it, so that a path that cannot be written is known before
//! twenty seconds are spent.

mod html;
mod json;
mod notes;
mod svg;
mod table;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::findings::Findings;

/// A file to be written at the end.
#[derive(Debug)]
struct Output {
    path: PathBuf,
    file: File,
}

/// The files that were asked for.
#[derive(Debug)]
pub(crate) struct Outputs {
    json: Option<Output>,
    report: Option<Output>,
}

impl Outputs {
    /// Opens them, leaving what they hold as it is.
    pub(crate) fn open(json: Option<&Path>, report: Option<&Path>) -> Result<Self, String> {
        Ok(Self {
            json: json.map(Output::open).transpose()?,
            report: report.map(Output::open).transpose()?,
        })
    }

    /// Writes the files, and returns the table.
    pub(crate) fn write(self, findings: &Findings) -> Result<String, String> {
        let json = json::render(findings);
        if let Some(output) = self.json {
            output.write(&format!("{json:#}\n"))?;
        }
        let table = table::render(findings);
        if let Some(output) = self.report {
            output.write(&html::render(findings, &table))?;
        }
        Ok(table)
    }
}

impl Output {
    fn open(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    fn write(mut self, text: &str) -> Result<(), String> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .map_err(|error| format!("{} cannot be written: {error}", self.path.display()))
    }
}
