//! The command line: what may be asked, and one line on what to mend where it cannot be done.
//!
//! It refuses before anything is started: a scenario that does not exist, a target that is not plain HTTP, a
//! duration or a rate that would need more tokens than fit.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use http::Uri;

use crate::scenario::Scenario;

/// The longest run. Tokens live at most an hour, and they are signed before it.
const MAX_DURATION: u64 = 1_800;
/// The highest rate that may be asked for, in requests a second.
const MAX_RATE: f64 = 1_000_000.0;
/// The most connections.
const MAX_CONNECTIONS: usize = 4_096;

const EXAMPLES: &str = "\
Examples:
  load-test                                   everything on loopback, 20 s, a table at the end
  load-test --scenario good-rs256 --closed    how many RS256 tokens a second, as fast as it goes
  load-test --rate 5000 --json run.json       percentiles at 5,000 requests a second, figures for a script
  load-test --duration 60 --report run.html   a longer run, with graphs
  load-test --target http://127.0.0.1:8080/   the same tokens against your own gateway
  load-test --scenario help                   the scenarios, and what each of them sends

Exit codes: 0 every answer was right; 1 an answer was wrong or missing; 2 usage or configuration error.";

/// Puts load on a gateway that verifies ASAP tokens, and checks every answer.
///
/// With no argument it starts a key repository over TLS, a gateway with the engine and a load generator, all in
/// this process and on loopback, and prints a table after about 20 seconds.
#[derive(Debug, Clone, Parser)]
#[command(name = "load-test", version, after_help = EXAMPLES)]
struct Arguments {
    /// What to send: `help` lists the scenarios
    #[arg(long, value_name = "NAME", default_value = "mixed")]
    scenario: String,

    /// How long to send, all measured phases together
    #[arg(long, value_name = "SECS", default_value_t = 20)]
    duration: u64,

    /// Offer this many requests a second in the main phase [default: 65 % of what the gateway can do]
    #[arg(long, value_name = "RPS", conflicts_with = "closed")]
    rate: Option<f64>,

    /// Send as fast as answers come in the main phase, instead of on a schedule
    #[arg(long)]
    closed: bool,

    /// Send to this gateway (plain HTTP) instead of the one inside
    #[arg(long, value_name = "URL")]
    target: Option<String>,

    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write a report with graphs, one self-contained page
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// How many connections to send on, one request at a time on each
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: usize,
}

/// How the main phase sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Load {
    /// On a schedule, at a share of what the gateway was just measured to do.
    Share,
    /// On a schedule, at this many requests a second.
    Rate(f64),
    /// The next request as soon as the answer to the last one is there.
    Closed,
}

/// What was asked for, checked.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) scenario: &'static Scenario,
    pub(crate) duration: Duration,
    pub(crate) load: Load,
    pub(crate) target: Option<Uri>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) connections: usize,
}

/// Why there are no options.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Help or version: print it and be done.
    Print(String),
    /// Print this line on standard error and exit with 2.
    Usage(String),
}

/// Reads the command line.
pub(crate) fn parse<I>(arguments: I) -> Result<Options, Stop>
where
    I: IntoIterator<Item = std::ffi::OsString>,
{
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| {
        let text = error.render().to_string();
        if error.use_stderr() {
            let line = text.lines().next().unwrap_or("see --help");
            Stop::Usage(line.trim_start_matches("error: ").to_owned())
        } else {
            Stop::Print(text)
        }
    })?;
    check(arguments).map_err(Stop::Usage)
}

fn check(arguments: Arguments) -> Result<Options, String> {
    let scenario = Scenario::named(&arguments.scenario)
        .ok_or_else(|| unknown_scenario(&arguments.scenario))?;
    if !(1..=MAX_DURATION).contains(&arguments.duration) {
        return Err(format!("--duration must be 1 to {MAX_DURATION} seconds"));
    }
    if !(1..=MAX_CONNECTIONS).contains(&arguments.connections) {
        return Err(format!("--connections must be 1 to {MAX_CONNECTIONS}"));
    }
    let load = match arguments.rate {
        Some(rate) if (1.0..=MAX_RATE).contains(&rate) => Load::Rate(rate),
        Some(_) => return Err(format!("--rate must be 1 to {MAX_RATE} requests a second")),
        None if arguments.closed => Load::Closed,
        None => Load::Share,
    };
    Ok(Options {
        scenario,
        duration: Duration::from_secs(arguments.duration),
        load,
        target: arguments.target.as_deref().map(parse_target).transpose()?,
        json: arguments.json,
        report: arguments.report,
        connections: arguments.connections,
    })
}

fn parse_target(text: &str) -> Result<Uri, String> {
    let uri: Uri = text
        .parse()
        .map_err(|_| format!("--target {text}: not a URL like http://127.0.0.1:8080/"))?;
    if uri.scheme_str() != Some("http") || uri.host().is_none() {
        return Err(format!(
            "--target {text}: expected a plain HTTP URL like http://127.0.0.1:8080/; put TLS in front of nothing that is to be measured"
        ));
    }
    Ok(uri)
}

fn unknown_scenario(name: &str) -> String {
    let list = Scenario::ALL
        .iter()
        .map(|scenario| format!("{} ({})", scenario.name, scenario.summary))
        .collect::<Vec<_>>()
        .join("; ");
    if name == "help" {
        format!("scenarios: {list}")
    } else {
        format!("--scenario {name}: no such scenario; there are: {list}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Options, Stop> {
        parse(
            std::iter::once("load-test")
                .chain(line.split_whitespace())
                .map(Into::into),
        )
    }

    fn usage_error(line: &str) -> String {
        match parse_line(line) {
            Err(Stop::Usage(text)) => text,
            other => panic!("expected a usage error for {line:?}, got {other:?}"),
        }
    }

    #[test]
    fn no_argument_at_all_is_a_complete_configuration() {
        let options = parse_line("").unwrap();
        assert_eq!(options.scenario.name, "mixed");
        assert_eq!(options.duration, Duration::from_secs(20));
        assert_eq!(options.load, Load::Share);
        assert!(options.target.is_none() && options.json.is_none() && options.report.is_none());
    }

    #[test]
    fn every_refusal_is_one_line_that_names_the_option() {
        for (line, word) in [
            ("--scenario nothing", "good-es256"),
            ("--scenario help", "mixed"),
            ("--duration 0", "--duration"),
            ("--duration 100000", "--duration"),
            ("--duration soon", "--duration"),
            ("--rate 0", "--rate"),
            ("--rate NaN", "--rate"),
            ("--rate 5 --closed", "--rate"),
            ("--connections 0", "--connections"),
            ("--target https://example.com/", "--target"),
            ("--target example", "--target"),
            ("--target", "--target"),
            ("--surprise", "--surprise"),
        ] {
            let text = usage_error(line);
            assert!(text.contains(word), "{line}: {text}");
            assert_eq!(text.lines().count(), 1, "{line}: {text}");
        }
    }

    #[test]
    fn help_is_printed_and_not_an_error() {
        let Err(Stop::Print(text)) = parse_line("--help") else {
            panic!("expected help");
        };
        assert!(text.contains("Exit codes") && text.contains("--scenario help"));
    }
}
