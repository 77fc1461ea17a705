//! Runs each set once, whoever asks first, and holds every verdict against the published one and the table of
//! deviations: what agrees is counted, what deviates must be in the table, and what the table says must occur.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use crate::data;
use crate::deviations::{self, Deviation, Ours, Which};
use crate::judge::{Case, Published};
use crate::sets::{SETS, Set};

/// What came of one set.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Valid, and accepted.
    pub(crate) accepted: usize,
    /// Invalid, and refused: how many with each code.
    pub(crate) refused_with: BTreeMap<String, usize>,
    /// For each deviation of the table that concerns the set, how many cases it explains.
    pub(crate) deviations: Vec<(&'static Deviation, usize)>,
    /// What no row of the table explains, and rows that explain another number of cases than they say.
    pub(crate) faults: Vec<String>,
}

impl Tally {
    /// All cases of the set.
    pub(crate) fn cases(&self) -> usize {
        self.accepted + self.refused() + self.deviating()
    }

    /// Invalid, and refused.
    pub(crate) fn refused(&self) -> usize {
        self.refused_with.values().sum()
    }

    /// The cases that deviate.
    pub(crate) fn deviating(&self) -> usize {
        self.deviations.iter().map(|(_, cases)| cases).sum()
    }

    fn of(set: &Set, cases: &[Case]) -> Self {
        let concerned = deviations::all().filter_map(|deviation| {
            let (_, expected) = deviation.sets.iter().find(|(name, _)| *name == set.name)?;
            Some((deviation, *expected))
        });
        let concerned: Vec<_> = concerned.collect();
        let mut tally = Self {
            deviations: concerned.iter().map(|(row, _)| (*row, 0)).collect(),
            ..Self::default()
        };
        for case in cases {
            tally.count(case);
        }
        for ((row, expected), (_, found)) in concerned.iter().zip(&tally.deviations) {
            if expected != found {
                let fault = format!("{:?} explains {found} cases, not {expected}", row.rule);
                tally.faults.push(fault);
            }
        }
        if cases.len() != set.cases {
            let fault = format!("{} cases, not {}", cases.len(), set.cases);
            tally.faults.push(fault);
        }
        tally
    }

    fn count(&mut self, case: &Case) {
        match (case.published, &case.ours) {
            (Published::Valid, Ok(())) => self.accepted += 1,
            (Published::Invalid, Err(code)) => {
                *self.refused_with.entry(code.clone()).or_insert(0) += 1;
            }
            _ => self.explain(case),
        }
    }

    fn explain(&mut self, case: &Case) {
        let rows = self.deviations.iter_mut();
        let mut explaining: Vec<_> = rows.filter(|(row, _)| row.explains(case)).collect();
        match explaining.as_mut_slice() {
            [(_, cases)] => *cases += 1,
            others => {
                let count = others.len();
                let fault = format!("{count} rows of the table explain {case:?}");
                self.faults.push(fault);
            }
        }
    }
}

impl Deviation {
    fn explains(&self, case: &Case) -> bool {
        let is_meant = match self.which {
            Which::Every => true,
            Which::Cases(ids) => ids.contains(&case.id.as_str()),
            Which::Tagged(tag) => case.tags.iter().any(|one| one == tag),
        };
        let ours = match (self.ours, &case.ours) {
            (Ours::Accepted, verdict) => verdict.is_ok(),
            (Ours::Refused(code), Err(refusal)) => code == refusal,
            (Ours::Refused(_), Ok(())) => false,
        };
        is_meant && self.published == case.published && ours
    }
}

/// What came of a set, if its data is there. The first to ask has it judged.
pub(crate) fn tally(set: &'static Set) -> Option<&'static Tally> {
    static TALLIES: [OnceLock<Option<Tally>>; SETS.len()] = [const { OnceLock::new() }; SETS.len()];
    let position = SETS.iter().position(|one| one.name == set.name).unwrap();
    let tally = TALLIES[position].get_or_init(|| {
        let cases = (set.judge)(set.file());
        if cases.is_none() {
            skip(set.name, set.cases);
        }
        cases.map(|cases| Tally::of(set, &cases))
    });
    tally.as_ref()
}

/// Fails unless each case of the set, if its data is there, is judged as published or as the table says.
pub(crate) fn check(name: &str) {
    let set = SETS.iter().find(|set| set.name == name).unwrap();
    if let Some(tally) = tally(set) {
        let faults = tally.faults.join("\n");
        assert!(faults.is_empty(), "{name}:\n{faults}");
    }
}

/// Says that these cases were not judged, for want of data.
pub(crate) fn skip(name: &str, cases: usize) {
    let (folder, _) = name.split_once('/').unwrap_or((name, ""));
    let folder = data::root().join(folder);
    say(&format!(
        "skipped: {name}, {cases} cases: {} is not there",
        folder.display()
    ));
}

/// Writes a line that the test harness does not keep to itself, in one piece.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
