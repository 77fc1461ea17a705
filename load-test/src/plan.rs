//! How long each phase takes, how many tokens that needs, and what rate the main phase offers.

use std::time::Duration;

use crate::cli;
use crate::number::{float, whole};
use crate::scenario::Kind;
use crate::signing::Lot;

/// Parts of the whole duration.
const WARM_UP: f64 = 0.05;
const CEILING: f64 = 0.15;
const SATURATION: f64 = 0.15;
/// The share of the saturated throughput that the open loop offers: loaded, and short of queueing.
const OFFERED_SHARE: f64 = 0.65;
/// Room for a saturation that turns out higher than the warm-up said.
const ROOM: f64 = 1.25;
/// Below this part of the wanted rate, the report says that tokens were what bounded it.
const NOTABLE: f64 = 0.95;
/// Good tokens for the warm-up, which measures how many the rest needs.
const FIRST_LOT: f64 = 10_000.0;
/// Good tokens where they may be reused.
const REUSED_TOKENS: f64 = 4_096.0;
/// The most good tokens of a run: each takes some 500 bytes here, and some 15 in the replay log.
pub(crate) const MAX_TOKENS: u64 = 2_000_000;
/// For how long tokens live beyond the run itself.
const LIFETIME_BEYOND: u64 = 600;

/// The phases of a run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) warm_up: Duration,
    /// Both halves together, one before and one after the saturation. Zero where there is no gateway of ours.
    pub(crate) ceiling: Duration,
    /// Zero where the main phase is a closed loop itself.
    pub(crate) saturation: Duration,
    pub(crate) main: Duration,
    /// The longest that signing may take, unless a rate was asked for.
    pub(crate) signing: Duration,
    pub(crate) load: cli::Load,
    single_use: bool,
    /// Shares of the good kinds among what is sent.
    rs256: f64,
    es256: f64,
}

impl Plan {
    pub(crate) fn new(options: &cli::Options, leave_out: &[Kind]) -> Self {
        let scenario = options.scenario;
        let saturation = if options.load == cli::Load::Closed {
            0.0
        } else {
            SATURATION
        };
        let ceiling = if options.target.is_some() {
            0.0
        } else {
            CEILING
        };
        let main = 1.0 - WARM_UP - ceiling - saturation;
        let part = |share: f64| options.duration.mul_f64(share);
        let kept: f64 = Kind::ALL
            .iter()
            .filter(|kind| !leave_out.contains(kind))
            .map(|kind| scenario.share(*kind))
            .sum();
        Self {
            warm_up: part(WARM_UP),
            ceiling: part(ceiling),
            saturation: part(saturation),
            main: part(main),
            signing: part(0.5).max(Duration::from_secs(1)),
            load: options.load,
            single_use: scenario.single_use,
            rs256: scenario.share(Kind::GoodRs256) / kept,
            es256: scenario.share(Kind::GoodEs256) / kept,
        }
    }

    /// For how long tokens must live: from their signing to the end of the run, and an hour at most.
    pub(crate) fn lifetime(&self) -> Duration {
        let run: Duration = [self.warm_up, self.ceiling, self.saturation, self.main]
            .iter()
            .sum();
        Duration::from_secs(
            run.as_secs()
                .saturating_mul(2)
                .saturating_add(LIFETIME_BEYOND)
                .min(3_600),
        )
    }

    /// What is signed before the warm-up.
    pub(crate) fn first_lot(&self) -> Lot {
        let good = if self.single_use {
            FIRST_LOT
        } else {
            REUSED_TOKENS
        };
        self.lot(good / (self.rs256 + self.es256))
    }

    /// Requests of the saturation and of the main phase, where the gateway does `capacity` requests a second.
    pub(crate) fn requests(&self, capacity: f64) -> (f64, f64) {
        let saturation = capacity * ROOM * self.saturation.as_secs_f64();
        let rate = match self.load {
            cli::Load::Rate(rate) => rate,
            cli::Load::Share => capacity * ROOM * OFFERED_SHARE,
            cli::Load::Closed => capacity * ROOM,
        };
        (saturation, rate * self.main.as_secs_f64())
    }

    /// What is to be signed after the warm-up, on top of what is left of the first lot.
    pub(crate) fn second_lot(&self, capacity: f64, left: Lot) -> Lot {
        if !self.single_use {
            return Lot::default();
        }
        let (saturation, main) = self.requests(capacity);
        let needed = self.lot(saturation + main);
        Lot {
            rs256: needed.rs256.saturating_sub(left.rs256),
            es256: needed.es256.saturating_sub(left.es256),
        }
    }

    /// How many requests the good tokens at hand are good for.
    pub(crate) fn affordable(&self, left: Lot) -> f64 {
        let by = |tokens: u64, share: f64| {
            if share > 0.0 {
                float(tokens) / share
            } else {
                f64::INFINITY
            }
        };
        if self.single_use {
            by(left.rs256, self.rs256).min(by(left.es256, self.es256)) / ALLOWANCE
        } else {
            f64::INFINITY
        }
    }

    /// How many requests the saturation may spend, so that its proportion is left for the main phase.
    pub(crate) fn saturation_requests(&self, capacity: f64, left: Lot) -> u64 {
        let (saturation, main) = self.requests(capacity);
        whole(self.affordable(left) * saturation / (saturation + main))
    }

    /// The rate of the main phase, and whether the tokens at hand are what bounds it. Nothing in a closed loop.
    pub(crate) fn offered(&self, saturated: f64, left: Lot) -> Option<(f64, bool)> {
        let wanted = match self.load {
            cli::Load::Closed => return None,
            cli::Load::Rate(rate) => rate,
            cli::Load::Share => (saturated * OFFERED_SHARE).max(1.0),
        };
        let affordable = self.affordable(left) / self.main.as_secs_f64();
        // Rounded to what people compare, and down.
        let rounded = if affordable < wanted {
            affordable
        } else {
            wanted
        };
        let step = if rounded >= 1_000.0 && self.load == cli::Load::Share {
            100.0
        } else {
            1.0
        };
        Some((
            (rounded / step).floor().max(1.0) * step,
            affordable < wanted * NOTABLE,
        ))
    }

    /// The longest that signing may take; nothing where a rate was asked for, which is then kept.
    pub(crate) fn signing_limit(&self) -> Option<Duration> {
        (!matches!(self.load, cli::Load::Rate(_))).then_some(self.signing)
    }

    /// Refuses a rate that needs more tokens than fit.
    pub(crate) fn check(&self) -> Result<(), String> {
        let cli::Load::Rate(rate) = self.load else {
            return Ok(());
        };
        let needed = self.lot(rate * self.main.as_secs_f64()).total();
        if self.single_use && needed > MAX_TOKENS {
            return Err(format!(
                "--rate {rate} for {:.0} s needs {needed} distinct tokens, and {MAX_TOKENS} is the most: lower --rate or --duration",
                self.main.as_secs_f64()
            ));
        }
        Ok(())
    }

    /// Good tokens for so many requests.
    fn lot(&self, requests: f64) -> Lot {
        let of = |share: f64| whole((requests * share * ALLOWANCE).ceil());
        Lot {
            rs256: of(self.rs256),
            es256: of(self.es256),
        }
    }
}

/// What kinds that cannot be sent at a moment leave to the others, and the order of the deck.
const ALLOWANCE: f64 = 1.03;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn plan(line: &str) -> Plan {
        let words = std::iter::once("load-test")
            .chain(line.split_whitespace())
            .map(Into::into);
        Plan::new(&cli::parse(words).unwrap(), &[])
    }

    #[test]
    fn the_phases_fill_the_duration() {
        for line in [
            "",
            "--closed",
            "--target http://127.0.0.1:1/",
            "--duration 60",
        ] {
            let plan = plan(line);
            let sum = (plan.warm_up + plan.ceiling + plan.saturation + plan.main).as_secs_f64();
            let whole = if line.contains("60") { 60.0 } else { 20.0 };
            assert!((sum - whole).abs() < 0.001, "{line}: {sum}");
        }
        assert_eq!(plan("--closed").saturation, Duration::ZERO);
    }

    #[test]
    fn enough_tokens_are_signed_for_what_is_sent() {
        let plan = plan("");
        let lot = plan.second_lot(20_000.0, Lot::default());
        let (saturation, main) = plan.requests(20_000.0);
        assert!(plan.affordable(lot) >= saturation + main);
        let ratio = float(lot.rs256) / float(lot.es256);
        assert!((ratio - 1.0 / 7.0).abs() < 0.001, "{ratio}");
    }

    #[test]
    fn reused_tokens_need_no_second_lot_and_bound_nothing() {
        let plan = plan("--scenario good-rs256");
        assert_eq!(plan.second_lot(100_000.0, Lot::default()), Lot::default());
        assert_eq!(plan.first_lot().es256, 0);
        let (rate, bounded) = plan.offered(10_000.0, plan.first_lot()).unwrap();
        assert_eq!((rate, bounded), (6_500.0, false));
    }

    #[test]
    fn too_few_tokens_lower_the_rate_and_say_so() {
        let closed = plan("--closed");
        let plan = plan("");
        let few = Lot {
            rs256: 1_300,
            es256: 9_100,
        };
        let (rate, bounded) = plan.offered(20_000.0, few).unwrap();
        assert!(bounded && rate < 1_001.0, "{rate}");
        assert_eq!(closed.offered(20_000.0, few), None);
    }

    #[test]
    fn a_rate_beyond_all_tokens_is_refused_before_anything_starts() {
        assert!(plan("--rate 5000").check().is_ok());
        let refusal = plan("--rate 500000").check().unwrap_err();
        assert!(refusal.contains("--rate") && refusal.lines().count() == 1);
        assert!(plan("--rate 500000 --scenario good-es256").check().is_ok());
    }

    #[test]
    fn tokens_outlive_the_run_and_no_token_lives_longer_than_an_hour() {
        assert_eq!(plan("").lifetime(), Duration::from_secs(640));
        assert_eq!(
            plan("--duration 1800").lifetime(),
            Duration::from_secs(3_600)
        );
    }
}
