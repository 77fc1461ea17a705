//! Keys, hashes and s chosen together, so that some sum on the way is of the same point twice, or of opposite ones: the formulas are
//! complete, and hold for those too.

use asap_accel::Tier;

use super::case::{Case, Shares};
use super::digits::{order, terms};
use super::keys::Key;
use super::{L, edge, made, scalar, to_bytes};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::private_for;
use crate::tiers::tiers;

/// Every case under a key of its own: the good signature, and one of the next s.
#[derive(Debug)]
pub(crate) struct Meetings {
    pub(crate) shares: Shares,
}

impl Held for Meetings {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        // The wide tables take longest to make.
        let width = *chance.pick(&[4, 4, 4, 5, 5, 6, 6, 7, 8]);
        let tier = if chance.one_in(2) {
            Tier::Scalar
        } else {
            Tier::Model
        };
        let order = order(tier);
        let (negated, s, h) = loop {
            let (s, h) = if chance.one_in(4) {
                (edge(chance), edge(chance))
            } else {
                (scalar(chance), scalar(chance))
            };
            let terms = terms(order, &s, &h, width);
            if let Some(negated) = private_for(order, &terms, &L, chance) {
                break (negated, s, h);
            }
        };
        let key = Key::of_private(&*L - negated, width);
        let hash = to_bytes(&(&h + &*L * chance.number(256)));
        let met = met(report);
        let shares = Shares {
            order: 1,
            ..self.shares
        };
        let good = made::of_sum("special sums", &key, &s, hash);
        good.hold(&key, shares, chance, report);
        let (crafted, tiers) = match tier {
            Tier::Scalar => ("for one by one", 1),
            _ => ("for lanes", tiers().len() - 1),
        };
        report.count("crafted", crafted);
        let met = self::met(report) - met;
        let is_met = met >= u64::try_from(tiers).unwrap();
        report.compare("how they were crafted: a meeting", &is_met, &true, || {
            format!("{tier:?} {s:x} {h:x} {width}: {met}")
        });
        let next = Case {
            change: "the next s",
            s: to_bytes(&((s + 1_u8) % &*L)),
            is_good: false,
            ..good
        };
        next.hold(&key, self.shares, chance, report);
    }
}

/// How many special sums there were.
fn met(report: &Report) -> u64 {
    let names = crate::order::MEETINGS.iter();
    names
        .map(|name| report.counted("sums that meet", name))
        .sum()
}
