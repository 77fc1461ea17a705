//! Signatures under few keys at a time, each used some dozens of times: as they were made, or changed afterwards.

use num_bigint::BigUint;

use super::case::{Case, Shares, Signed};
use super::keys::Key;
use super::made::{self, Nonce};
use super::{L, P, edge, power_of_two, to_bytes};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;

/// Keys in use at a time.
const KEYS: usize = 8;

/// Which cases are drawn, and how they are held.
#[derive(Debug)]
pub(crate) struct Decisions {
    special: Vec<Nonce>,
    /// With how many cases are left for each.
    keys: Vec<(Key, usize)>,
    /// A key is used for so many cases at most.
    uses: usize,
    shares: Shares,
}

impl Decisions {
    pub(crate) fn new(uses: usize, shares: Shares, chance: &mut Chance) -> Self {
        let keys = (0..KEYS).map(|_| (Key::draw(chance), 1 + chance.below(uses)));
        Self {
            keys: keys.collect(),
            special: made::special_nonces(chance),
            uses,
            shares,
        }
    }
}

impl Held for Decisions {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        let at = chance.below(KEYS);
        if self.keys[at].1 == 0 {
            self.keys[at] = (Key::draw(chance), 1 + chance.below(self.uses));
        }
        self.keys[at].1 -= 1;
        let made_by = &self.keys[at].0;
        // To compute R for a hash that is chosen takes longer than all the rest.
        let made = if chance.one_in(16) {
            made::over_hash(made_by, chance)
        } else {
            made::over_message(made_by, &self.special, chance)
        };
        let mut key = made_by;
        let mut case = changed(&made, chance);
        if chance.one_in(16) {
            key = &chance.pick(&self.keys).0;
            case.change = "another key";
        }
        case.is_good = is_still_good(&made, made_by, &case, key);
        case.hold(key, self.shares, chance, report);
    }
}

/// Whether the sum is what R stands for. Of an R that was changed that is only known if it is of small order: any other is
/// taken for one that no sum is.
fn is_still_good(made: &Case, made_by: &Key, case: &Case, key: &Key) -> bool {
    let s = BigUint::from_bytes_le(&case.s);
    if s >= *L {
        return false;
    }
    let sum = key.sum(&s, &case.hash(key));
    if let Some(small) = made::small_of(&case.r) {
        return sum.base == BigUint::ZERO && sum.small == small;
    }
    if case.r != made.r {
        return false;
    }
    if !made.is_good {
        // R is in another spelling, or of another part of small order than what was signed: compared as points.
        return sum.point().encode() == case.r;
    }
    let before = made_by.sum(&BigUint::from_bytes_le(&made.s), &made.hash(made_by));
    before.base == sum.base && before.small == sum.small
}

fn changed(made: &Case, chance: &mut Chance) -> Case {
    let mut case = Case {
        kind: made.kind,
        change: "unchanged",
        signed: made.signed.clone(),
        r: made.r,
        s: made.s,
        is_good: false,
    };
    let full = power_of_two(256);
    let s = BigUint::from_bytes_le(&case.s);
    case.change = match chance.below(20) {
        0 => {
            flip(&mut case.r, chance);
            "a bit of R"
        }
        1 => {
            flip(&mut case.s, chance);
            "a bit of s"
        }
        2 => {
            match &mut case.signed {
                Signed::Message(message) if message.is_empty() => message.push(0),
                Signed::Message(message) => flip(message, chance),
                Signed::Hash(hash) => flip(hash, chance),
            }
            "a bit of what is signed"
        }
        3 | 4 => {
            // Up to 15 times fits.
            let more = &s + &*L * (1 + chance.below(15));
            if more < full {
                case.s = to_bytes(&more);
            }
            "s + k L"
        }
        5 => {
            case.s = to_bytes(&((&*L - &s % &*L) % &full));
            "L - s"
        }
        6 | 7 => {
            let special = [
                BigUint::ZERO,
                BigUint::from(1_u8),
                &*L - 1_u8,
                L.clone(),
                &*L + 1_u8,
                power_of_two(252),
                power_of_two(253) - 1_u8,
                P.clone(),
                full - 1_u8,
                edge(chance),
            ];
            case.s = to_bytes(chance.pick(&special));
            "a special s"
        }
        8 | 9 => {
            let y = BigUint::from(chance.below(19));
            let y = match chance.below(3) {
                0 => y,
                1 => y + &*P,
                _ => &*P - 1_u8 - y,
            };
            case.r = to_bytes(&y);
            case.r[31] |= u8::from(chance.one_in(2)) << 7;
            "a special R"
        }
        10 => {
            case.r[31] ^= 0x80;
            "the sign of R"
        }
        11 => {
            (case.r, case.s) = (case.s, case.r);
            "R and s exchanged"
        }
        12 => {
            case.r = chance.bytes(32).try_into().unwrap();
            case.s = to_bytes(&(chance.number(256) % &*L));
            "random"
        }
        _ => "unchanged",
    };
    case
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    let position = chance.below(bytes.len());
    bytes[position] ^= 1 << chance.below(8);
}
