//! How many comparisons there were, by kind and by oracle, and where they differed.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

/// More differences than this are counted and not shown.
const SHOWN: usize = 10;

/// What came of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By section, then by name.
    counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
    differences: Vec<String>,
    differing: u64,
}

impl Report {
    /// One more of `name` in `section`.
    pub(crate) fn count(&mut self, section: &'static str, name: &str) {
        self.add(section, name, 1);
    }

    pub(crate) fn add(&mut self, section: &'static str, name: &str, count: u64) {
        let section = self.counts.entry(section).or_default();
        match section.get_mut(name) {
            Some(counted) => *counted += count,
            None => {
                section.insert(name.to_owned(), count);
            }
        }
    }

    /// A comparison of the kernel's answer with that of `oracle`.
    pub(crate) fn compare<T: PartialEq + Debug>(
        &mut self,
        oracle: &str,
        answer: &T,
        expected: &T,
        case: impl FnOnce() -> String,
    ) {
        self.count("compared with", oracle);
        if answer != expected {
            self.differing += 1;
            if self.differences.len() < SHOWN {
                let case = case();
                self.differences.push(format!(
                    "{case}\n  the kernel: {answer:?}\n  {oracle}: {expected:?}"
                ));
            }
        }
    }

    pub(crate) fn counted(&self, section: &str, name: &str) -> u64 {
        let section = self.counts.get(section);
        section
            .and_then(|counts| counts.get(name))
            .copied()
            .unwrap_or(0)
    }

    pub(crate) const fn differing(&self) -> u64 {
        self.differing
    }

    /// What another run of the same kernel counted, too.
    pub(crate) fn merge(&mut self, other: Self) {
        for (section, counts) in other.counts {
            for (name, count) in counts {
                self.add(section, &name, count);
            }
        }
        self.differing += other.differing;
        self.differences.extend(other.differences);
        self.differences.truncate(SHOWN);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (section, counts) in &self.counts {
            writeln!(f, "{section}")?;
            for (name, count) in counts {
                writeln!(f, "  {name:<32} {count:>12}")?;
            }
        }
        for difference in &self.differences {
            writeln!(f, "DIFFERENCE: {difference}")?;
        }
        writeln!(f, "differences: {}", self.differing)
    }
}
