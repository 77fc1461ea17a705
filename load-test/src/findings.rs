//! What a run found, in the terms of its reports.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::environment::Environment;
use crate::generator::Outcome;
use crate::number::{float, ratio};
use crate::scenario::{Kind, Scenario};
use crate::signing::Lot;

/// What the generator did to the server in a phase, in figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Answers a second.
    pub(crate) rps: f64,
    /// CPU time of the gateway's threads for each answer, in microseconds.
    pub(crate) gateway_us: Option<f64>,
    /// The share of its threads' time that the gateway was on a CPU, 0 to 1.
    pub(crate) gateway_busy: Option<f64>,
    /// The same of the generator.
    pub(crate) generator_busy: Option<f64>,
}

/// How often the key repository was asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fetches {
    pub(crate) keys: u64,
    pub(crate) not_modified: u64,
    pub(crate) not_found: u64,
    pub(crate) failures: u64,
}

/// Everything that the reports tell.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    pub(crate) scenario: &'static Scenario,
    pub(crate) environment: Environment,
    pub(crate) duration: Duration,
    pub(crate) target: Option<String>,
    /// Kinds of the scenario that were not sent.
    pub(crate) left_out: Vec<Kind>,
    pub(crate) connections: usize,
    pub(crate) gateway_threads: usize,
    pub(crate) generator_threads: usize,
    pub(crate) issuers: usize,
    pub(crate) keys: usize,
    pub(crate) signed: Lot,
    pub(crate) signing: Duration,
    /// Both halves.
    pub(crate) ceiling: Vec<Outcome>,
    /// Every verified phase before the main one: the warm-up, and the saturation where there was one.
    pub(crate) warm_up: Outcome,
    pub(crate) saturation: Option<Outcome>,
    pub(crate) main: Outcome,
    /// Requests a second of the schedule; nothing in a closed loop.
    pub(crate) offered: Option<f64>,
    /// Whether the offered rate is lower than wanted because there were too few tokens.
    pub(crate) bounded_by_tokens: bool,
    pub(crate) fetches: Fetches,
}

impl Findings {
    /// The main phase.
    pub(crate) fn main_rate(&self) -> Rate {
        self.rate(std::slice::from_ref(&self.main))
    }

    /// As fast as it goes, with verification.
    pub(crate) fn saturation_rate(&self) -> Rate {
        self.rate(std::slice::from_ref(
            self.saturation.as_ref().unwrap_or(&self.main),
        ))
    }

    /// As fast as it goes, without verification.
    pub(crate) fn ceiling_rate(&self) -> Option<Rate> {
        (!self.ceiling.is_empty()).then(|| self.rate(&self.ceiling))
    }

    /// The saturated throughput as a part of the ceiling.
    pub(crate) fn ratio_to_ceiling(&self) -> Option<f64> {
        ratio(self.saturation_rate().rps, self.ceiling_rate()?.rps)
    }

    /// By how much the two halves of the ceiling differ, as a part of the larger: how steady the machine is.
    pub(crate) fn ceiling_spread(&self) -> Option<f64> {
        let rates: Vec<f64> = self
            .ceiling
            .iter()
            .map(|half| self.rate(std::slice::from_ref(half)).rps)
            .collect();
        let most = rates.iter().copied().reduce(f64::max)?;
        let least = rates.iter().copied().reduce(f64::min)?;
        ratio(most - least, most)
    }

    /// Wrong answers of all phases.
    pub(crate) fn wrong(&self) -> u64 {
        self.verified()
            .map(|outcome| outcome.tally.wrong())
            .fold(0, u64::saturating_add)
    }

    /// Requests without an answer, of all phases.
    pub(crate) fn unanswered(&self) -> u64 {
        self.verified()
            .chain(&self.ceiling)
            .map(|outcome| outcome.tally.unanswered)
            .fold(0, u64::saturating_add)
    }

    /// Answers that were checked, of all phases.
    pub(crate) fn checked(&self) -> u64 {
        self.verified()
            .map(|outcome| outcome.tally.requests())
            .fold(0, u64::saturating_add)
    }

    /// The first few different wrong answers, and how often each came.
    pub(crate) fn examples(&self) -> BTreeMap<&str, u64> {
        let mut examples = BTreeMap::new();
        let outcomes = self.verified().chain(&self.ceiling);
        for (example, times) in outcomes.flat_map(|outcome| &outcome.tally.examples) {
            let sum: &mut u64 = examples.entry(example.as_str()).or_default();
            *sum = sum.saturating_add(*times);
        }
        examples
    }

    /// Whether every answer was right, and there was one to every request.
    pub(crate) fn passed(&self) -> bool {
        self.wrong() == 0 && self.unanswered() == 0 && self.main.tally.requests() > 0
    }

    fn verified(&self) -> impl Iterator<Item = &Outcome> {
        [
            Some(&self.warm_up),
            self.saturation.as_ref(),
            Some(&self.main),
        ]
        .into_iter()
        .flatten()
    }

    fn rate(&self, outcomes: &[Outcome]) -> Rate {
        let requests = outcomes
            .iter()
            .map(|outcome| outcome.tally.requests())
            .fold(0, u64::saturating_add);
        let elapsed: Duration = outcomes.iter().map(|outcome| outcome.elapsed).sum();
        let sum = |of: fn(&Outcome) -> Option<Duration>| {
            outcomes.iter().map(of).sum::<Option<Duration>>()
        };
        let (gateway, generator) = (
            sum(|outcome| outcome.gateway_cpu),
            sum(|outcome| outcome.generator_cpu),
        );
        let busy = |cpu: Option<Duration>, threads: usize| {
            ratio(
                cpu?.as_secs_f64(),
                elapsed.as_secs_f64() * float(crate::number::count(threads)),
            )
        };
        Rate {
            rps: ratio(float(requests), elapsed.as_secs_f64()).unwrap_or(0.0),
            gateway_us: gateway.and_then(|cpu| ratio(cpu.as_secs_f64() * 1e6, float(requests))),
            gateway_busy: busy(gateway, self.gateway_threads),
            generator_busy: busy(generator, self.generator_threads),
        }
    }
}

/// What the reports are tested with.
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) fn sample() -> Findings {
    use crate::statistics::Tally;

    let outcome = |requests: u64, seconds: u64| {
        let mut tally = Tally::new();
        for request in 0..requests {
            let at = Duration::from_millis(request % (seconds * 1_000));
            tally.answered(
                at,
                Duration::from_micros(100 + request % 100),
                Duration::from_micros(100),
            );
            tally.judged(
                if request % 10 == 0 {
                    Kind::Expired
                } else {
                    Kind::GoodEs256
                },
                None,
            );
            if request % 10 == 0 {
                tally.refused("expired");
            }
        }
        Outcome {
            tally,
            elapsed: Duration::from_secs(seconds),
            gateway_cpu: Some(Duration::from_millis(500 * seconds)),
            generator_cpu: Some(Duration::from_millis(250 * seconds)),
            others: Some(0.01),
            ran_dry: false,
        }
    };
    Findings {
        scenario: Scenario::named("mixed").unwrap(),
        environment: Environment {
            cpu_model: "Some Processor at 2 GHz".to_owned(),
            cores: 2,
            kernel: "Linux 6.1".to_owned(),
            rustc: "rustc 1.95.0",
            engine_version: "0.1.0",
            profile: "release",
            date: "2026-11-22T00:00:00Z".to_owned(),
            load_average: Some(0.1),
            kernels: [("rsa", asap_engine::KernelState::On); 3],
        },
        duration: Duration::from_secs(20),
        target: None,
        left_out: Vec::new(),
        connections: 32,
        gateway_threads: 1,
        generator_threads: 1,
        issuers: 4,
        keys: 8,
        signed: Lot {
            rs256: 2_000,
            es256: 6_000,
        },
        signing: Duration::from_secs(1),
        ceiling: vec![outcome(3_000, 1), outcome(3_000, 1)],
        warm_up: outcome(100, 1),
        saturation: Some(outcome(2_000, 2)),
        main: outcome(2_000, 4),
        offered: Some(500.0),
        bounded_by_tokens: false,
        fetches: Fetches {
            keys: 8,
            not_modified: 16,
            not_found: 100,
            failures: 100,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_from_what_was_counted() {
        let findings = sample();
        assert_eq!(findings.main_rate().rps, 500.0);
        assert_eq!(findings.main_rate().gateway_us, Some(1_000.0));
        assert_eq!(findings.saturation_rate().rps, 1_000.0);
        assert_eq!(findings.ceiling_rate().unwrap().rps, 3_000.0);
        assert_eq!(findings.ratio_to_ceiling(), Some(1.0 / 3.0));
        assert_eq!(findings.ceiling_spread(), Some(0.0));
        assert_eq!(findings.main_rate().generator_busy, Some(0.25));
        assert!(findings.passed());
    }

    #[test]
    fn one_wrong_or_missing_answer_anywhere_fails_the_run() {
        let mut findings = sample();
        findings
            .warm_up
            .tally
            .judged(Kind::Expired, Some("wrong".to_owned()));
        assert!(!findings.passed());
        let mut findings = sample();
        findings.ceiling[0].tally.lost("gone".to_owned());
        assert!(!findings.passed());
        assert_eq!(findings.examples()["no answer: gone"], 1);
    }
}
