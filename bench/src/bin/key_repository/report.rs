//! What a run found: printed as it comes, kept for `--json`, and held against what was promised.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The rows of a run, and whether every count was as promised.
#[derive(Debug)]
pub(crate) struct Report {
    environment: Value,
    rows: Vec<Value>,
    broken: Vec<String>,
}

impl Report {
    pub(crate) fn new(is_quick: bool) -> Self {
        Self {
            environment: environment(is_quick),
            rows: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// Keeps a row.
    pub(crate) fn keep(&mut self, row: Value) {
        self.rows.push(row);
    }

    /// Notes whether a count is what was promised.
    pub(crate) fn promise(&mut self, what: &str, is_kept: bool) {
        if !is_kept {
            eprintln!("key_repository: not as promised: {what}");
            self.broken.push(what.to_owned());
        }
    }

    /// Whether nothing was otherwise than promised.
    pub(crate) const fn is_as_promised(&self) -> bool {
        self.broken.is_empty()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "environment": self.environment,
            "rows": self.rows,
            "not_as_promised": self.broken,
        })
    }
}

/// The machine and the moment. The load average is that of the minute before the run.
fn environment(is_quick: bool) -> Value {
    let first_word = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find(|line| line.starts_with("model name"));
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    json!({
        "quick": is_quick,
        "unix_time": since_epoch.as_secs(),
        "engine_version": env!("CARGO_PKG_VERSION"),
        "cores": std::thread::available_parallelism().map_or(1, Into::into),
        "cpu_model": model.and_then(|line| line.split_once(": ")).map(|(_, model)| model),
        "kernel": first_word("/proc/sys/kernel/osrelease"),
        "load_average": first_word("/proc/loadavg"),
    })
}
