//! Keys and factors chosen together, so that some sum on the way is of the same point twice, or of opposite ones.

use asap_accel::Tier;

use super::case::{Case, Shares};
use super::digits::{order, terms};
use super::keys::Key;
use super::{N, edge, made, scalar};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::private_for;
use crate::tiers::tiers;

/// Every case under a key of its own, and three signatures of the same sum: a good one, one with another r, and one with the
/// next digest, whose sum is another.
#[derive(Debug)]
pub(crate) struct Exceptions {
    pub(crate) shares: Shares,
}

impl Held for Exceptions {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        // The wide tables take longest to make.
        let width = *chance.pick(&[4, 4, 4, 5, 5, 6, 6, 7, 8]);
        let tier = if chance.one_in(2) {
            Tier::Scalar
        } else {
            Tier::Model
        };
        let order = order(tier);
        let (private, u1, u2) = loop {
            let (u1, u2) = if chance.one_in(4) {
                (edge(chance), edge(chance))
            } else {
                (scalar(chance), scalar(chance))
            };
            let terms = terms(order, &u1, &u2, width);
            if let Some(private) = private_for(order, &terms, &N, chance) {
                break (private, u1, u2);
            }
        };
        let good = made::of_factors(&private, &u1, &u2, chance);
        let other = made::with_factors("another r", scalar(chance), &u1, &u2, false);
        let key = Key::of_private(private, width);
        let before = undecided(report);
        for made in [good.clone(), other] {
            let case = Case {
                kind: made.kind,
                change: "crafted",
                digest: made.digest,
                r: made.r,
                s: made.s,
                is_good: made.is_good,
            };
            case.hold(&key, self.shares, chance, report);
        }
        let crafted = match tier {
            Tier::Scalar => "for one by one",
            _ => "for lanes",
        };
        report.count("crafted", crafted);
        // Both of them, by each tier that they were made for.
        let tiers = tiers()
            .iter()
            .filter(|one| (**one == Tier::Scalar) == (tier == Tier::Scalar));
        let expected = 2 * u64::try_from(tiers.count()).unwrap();
        let met = undecided(report) - before;
        report.compare(
            "how they were crafted: undecided",
            &(met >= expected),
            &true,
            || format!("{tier:?} {u1:x} {u2:x} {width}: {met} of {expected}"),
        );
        let next = Case {
            kind: "the next digest",
            change: "crafted",
            digest: good.digest + 1_u8,
            r: good.r,
            s: good.s,
            is_good: false,
        };
        next.hold(&key, self.shares, chance, report);
    }
}

/// How often any tier was undecided.
fn undecided(report: &Report) -> u64 {
    ["lanes: undecided", "model: undecided", "scalar: undecided"]
        .map(|name| report.counted("verdicts", name))
        .iter()
        .sum()
}
