//! The manual page and the completions, from the same definition as the command line.
//!
//! What stands after a command's help becomes sections of its page: a paragraph whose first line is a heading and a
//! colon is printed line by line, and one that begins with "Exit codes:" is the section EXIT STATUS.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli;
use crate::outcome::{Fault, Outcome};
use crate::output;

/// Options of `asap completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asap completions bash > ~/.local/share/bash-completion/completions/asap
  asap completions zsh > ~/.zfunc/_asap
  asap completions fish > ~/.config/fish/completions/asap.fish")]
pub(crate) struct CompletionsOptions {
    /// The shell
    shell: Shell,
}

/// Options of `asap man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asap man | man -l -
  asap man --out ~/.local/share/man/man1")]
pub(crate) struct ManOptions {
    /// Write asap.1, asap-sign.1 and so on, a page a command, here, instead of one page to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the completions.
pub(crate) fn completions(options: &CompletionsOptions) -> Result<Outcome, Fault> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut cli::definition(), "asap", &mut text);
    output::print(&text)
}

/// Prints one page with all commands, or writes a page a command.
pub(crate) fn man(options: &ManOptions) -> Result<Outcome, Fault> {
    let mut definition = cli::definition().disable_help_subcommand(true);
    definition.build();
    let Some(directory) = &options.out else {
        let page = whole_page(&definition)
            .map_err(|error| Fault::new(format!("cannot render the manual page: {error}")))?;
        return output::print(page.as_bytes());
    };
    let written = fs::create_dir_all(directory).and_then(|()| {
        commands(&definition).into_iter().try_for_each(|command| {
            let name = Man::new(command.clone()).get_filename();
            fs::write(directory.join(name), page(command)?)
        })
    });
    written.map(|()| Outcome::Done).map_err(|error| {
        Fault::new(format!(
            "--out: cannot write to {}: {error}",
            directory.display()
        ))
    })
}

/// The command itself and all below it, as they are listed.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(commands);
    std::iter::once(command).chain(below).collect()
}

/// The page of one command.
fn page(command: &Command) -> io::Result<String> {
    let man = manual(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    remarks(command, "SH").to_writer(&mut page)?;
    Ok(text(&page))
}

/// The page of the whole tool: a section a command, in its options and examples.
fn whole_page(definition: &Command) -> io::Result<String> {
    let man = manual(definition);
    let mut head = Vec::new();
    man.render_title(&mut head)?;
    man.render_name_section(&mut head)?;
    man.render_synopsis_section(&mut head)?;
    man.render_description_section(&mut head)?;
    let mut page = text(&head);
    for command in commands(definition).into_iter().skip(1) {
        if !command.has_subcommands() {
            page.push_str(&section(command)?);
        }
    }
    let mut tail = Vec::new();
    remarks(definition, "SH").to_writer(&mut tail)?;
    page.push_str(&text(&tail));
    Ok(page)
}

/// A command as one section of the whole page.
fn section(command: &Command) -> io::Result<String> {
    let man = manual(command);
    let (mut synopsis, mut description) = (Vec::new(), Vec::new());
    let (mut options, mut extra) = (Vec::new(), Vec::new());
    man.render_synopsis_section(&mut synopsis)?;
    man.render_description_section(&mut description)?;
    man.render_options_section(&mut options)?;
    remarks(command, "SS").to_writer(&mut extra)?;
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    Ok(format!(
        ".SH {}\n{}.PP\n{}{}{}",
        name.to_uppercase(),
        body(&synopsis),
        body(&description),
        body(&options),
        text(&extra)
    ))
}

/// What follows the heading of a rendered section.
fn body(section: &[u8]) -> String {
    let section = text(section);
    let lines = section.lines().skip_while(|line| !line.starts_with(".SH"));
    lines.skip(1).map(|line| format!("{line}\n")).collect()
}

fn manual(command: &Command) -> Man {
    let version = cli::definition();
    let version = version.get_version().unwrap_or_default().to_owned();
    Man::new(command.clone()).source(format!("asap {version}"))
}

/// What stands after the help, a paragraph a section; `heading` is the macro for its heading.
fn remarks(command: &Command, heading: &str) -> Roff {
    let mut roff = Roff::new();
    let remarks = command.get_after_help().map(ToString::to_string);
    for paragraph in remarks.unwrap_or_default().split("\n\n") {
        match paragraph.split_once(":\n") {
            Some((title, lines)) => {
                roff.control(heading, [title.to_uppercase().as_str()]);
                roff.control("nf", []);
                for line in lines.lines() {
                    roff.text([roman(line)]);
                }
                roff.control("fi", []);
            }
            None => {
                let title = match paragraph.strip_prefix("Exit codes: ") {
                    Some(_) => "EXIT STATUS",
                    None => "NOTES",
                };
                if paragraph.is_empty() {
                    continue;
                }
                roff.control(heading, [title]);
                let told = paragraph.trim_start_matches("Exit codes: ");
                roff.text([roman(told)]);
            }
        }
    }
    roff
}

/// The lines of a rendered part, without those that each part defines anew.
fn text(rendered: &[u8]) -> String {
    String::from_utf8_lossy(rendered).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Command {
        let mut definition = cli::definition().disable_help_subcommand(true);
        definition.build();
        definition
    }

    #[test]
    fn every_command_has_an_example() {
        for command in commands(&definition()) {
            let help = command.get_after_help().map(ToString::to_string);
            let name = command.get_bin_name().unwrap_or("asap");
            let examples = help.unwrap_or_default();
            assert!(examples.contains(&format!("{name} ")), "{name} --help");
        }
    }

    #[test]
    fn examples_name_options_that_there_are() {
        let definition = definition();
        let all: Vec<String> = commands(&definition)
            .iter()
            .flat_map(|command| command.get_arguments())
            .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
            .collect();
        for command in commands(&definition) {
            let help = command.get_after_help().map(ToString::to_string);
            for word in help.unwrap_or_default().split_whitespace() {
                let word = word.trim_end_matches(|end: char| !end.is_ascii_alphanumeric());
                assert!(
                    !word.starts_with("--")
                        || word == "--help"
                        || all.iter().any(|option| option == word),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn the_whole_page_has_each_command_with_its_options_and_examples() {
        let page = whole_page(&definition()).unwrap();
        for part in [
            ".SH ASAP KEYS SERVE\n",
            ".SH ASAP SIGN\n",
            "\\-\\-key\\-name",
            ".SS EXAMPLES\n.nf\n",
            ".SS ENVIRONMENT\n",
            ".SH \"EXIT STATUS\"\n",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }

    #[test]
    fn a_page_names_the_tool_and_its_version() {
        for command in commands(&definition()) {
            let page = page(command).unwrap();
            let version = env!("CARGO_PKG_VERSION");
            assert!(page.contains(&format!("\"asap {version}\"")), "{page}");
        }
    }
}
