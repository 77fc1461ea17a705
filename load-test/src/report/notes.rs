//! What a reader must know before believing a figure: said only where it applies.

use std::fmt::{self, Write};

use crate::findings::Findings;
use crate::number::grouped_float;

/// A difference between the two halves of the ceiling that is worth a word.
const NOTABLE_SPREAD: f64 = 0.10;
/// Less than this part of the offered rate means that the gateway did not keep up.
const KEPT_UP: f64 = 0.98;
/// Above this part of the machine, what others do shows in the figures.
const BUSY: f64 = 0.05;
/// Above this part of its threads' time, whoever is measured is the bottleneck.
const SATURATED: f64 = 0.95;

/// Writes the notes that apply, if any does.
pub(super) fn write(out: &mut String, findings: &Findings) -> fmt::Result {
    let mut notes = Vec::new();
    if findings.environment.profile == "debug" {
        notes.push(
            "this is a debug build: its figures mean nothing; use cargo run --release".to_owned(),
        );
    }
    if let Some(others) = findings.main.others.filter(|others| *others > BUSY) {
        notes.push(format!(
            "other processes had {:.0} % of the machine in the main phase: trust the CPU times, not rates and latencies",
            others * 100.0
        ));
    }
    if let Some(ceiling) = findings.ceiling_rate()
        && ceiling.generator_busy.is_some_and(|busy| busy > SATURATED)
        && ceiling.gateway_busy.is_some_and(|busy| busy < SATURATED)
    {
        notes.push("the generator was the limit of the ceiling: without verification the gateway can do more".to_owned());
    }
    if let Some(spread) = findings
        .ceiling_spread()
        .filter(|spread| *spread > NOTABLE_SPREAD)
    {
        notes.push(format!(
            "the two halves of the ceiling differ by {:.0} %: the machine was not steady",
            spread * 100.0
        ));
    }
    if let Some(offered) = findings
        .offered
        .filter(|offered| findings.main_rate().rps < offered * KEPT_UP)
    {
        notes.push(format!(
            "the gateway did not keep up with {} requests/s: the latencies are those of a growing queue",
            grouped_float(offered)
        ));
    }
    if findings.bounded_by_tokens {
        notes.push("the offered rate is bounded by the tokens that were signed in time; --rate signs as many as it needs".to_owned());
    }
    if findings.main.ran_dry
        || findings
            .saturation
            .as_ref()
            .is_some_and(|saturation| saturation.ran_dry)
    {
        notes.push("a phase ended early because its tokens were spent".to_owned());
    }
    if !findings.left_out.is_empty() {
        let kinds: Vec<&str> = findings.left_out.iter().map(|kind| kind.label()).collect();
        notes.push(format!(
            "not sent, since other gateways may answer them as they like: {}",
            kinds.join(", ")
        ));
    }
    if notes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nNOTES")?;
    notes.iter().try_for_each(|note| writeln!(out, "  {note}"))
}
