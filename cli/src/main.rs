//! `asap`: says why a token is refused, signs tokens, makes keys and serves them.
//!
//! One module a command; each has its `Options` (what may be asked) and `run` (what is done). [`cli`] reads the
//! command line, [`outcome`] says what the process may end with.

mod algorithm;
mod cli;
mod key_file;
mod keygen;
mod keys;
mod names;
mod outcome;
mod output;
mod qsh;
mod reference;
mod sign;
mod verify;

use std::process::ExitCode;

use crate::cli::{Command, Stop};
use crate::outcome::{Fault, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(Stop::Print(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Usage(line)) => return end(Err(Fault::new(line))),
    };
    end(run(&command))
}

fn run(command: &Command) -> Result<Outcome, Fault> {
    match command {
        Command::Verify(options) => verify::run(options),
        Command::Keygen(options) => keygen::run(options),
        Command::Sign(options) => sign::run(options),
        Command::Keys(options) => keys::run(options),
        Command::Qsh(options) => qsh::run(options),
        Command::Completions(options) => reference::completions(options),
        Command::Man(options) => reference::man(options),
    }
}

fn end(result: Result<Outcome, Fault>) -> ExitCode {
    match result {
        Ok(outcome) => outcome.into(),
        Err(fault) => {
            eprintln!("asap: {fault}");
            fault.into()
        }
    }
}
