//! The command line, and one line on what to mend where it makes no sense.

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::reference;

/// Asks and answers for ASAP service-to-service tokens.
#[derive(Debug, Parser)]
#[command(name = "asap", version, arg_required_else_help = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the completions for a shell
    Completions(reference::CompletionsOptions),
    /// Print the manual page, or write one a command into a directory
    Man(reference::ManOptions),
}

/// Why there is no command.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Help or version: print it and be done.
    Print(String),
    /// Print this line on standard error and exit with 2.
    Usage(String),
}

/// The whole command line, for completions and manual pages.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
}

/// Reads the command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => Ok(arguments.command),
        Err(error) if error.use_stderr() => Err(Stop::Usage(first_line(&error))),
        Err(error) => Err(Stop::Print(error.render().to_string())),
    }
}

/// clap explains over several lines; what is to be mended stands in the first paragraph.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let line = paragraph.join(" ");
    format!("{} (see --help)", line.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage_error(line: &str) -> String {
        let words = std::iter::once("asap").chain(line.split_whitespace());
        match parse(words.map(Into::into)) {
            Err(Stop::Usage(text)) => text,
            other => panic!("expected a usage error for {line:?}, got {other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_refusal_is_one_line() {
        for (line, word) in [
            ("", "--help"),
            ("surprise", "surprise"),
            ("completions", "<SHELL>"),
            ("completions --surprise", "--surprise"),
        ] {
            let text = usage_error(line);
            assert!(text.contains(word), "{line}: {text}");
            assert_eq!(text.lines().count(), 1, "{line}: {text}");
        }
    }
}
