//! Standard output: a reader that has read enough is no fault.

use std::io::{self, Write};

use crate::outcome::{Fault, Outcome};

/// Prints `bytes` as they are.
pub(crate) fn print(bytes: &[u8]) -> Result<Outcome, Fault> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Outcome::Done),
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Outcome::Done),
        Err(error) => Err(Fault::new(format!(
            "cannot write to standard output: {error}"
        ))),
    }
}

/// Prints `text` and a line end.
pub(crate) fn line(text: &str) -> Result<Outcome, Fault> {
    print(format!("{text}\n").as_bytes())
}
