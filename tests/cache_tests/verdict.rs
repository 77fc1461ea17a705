//! What came of each test, once for all who ask.

use std::io::Write;
use std::sync::OnceLock;

use crate::applicability::{Reason, why_not};
use crate::explained::EXPLANATIONS;
use crate::play::{Fault, play};
use crate::suite::{Kind, Suite, Test, suites};

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything holds.
    Passed,
    /// Something does not hold.
    Failed(Fault),
    /// It does not concern the client.
    NotApplicable(Reason),
}

/// A suite, and what came of its tests, in order.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) suite: Suite,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Played {
    /// Each test with what came of it.
    pub(crate) fn judged(&self) -> Vec<(&Test, &Verdict)> {
        self.suite.tests.iter().zip(&self.verdicts).collect()
    }
}

/// All suites, played. `None` if they are not there.
pub(crate) fn played() -> Option<&'static [Played]> {
    static PLAYED: OnceLock<Option<Vec<Played>>> = OnceLock::new();
    let played = PLAYED.get_or_init(|| {
        let Some(suites) = suites() else {
            say("skipped: cache-tests, 370 tests: the folder is not there");
            return None;
        };
        let played = suites.into_iter().map(|suite| Played {
            verdicts: suite.tests.iter().map(judge).collect(),
            suite,
        });
        Some(played.collect())
    });
    played.as_deref()
}

fn judge(test: &Test) -> Verdict {
    let reason = why_not(test);
    if let Some(reason) = reason.filter(|reason| !reason.leaves_a_rest()) {
        return Verdict::NotApplicable(reason);
    }
    match (play(test), reason) {
        (Err(fault), _) => Verdict::Failed(fault),
        (Ok(()), Some(reason)) => Verdict::NotApplicable(reason),
        (Ok(()), None) => Verdict::Passed,
    }
}

/// Writes a line that `cargo test` does not hold back.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[test]
fn every_failure_is_explained_and_every_explanation_is_of_a_failure() {
    let Some(played) = played() else {
        return;
    };
    let mut faults = Vec::new();
    let mut failed = Vec::new();
    for (test, verdict) in played.iter().flat_map(Played::judged) {
        let Verdict::Failed(fault) = verdict else {
            continue;
        };
        let id = test.id.as_str();
        failed.push(id);
        let rows = EXPLANATIONS.iter().filter(|row| row.ids.contains(&id));
        let expected = usize::from(test.kind != Kind::Check);
        if rows.count() != expected {
            faults.push(format!("{id} ({:?}): {fault:?}", test.kind));
        }
    }
    let explained = EXPLANATIONS.iter().flat_map(|row| row.ids);
    for id in explained.filter(|id| !failed.contains(id)) {
        faults.push(format!("{id} is explained and passes"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
