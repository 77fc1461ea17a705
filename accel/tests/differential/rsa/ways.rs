//! How often the kernel took its rare ways, in this process.

use asap_accel::rsa::RareWay;

use crate::differential::report::Report;

const WAYS: [(&str, RareWay); 10] = [
    ("carry ripple", RareWay::CarryRipple),
    ("wide square", RareWay::WideSquare),
    ("quotient out of range", RareWay::QuotientOutOfRange),
    ("quotient -3", RareWay::Quotient(-3)),
    ("quotient -2", RareWay::Quotient(-2)),
    ("quotient -1", RareWay::Quotient(-1)),
    ("quotient 0", RareWay::Quotient(0)),
    ("quotient 1", RareWay::Quotient(1)),
    ("quotient 2", RareWay::Quotient(2)),
    ("quotient 3", RareWay::Quotient(3)),
];

/// Those that a thousand cases lead to. Of two million comparisons 114 had a quotient of 2 and 186 one of -3; 3, and one out of
/// range, are beyond the bounds of both sides.
pub(crate) const CAN_BE_TAKEN: [&str; 6] = [
    "carry ripple",
    "wide square",
    "quotient -2",
    "quotient -1",
    "quotient 0",
    "quotient 1",
];

/// The counters at one time; by default, at the start.
#[derive(Debug, Default)]
pub(crate) struct Taken([u64; WAYS.len()]);

impl Taken {
    pub(crate) fn now() -> Self {
        Self(WAYS.map(|(_, way)| way.taken()))
    }

    /// What was taken since.
    pub(crate) fn until_now(&self) -> Self {
        let mut taken = Self::now();
        for (now, before) in taken.0.iter_mut().zip(self.0) {
            *now -= before;
        }
        taken
    }

    pub(crate) fn count(&self, section: &'static str, report: &mut Report) {
        for ((name, _), taken) in WAYS.iter().zip(self.0) {
            if taken > 0 {
                report.add(section, name, taken);
            }
        }
    }
}
