//! The manual page and the completions, from the same definition as the command line.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::cli;
use crate::outcome::{Fault, Outcome};
use crate::output;

/// Options of `asap completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  asap completions bash > ~/.local/share/bash-completion/completions/asap")]
pub(crate) struct CompletionsOptions {
    /// The shell
    shell: Shell,
}

/// Options of `asap man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asap man | man -l -                  read it
  asap man --out ~/.local/share/man/man1    asap.1, asap-verify.1 and the others")]
pub(crate) struct ManOptions {
    /// Write one page a command here, instead of the first page to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the completions.
pub(crate) fn completions(options: &CompletionsOptions) -> Result<Outcome, Fault> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut cli::definition(), "asap", &mut text);
    output::print(&text)
}

/// Prints the first page, or writes all of them.
pub(crate) fn man(options: &ManOptions) -> Result<Outcome, Fault> {
    let Some(directory) = &options.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(cli::definition())
            .render(&mut page)
            .map_err(|error| Fault::new(format!("cannot render the manual page: {error}")))?;
        return output::print(&page);
    };
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(cli::definition(), directory))
        .map(|()| Outcome::Done)
        .map_err(|error| Fault::new(format!("cannot write to {}: {error}", directory.display())))
}
