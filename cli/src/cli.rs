//! The command line, and one line on what to mend where it makes no sense.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};

use crate::{keygen, keys, qsh, reference, sign, verify};

const EXAMPLES: &str = "\
Examples:
  asap keygen --issuer my-service --key-name 2026-11 --out keys
  asap keys serve --dir keys/public
  asap sign --issuer my-service --key-id my-service/2026-11 --private-key keys/private/my-service/2026-11.pem \\
      --audience their-service | asap verify --audience their-service --keys keys/public

Exit codes: 0 done; 1 a token was refused; 2 usage or configuration error, with one line on what to mend.";

/// Asks and answers for ASAP service-to-service tokens.
#[derive(Debug, Parser)]
#[command(name = "asap", version, arg_required_else_help = false, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say of each token on standard input whether it is accepted, and why not
    Verify(Box<verify::Options>),
    /// Make a key pair: a private file, and a public one to publish
    Keygen(keygen::Options),
    /// Sign a token
    Sign(sign::Options),
    /// Serve public keys
    Keys(keys::Options),
    /// Print the canonical request of a Connect token, and its hash
    Qsh(qsh::Options),
    /// Print the completions for a shell
    Completions(reference::CompletionsOptions),
    /// Print the manual page, or write one a command into a directory
    Man(reference::ManOptions),
}

/// The longest argument that an error quotes, in bytes.
const LONGEST_QUOTE: usize = 64;

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
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.iter().any(|argument| is_private_key(argument)) {
        return Err(Stop::Usage(
            "a private key must not stand on the command line, where other users can read it: put it into a file or the environment".to_owned(),
        ));
    }
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => Ok(arguments.command),
        Err(error) if error.use_stderr() => Err(Stop::Usage(first_line(&error))),
        Err(error) => Err(Stop::Print(error.render().to_string())),
    }
}

/// Looked for before clap, which would quote it.
fn is_private_key(argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    text.contains("PRIVATE KEY") || text.contains("data:application/pkcs8")
}

/// clap explains over several lines; what is to be mended stands in the first paragraph. Of an argument that is as long
/// as a token or a key it quotes nothing.
fn first_line(error: &clap::Error) -> String {
    if holds_a_stray_word(error) {
        return "a word on the command line is no option: tokens are read from standard input, keys from files (see --help)".to_owned();
    }
    let mut text = error.render().to_string();
    for (_, value) in error.context() {
        if let ContextValue::String(quoted) = value
            && quoted.len() > LONGEST_QUOTE
        {
            text = text.replace(quoted.as_str(), "...");
        }
    }
    let paragraph: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let line = paragraph.join(" ");
    format!("{} (see --help)", line.trim_start_matches("error: "))
}

/// Whether clap would repeat a word that does not look like the name of an option or a command. It may be a token or a
/// key, which have no place on the screen or in a log.
fn holds_a_stray_word(error: &clap::Error) -> bool {
    let stray = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand]
        .into_iter()
        .find_map(|kind| error.get(kind));
    let is_name_like = |word: &str| {
        word.len() <= 32
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let is_of_this_kind = matches!(
        error.kind(),
        clap::error::ErrorKind::UnknownArgument | clap::error::ErrorKind::InvalidSubcommand
    );
    matches!(stray, Some(ContextValue::String(word)) if is_of_this_kind && !is_name_like(word))
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

    #[test]
    fn a_token_on_the_command_line_is_not_repeated() {
        let token = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
        for line in [
            token.to_owned(),
            format!("completions bash {token}"),
            format!("verify --keys d {token} --audience a"),
            format!("verify --{token}"),
        ] {
            let text = usage_error(&line);
            assert!(!text.contains("eyJ"), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}
