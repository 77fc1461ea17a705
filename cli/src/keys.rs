//! `asap keys`: what is done with published keys.

mod serve;

use clap::{Args, Subcommand};

use crate::outcome::{Fault, Outcome};

/// Options of `asap keys`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  asap keys serve --dir keys/public")]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a directory of public keys over http or https
    Serve(serve::Options),
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<Outcome, Fault> {
    match &options.command {
        Command::Serve(options) => serve::run(options),
    }
}
