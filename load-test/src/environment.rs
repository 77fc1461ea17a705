//! The machine, the build and the day, without which a figure means nothing.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use asap_engine::{KernelState, accel_stats};
use serde_json::{Value, json};

/// Where and with what a run was made.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) cpu_model: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) rustc: &'static str,
    pub(crate) engine_version: &'static str,
    pub(crate) profile: &'static str,
    /// UTC, RFC 3339.
    pub(crate) date: String,
    /// Of the last minute, before anything was started: on a busy machine, latencies are others' too.
    pub(crate) load_average: Option<f64>,
    /// Whether the gateway here verified signatures by the engine's kernels, or why not, by their names. `untested` if there was
    /// no gateway here, or no key of that kind.
    pub(crate) kernels: [(&'static str, KernelState); 3],
}

impl Environment {
    /// Looks around.
    pub(crate) fn observe() -> Self {
        Self {
            cpu_model: cpu_model().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: cores(),
            kernel: read_line("/proc/sys/kernel/osrelease").map_or_else(
                || std::env::consts::OS.to_owned(),
                |release| format!("Linux {release}"),
            ),
            rustc: option_env!("LOAD_TEST_RUSTC").unwrap_or("unknown"),
            // The crates of the workspace carry one version.
            engine_version: env!("CARGO_PKG_VERSION"),
            profile: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
            date: rfc3339(SystemTime::now()),
            load_average: read_line("/proc/loadavg").and_then(|line| {
                line.split_whitespace()
                    .next()
                    .and_then(|field| field.parse().ok())
            }),
            kernels: kernels(),
        }
    }

    /// The same, and what only a run shows.
    pub(crate) fn after_the_run(self) -> Self {
        Self {
            kernels: kernels(),
            ..self
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "cpu_model": self.cpu_model,
            "cores": self.cores,
            "kernel": self.kernel,
            "rustc": self.rustc,
            "engine_version": self.engine_version,
            "profile": self.profile,
            "date": self.date,
            "load_average": self.load_average,
            "kernels": self
                .kernels
                .iter()
                .map(|(name, state)| ((*name).to_owned(), state.name().into()))
                .collect::<serde_json::Map<String, Value>>(),
            "allocator": "mimalloc",
        })
    }
}

fn kernels() -> [(&'static str, KernelState); 3] {
    accel_stats()
        .kernels()
        .map(|(name, stats)| (name, stats.state))
}

/// How many threads run at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn read_line(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.lines().next()?.to_owned())
}

fn cpu_model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// `2026-11-22T00:27:07Z`. Days to a date as in "chrono-Compatible Low-Level Date Algorithms" (Hinnant).
fn rfc3339(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day.div_euclid(3_600),
        of_day.rem_euclid(3_600).div_euclid(60),
        of_day.rem_euclid(60)
    )
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "days since 1970 of any SystemTime stay below 2^48, and every divisor is a constant"
)]
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_prints_as_a_date() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_environment_names_the_machine_and_the_build() {
        let json = Environment::observe().to_json();
        for key in [
            "cpu_model",
            "cores",
            "kernel",
            "rustc",
            "engine_version",
            "profile",
            "date",
            "kernels",
        ] {
            assert!(!json[key].is_null(), "{key}");
        }
    }
}
