//! One case before all sides.

use asap_accel::Tier;
use asap_accel::p256::Verdict;
use num_bigint::BigUint;

use super::digits::{order, terms};
use super::keys::Key;
use super::point;
use super::{N, quotient, to_bytes};
use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::meetings;

/// A digest and a signature under a key, as numbers below 2^256, and what its maker says of it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) change: &'static str,
    pub(crate) digest: BigUint,
    pub(crate) r: BigUint,
    pub(crate) s: BigUint,
    pub(crate) is_good: bool,
}

/// How many cases, one of so many, are held against the slow sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// The lanes one by one.
    pub(crate) model: usize,
    /// The order of the sum, also where no tier was undecided.
    pub(crate) order: usize,
    /// num-bigint.
    pub(crate) reference: usize,
}

impl Case {
    pub(crate) fn hold(&self, key: &Key, shares: Shares, chance: &mut Chance, report: &mut Report) {
        let digest = to_bytes(&self.digest);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&to_bytes(&self.r));
        signature[32..].copy_from_slice(&to_bytes(&self.s));
        let describe = || {
            let Self { kind, change, .. } = self;
            let (x, y) = &key.point;
            let (digest, r, s) = (&self.digest, &self.r, &self.s);
            format!(
                "{kind}, {change}, width {}\nkey {x:064x}{y:064x}\ndigest {digest:064x}\nr {r:064x}\ns {s:064x}",
                key.width
            )
        };
        let expected = key.aws_lc(&digest, &signature);
        report.compare("its maker: verdict", &expected, &self.is_good, describe);
        if chance.one_in(shares.reference) {
            let reference = self.by_reference(key);
            report.compare("num-bigint: verdict", &expected, &reference, describe);
        }
        let with_model = chance.one_in(shares.model);
        let mut with_order = chance.one_in(shares.order);
        for (tier, kernel) in &key.kernels {
            if *tier == Tier::Model && !with_model {
                continue;
            }
            let verdict = kernel.verify(&digest, &signature);
            let name = match (tier, verdict) {
                (Tier::Lanes, Verdict::Valid) => "lanes: valid",
                (Tier::Lanes, Verdict::Invalid) => "lanes: invalid",
                (Tier::Lanes, _) => "lanes: undecided",
                (Tier::Model, Verdict::Valid) => "model: valid",
                (Tier::Model, Verdict::Invalid) => "model: invalid",
                (Tier::Model, _) => "model: undecided",
                (_, Verdict::Valid) => "scalar: valid",
                (_, Verdict::Invalid) => "scalar: invalid",
                (..) => "scalar: undecided",
            };
            report.count("verdicts", name);
            let tiered = || format!("{tier:?}: {}", describe());
            let is_undecided = verdict == Verdict::Undecided;
            if !is_undecided {
                let is_valid = verdict == Verdict::Valid;
                report.compare("aws-lc: verdict", &is_valid, &expected, tiered);
            }
            with_order |= is_undecided;
            if with_order {
                let exception = self.exception(*tier, key);
                let oracle = "the order of sums: undecided";
                report.compare(oracle, &is_undecided, &exception.is_some(), tiered);
                if let Some(exception) = exception {
                    report.count("undecided, where", exception);
                }
            }
        }
        self.count(key, report);
    }

    fn count(&self, key: &Key, report: &mut Report) {
        report.count("changes", self.change);
        if !self.is_good {
            report.count("not good ones made", self.kind);
            return;
        }
        report.count("good ones made", self.kind);
        let is_base = key.is_base_or_negative();
        report.count(
            "good ones by key",
            if is_base {
                "the base point or its negative"
            } else {
                "any"
            },
        );
        let is_upper = self.s > &*N >> 1;
        report.count(
            "good ones",
            if is_upper {
                "s in the upper half"
            } else {
                "s in the lower half"
            },
        );
        if self.digest >= *N {
            report.count("good ones", "digest of n and more");
        }
    }

    fn is_in_range(&self) -> bool {
        let is_in_range = |number: &BigUint| *number != BigUint::ZERO && *number < *N;
        is_in_range(&self.r) && is_in_range(&self.s)
    }

    /// What the verification multiplies with.
    fn factors(&self) -> (BigUint, BigUint) {
        (quotient(&self.digest, &self.s), quotient(&self.r, &self.s))
    }

    /// Where this tier meets what its formulas do not cover.
    fn exception(&self, tier: Tier, key: &Key) -> Option<&'static str> {
        if !self.is_in_range() {
            return None;
        }
        let (u1, u2) = self.factors();
        let order = order(tier);
        let terms = terms(order, &u1, &u2, key.width);
        // What comes after the first has no meaning: zz is zero.
        let private = key.private.as_ref();
        meetings(order, &terms, private, &N).first().copied()
    }

    /// SEC 1 section 4.1.4.
    fn by_reference(&self, key: &Key) -> bool {
        if !self.is_in_range() {
            return false;
        }
        let (u1, u2) = self.factors();
        let sum = point::plus(
            &point::times(&point::base(), &u1),
            &point::times(&Some(key.point.clone()), &u2),
        );
        sum.is_some_and(|(x, _)| x % &*N == self.r)
    }
}
