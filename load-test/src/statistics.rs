//! What was measured, and what may be said about it.
//!
//! Times go into HdrHistograms, in nanoseconds: each connection's thread has its own, and they are merged at the
//! end. A percentile is given only where there are enough samples beyond it to carry it.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::number::{float, length, nanos};
use crate::scenario::Kind;

/// Significant decimal digits of a recorded time.
const DIGITS: u8 = 3;
/// The same, for the series over time, of which there are many.
const SERIES_DIGITS: u8 = 2;
/// How many samples must lie beyond a percentile.
const SAMPLES_BEYOND: f64 = 10.0;
/// How many different wrong answers are kept word for word.
const MAX_EXAMPLES: usize = 5;

/// The quantiles that are reported, and what they are called.
pub(crate) const QUANTILES: [(f64, &str); 4] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999")];

/// Times, and their percentiles.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    histogram: Histogram<u64>,
}

impl Times {
    /// Nothing recorded yet.
    ///
    /// # Panics
    ///
    /// Never: the only condition is 0 to 5 digits.
    #[expect(clippy::expect_used, reason = "the digits are constants within 0 to 5")]
    fn with_digits(digits: u8) -> Self {
        let mut histogram = Histogram::new(digits).expect("0 to 5 significant digits");
        histogram.auto(true);
        Self { histogram }
    }

    pub(crate) fn new() -> Self {
        Self::with_digits(DIGITS)
    }

    pub(crate) fn record(&mut self, time: Duration) {
        // It resizes itself, so that every value fits; `saturating_record` would clamp instead.
        let _ = self.histogram.record(nanos(time));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        // Both resize themselves and have the same digits: the addition cannot fail.
        let _ = self.histogram.add(&other.histogram);
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The longest, in microseconds.
    pub(crate) fn max(&self) -> Option<f64> {
        (self.count() > 0).then(|| float(self.histogram.max()) / 1_000.0)
    }

    /// A quantile in microseconds, or nothing where fewer than ten samples lie beyond it.
    pub(crate) fn quantile(&self, quantile: f64) -> Option<f64> {
        enough(self.count(), quantile)
            .then(|| float(self.histogram.value_at_quantile(quantile)) / 1_000.0)
    }
}

/// Whether so many samples can carry a quantile: a p99 needs 1,000 of them, a p99.9 needs 10,000.
pub(crate) fn enough(samples: u64, quantile: f64) -> bool {
    // The least rounding error of 1 - 0.999 must not cost a sample.
    float(samples) * (1.0 - quantile) >= SAMPLES_BEYOND - 1e-6
}

/// One second of a phase.
#[derive(Debug, Clone)]
pub(crate) struct Second {
    pub(crate) requests: u64,
    pub(crate) times: Times,
}

/// How often a kind was sent, and how often its answer was wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) requests: u64,
    pub(crate) wrong: u64,
}

/// Everything that is counted while requests are sent.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// From the intended instant of sending to the answer.
    pub(crate) response: Times,
    /// From the sending itself to the answer.
    pub(crate) service: Times,
    /// How late the generator was by its own fault: a connection was free and waiting for the instant.
    pub(crate) lateness: Times,
    /// Requests whose instant had passed before a connection was free.
    pub(crate) backlogged: u64,
    pub(crate) sent: BTreeMap<Kind, Sent>,
    /// Refusals by code.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Requests that got no answer at all.
    pub(crate) unanswered: u64,
    /// The first few different wrong answers, and how often each came.
    pub(crate) examples: BTreeMap<String, u64>,
    pub(crate) seconds: Vec<Second>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            response: Times::new(),
            service: Times::new(),
            lateness: Times::new(),
            backlogged: 0,
            sent: BTreeMap::new(),
            refusals: BTreeMap::new(),
            unanswered: 0,
            examples: BTreeMap::new(),
            seconds: Vec::new(),
        }
    }

    /// Counts an answer that came `at` after the start of the phase.
    pub(crate) fn answered(&mut self, at: Duration, response: Duration, service: Duration) {
        self.response.record(response);
        self.service.record(service);
        let second = length(at.as_secs());
        while self.seconds.len() <= second {
            self.seconds.push(Second::new());
        }
        if let Some(second) = self.seconds.get_mut(second) {
            second.requests = second.requests.saturating_add(1);
            second.times.record(response);
        }
    }

    /// Counts whether the answer was what the kind must get.
    pub(crate) fn judged(&mut self, kind: Kind, wrong: Option<String>) {
        let sent = self.sent.entry(kind).or_default();
        sent.requests = sent.requests.saturating_add(1);
        if let Some(example) = wrong {
            sent.wrong = sent.wrong.saturating_add(1);
            self.keep_example(example, 1);
        }
    }

    /// Counts a request that got no answer.
    pub(crate) fn lost(&mut self, reason: String) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.keep_example(format!("no answer: {reason}"), 1);
    }

    fn keep_example(&mut self, example: String, times: u64) {
        if self.examples.len() < MAX_EXAMPLES || self.examples.contains_key(&example) {
            let sum = self.examples.entry(example).or_default();
            *sum = sum.saturating_add(times);
        }
    }

    /// Counts a refusal by its code.
    pub(crate) fn refused(&mut self, code: &str) {
        if let Some(counter) = self.refusals.get_mut(code) {
            *counter = counter.saturating_add(1);
        } else {
            self.refusals.insert(code.to_owned(), 1);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.lateness.merge(&other.lateness);
        self.backlogged = self.backlogged.saturating_add(other.backlogged);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
        for (kind, sent) in other.sent {
            let sum = self.sent.entry(kind).or_default();
            sum.requests = sum.requests.saturating_add(sent.requests);
            sum.wrong = sum.wrong.saturating_add(sent.wrong);
        }
        for (code, times) in other.refusals {
            let sum = self.refusals.entry(code).or_default();
            *sum = sum.saturating_add(times);
        }
        for (example, times) in other.examples {
            self.keep_example(example, times);
        }
        for (index, second) in other.seconds.into_iter().enumerate() {
            match self.seconds.get_mut(index) {
                Some(sum) => {
                    sum.requests = sum.requests.saturating_add(second.requests);
                    sum.times.merge(&second.times);
                }
                None => self.seconds.push(second),
            }
        }
    }

    /// Requests that were answered.
    pub(crate) fn requests(&self) -> u64 {
        self.response.count()
    }

    /// Answers that were not what the request must get.
    pub(crate) fn wrong(&self) -> u64 {
        self.sent
            .values()
            .map(|sent| sent.wrong)
            .fold(0, u64::saturating_add)
    }
}

impl Second {
    fn new() -> Self {
        Self {
            requests: 0,
            times: Times::with_digits(SERIES_DIGITS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        for (quantile, least) in [(0.5, 20), (0.9, 100), (0.99, 1_000), (0.999, 10_000)] {
            assert!(enough(least, quantile), "{quantile}");
            assert!(!enough(least.saturating_sub(1), quantile), "{quantile}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_recorded_times() {
        let mut times = Times::new();
        for micros in 1..=1_000 {
            times.record(Duration::from_micros(micros));
        }
        assert!((times.quantile(0.5).unwrap() - 500.0).abs() < 1.0);
        assert!((times.quantile(0.99).unwrap() - 990.0).abs() < 1.0);
        assert_eq!(times.quantile(0.999), None);
        assert!((times.max().unwrap() - 1_000.0).abs() < 1.0);
        assert_eq!(Times::new().max(), None);
    }

    #[test]
    fn the_first_different_wrong_answers_are_kept_and_counted() {
        let mut tally = Tally::new();
        for number in 0..20 {
            tally.judged(Kind::Expired, Some(format!("wrong in way {}", number % 10)));
        }
        assert_eq!(tally.wrong(), 20);
        assert_eq!(tally.examples.len(), MAX_EXAMPLES);
        assert!(tally.examples.values().all(|times| *times == 2));
    }

    #[test]
    fn merged_tallies_hold_what_both_held() {
        let mut one = Tally::new();
        one.answered(
            Duration::from_millis(100),
            Duration::from_micros(50),
            Duration::from_micros(40),
        );
        one.judged(Kind::Expired, None);
        one.refused("expired");
        let mut other = Tally::new();
        other.answered(
            Duration::from_millis(2_100),
            Duration::from_micros(70),
            Duration::from_micros(60),
        );
        other.judged(Kind::Expired, Some("expired: wrong".to_owned()));
        other.refused("expired");
        other.unanswered = 1;

        one.merge(other);
        assert_eq!(one.requests(), 2);
        assert_eq!(one.wrong(), 1);
        assert_eq!(one.refusals["expired"], 2);
        assert_eq!(
            one.sent[&Kind::Expired],
            Sent {
                requests: 2,
                wrong: 1
            }
        );
        assert_eq!(one.unanswered, 1);
        let series: Vec<u64> = one.seconds.iter().map(|second| second.requests).collect();
        assert_eq!(series, [1, 0, 1]);
    }
}
