//! One line of the table, and of the JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one subject took in one case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// What is asked for: a kind of token, and after a slash what becomes of it.
    pub case: String,
    /// Who is asked.
    pub subject: String,
    /// Its version.
    pub version: String,
    /// Nanoseconds a call, the median of the batches.
    pub ns: f64,
    /// Their 5th percentile.
    pub ns_p5: f64,
    /// Their 95th percentile.
    pub ns_p95: f64,
    /// Allocations of one call by the Rust allocator. Those of C code are not seen.
    pub allocations: u64,
    /// `ns` by that of the first subject of the case.
    pub ratio_to_floor: f64,
    /// Of what there were so many, if that is what varies from case to case: bytes, keys or tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
    /// How many threads did the same at the same time, if it was not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// What of the tokens that the specification has us refuse it accepts, in cases in which all verify the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
}

impl Row {
    /// What the columns of a printed row are.
    pub const TITLES: &str = "case                         subject                 ns        p5       p95  alloc  /floor";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<28} {:<16} {:>9.1} {:>9.1} {:>9.1} {:>6} {:>7.3}",
            self.case,
            self.subject,
            self.ns,
            self.ns_p5,
            self.ns_p95,
            self.allocations,
            self.ratio_to_floor
        )
    }
}
