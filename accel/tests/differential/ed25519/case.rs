//! One case before all sides.

use asap_accel::Tier;
use num_bigint::BigUint;

use super::L;
use super::digits::{order, terms};
use super::keys::Key;
use super::point::Point;
use crate::differential::chance::Chance;
use crate::differential::report::Report;
use crate::order::meetings;

/// What is signed.
#[derive(Debug, Clone)]
pub(crate) enum Signed {
    Message(Vec<u8>),
    /// Instead of the hash, for the kernel alone.
    Hash([u8; 64]),
}

/// A signature, and what its maker says of it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    pub(crate) change: &'static str,
    pub(crate) signed: Signed,
    pub(crate) r: [u8; 32],
    pub(crate) s: [u8; 32],
    pub(crate) is_good: bool,
}

/// How many cases, one of so many, are held against the slow sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// The lanes one by one.
    pub(crate) model: usize,
    /// The order of the sum.
    pub(crate) order: usize,
    /// num-bigint.
    pub(crate) reference: usize,
}

impl Case {
    pub(crate) fn hash(&self, key: &Key) -> [u8; 64] {
        match &self.signed {
            Signed::Message(message) => key.hash(&self.r, message),
            Signed::Hash(hash) => *hash,
        }
    }

    pub(crate) fn hold(&self, key: &Key, shares: Shares, chance: &mut Chance, report: &mut Report) {
        let hash = self.hash(key);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&self.r);
        signature[32..].copy_from_slice(&self.s);
        let hex = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        };
        let describe = || {
            format!(
                "{}, {}, key {}, width {}\nkey {}\nhash {}\nsignature {}\nof {:?}",
                self.kind,
                self.change,
                key.kind,
                key.width,
                hex(&key.public),
                hex(&hash),
                hex(&signature),
                self.signed
            )
        };
        let mut expected = self.is_good;
        if let Signed::Message(message) = &self.signed {
            expected = key.aws_lc(message, &signature);
            report.compare("its maker: verdict", &expected, &self.is_good, describe);
        }
        if chance.one_in(shares.reference) {
            let reference = self.by_reference(key, &hash);
            report.compare("num-bigint: verdict", &expected, &reference, describe);
        }
        let with_model = chance.one_in(shares.model);
        let with_order = chance.one_in(shares.order);
        let oracle = match self.signed {
            Signed::Message(_) => "aws-lc: verdict",
            Signed::Hash(_) => "its maker, the hash chosen: verdict",
        };
        for (tier, kernel) in &key.kernels {
            if *tier == Tier::Model && !with_model {
                continue;
            }
            let verdict = kernel.verify(&hash, &signature);
            let name = match (tier, verdict) {
                (Tier::Lanes, true) => "lanes: valid",
                (Tier::Lanes, false) => "lanes: invalid",
                (Tier::Model, true) => "model: valid",
                (Tier::Model, false) => "model: invalid",
                (_, true) => "scalar: valid",
                (_, false) => "scalar: invalid",
            };
            report.count("verdicts", name);
            report.compare(oracle, &verdict, &expected, || {
                format!("{tier:?}: {}", describe())
            });
            if with_order {
                for meeting in self.meetings(*tier, key, &hash) {
                    report.count("sums that meet", meeting);
                }
            }
        }
        report.count("changes", self.change);
        if self.is_good {
            report.count("good ones made", self.kind);
            report.count("good ones by key", key.kind);
        } else {
            report.count("not good ones made", self.kind);
        }
    }

    /// The special sums on the way, under a key without a part of small order.
    fn meetings(&self, tier: Tier, key: &Key, hash: &[u8; 64]) -> Vec<&'static str> {
        let s = BigUint::from_bytes_le(&self.s);
        if s >= *L || key.parts.small != 0 {
            return Vec::new();
        }
        let h = BigUint::from_bytes_le(hash) % &*L;
        // The table is that of -A.
        let private = &*L - &key.parts.base;
        let order = order(tier);
        meetings(order, &terms(order, &s, &h, key.width), Some(&private), &L)
    }

    /// RFC 8032 section 5.1.7 without the cofactor.
    fn by_reference(&self, key: &Key, hash: &[u8; 64]) -> bool {
        let s = BigUint::from_bytes_le(&self.s);
        let h = BigUint::from_bytes_le(hash) % &*L;
        if s >= *L {
            return false;
        }
        let sum = Point::base_times(&s).plus(&key.point.negated().times(&h));
        sum.encode() == self.r
    }
}
