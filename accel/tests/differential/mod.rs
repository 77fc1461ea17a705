//! What holds a kernel against other ways to the same answer: cases that one seed draws, oracles, and a report of how many there
//! were of each. A kernel is one implementation of [`Held`]; the tests run it for seconds, `examples/differential.rs` for hours.
//! The directories beside this file have one kernel each, and a test takes those that it needs.

pub(crate) mod chance;
pub(crate) mod report;

use chance::Chance;
use report::Report;

/// A kernel and what it is held against.
pub(crate) trait Held {
    /// Draws a case, asks all sides and tells the report what each answered.
    fn hold(&mut self, chance: &mut Chance, report: &mut Report);
}

/// Holds `kernel` for some cases.
pub(crate) fn run(kernel: &mut dyn Held, chance: &mut Chance, cases: u64) -> Report {
    let mut report = Report::default();
    for _ in 0..cases {
        kernel.hold(chance, &mut report);
    }
    report
}
