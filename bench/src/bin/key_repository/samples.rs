//! Latencies, all of them kept: what is reported of them is exact.

use std::time::Duration;

use serde_json::{Value, json};

/// Latencies of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<u32>);

impl Samples {
    /// Keeps a latency, in nanoseconds; four seconds and beyond are all the same.
    pub(crate) fn push(&mut self, latency: Duration) {
        self.push_nanos(latency.as_nanos().try_into().unwrap_or(u32::MAX));
    }

    /// Keeps a latency in nanoseconds.
    pub(crate) fn push_nanos(&mut self, nanos: u32) {
        self.0.push(nanos);
    }

    pub(crate) fn summary(mut self) -> Summary {
        self.0.sort_unstable();
        let at = |quantile: f64| {
            let last = self.0.len().saturating_sub(1) as f64;
            let index = (last * quantile).round() as usize;
            Duration::from_nanos(self.0.get(index).copied().unwrap_or(0).into())
        };
        Summary {
            count: self.0.len(),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            worst: at(1.0),
        }
    }
}

/// What is told of latencies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    pub(crate) count: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) p999: Duration,
    pub(crate) worst: Duration,
}

impl Summary {
    /// In microseconds.
    pub(crate) fn to_json(self) -> Value {
        let micros = |time: Duration| time.as_nanos() as f64 / 1e3;
        json!({
            "count": self.count,
            "p50": micros(self.p50),
            "p99": micros(self.p99),
            "p999": micros(self.p999),
            "worst": micros(self.worst),
        })
    }
}
