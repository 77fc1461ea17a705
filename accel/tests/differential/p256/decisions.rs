//! Signatures under few keys at a time, each used some dozens of times: as they were made, or changed afterwards.

use num_bigint::BigUint;

use super::case::{Case, Shares};
use super::keys::{Key, WIDTHS};
use super::made::{self, Made, Rare};
use super::{N, P, edge, power_of_two, scalar};
use crate::differential::Held;
use crate::differential::chance::Chance;
use crate::differential::report::Report;

/// Keys in use at a time.
const KEYS: usize = 8;

/// Which cases are drawn, and how they are held.
#[derive(Debug)]
pub(crate) struct Decisions {
    rare: Vec<Rare>,
    in_use: Vec<InUse>,
    /// A key is used for so many cases at most.
    uses: usize,
    shares: Shares,
}

#[derive(Debug)]
struct InUse {
    key: Key,
    /// Signatures for which the key was made: the only ones that there are, where nobody knows the private number.
    made: Vec<Made>,
    cases_left: usize,
}

impl Decisions {
    pub(crate) fn new(uses: usize, shares: Shares, chance: &mut Chance) -> Self {
        let rare: Vec<Rare> = (0..8).map(|_| Rare::draw(chance)).collect();
        let in_use = (0..KEYS).map(|_| InUse::draw(&rare, uses, chance));
        Self {
            in_use: in_use.collect(),
            rare,
            uses,
            shares,
        }
    }
}

impl InUse {
    fn draw(rare: &[Rare], uses: usize, chance: &mut Chance) -> Self {
        let cases_left = 1 + chance.below(uses);
        if chance.one_in(6) {
            let (key, made) = chance.pick(rare).key(chance);
            return Self {
                key,
                made,
                cases_left,
            };
        }
        if chance.one_in(6) {
            let (private, made) = made::full_words(chance);
            return Self {
                key: Key::of_private(private, *chance.pick(&WIDTHS)),
                made: vec![made],
                cases_left,
            };
        }
        let private = if chance.one_in(3) {
            edge(chance)
        } else {
            scalar(chance)
        };
        Self {
            key: Key::of_private(private, *chance.pick(&WIDTHS)),
            made: Vec::new(),
            cases_left,
        }
    }

    fn make(&self, chance: &mut Chance) -> Made {
        match &self.key.private {
            None => chance.pick(&self.made).clone(),
            Some(_) if !self.made.is_empty() && chance.one_in(4) => self.made[0].clone(),
            Some(private) if chance.one_in(4) => made::chosen(private, chance),
            Some(private) => made::signed(private, chance),
        }
    }
}

impl Held for Decisions {
    fn hold(&mut self, chance: &mut Chance, report: &mut Report) {
        let at = chance.below(KEYS);
        if self.in_use[at].cases_left == 0 {
            self.in_use[at] = InUse::draw(&self.rare, self.uses, chance);
        }
        self.in_use[at].cases_left -= 1;
        let mine = &self.in_use[at];
        let made = mine.make(chance);
        let mut key = &mine.key;
        let mut case = changed(&made, chance);
        if chance.one_in(16) {
            key = &chance.pick(&self.in_use).key;
            case.change = "another key";
        }
        case.is_good = made.is_good && is_still_good(&made, &mine.key, &case, key);
        case.hold(key, self.shares, chance, report);
    }
}

/// Whether the changed signature has the same sum up to its sign, whose x is the same.
fn is_still_good(made: &Made, made_by: &Key, case: &Case, key: &Key) -> bool {
    if case.r != made.r || case.s == BigUint::ZERO || case.s >= *N {
        return false;
    }
    let opposite = |a: &BigUint| (&*N - a % &*N) % &*N;
    match (&made_by.private, &key.private) {
        (Some(before), Some(private)) => {
            // (e + r d) / s before and now.
            let of_made = (&made.digest + &made.r * before) * &case.s % &*N;
            let of_case = (&case.digest + &case.r * private) * &made.s % &*N;
            of_made == of_case || opposite(&of_made) == of_case
        }
        _ => {
            made_by.point == key.point
                && (&made.digest + &*N * 2_u8 - &case.digest) % &*N == BigUint::ZERO
                && (made.s == case.s || opposite(&made.s) == case.s)
        }
    }
}

fn changed(made: &Made, chance: &mut Chance) -> Case {
    let mut case = Case {
        kind: made.kind,
        change: "unchanged",
        digest: made.digest.clone(),
        r: made.r.clone(),
        s: made.s.clone(),
        is_good: made.is_good,
    };
    let full = power_of_two(256);
    let which = chance.below(3);
    case.change = match chance.below(24) {
        0..=3 => {
            let bit = power_of_two(chance.below(256));
            match which {
                0 => case.digest ^= bit,
                1 => case.r ^= bit,
                _ => case.s ^= bit,
            }
            ["a bit of the digest", "a bit of r", "a bit of s"][which]
        }
        4 => {
            case.r = (case.r + &*N) % full;
            "r + n modulo 2^256"
        }
        5 => {
            case.r = (case.r + &full - &*N) % full;
            "r - n modulo 2^256"
        }
        6 | 7 => {
            case.s = &*N - case.s;
            "n - s"
        }
        8 => {
            case.s = (case.s + &*N) % full;
            "s + n modulo 2^256"
        }
        9 => {
            case.r = &*N - case.r;
            "n - r"
        }
        10..=12 => {
            let special = [
                BigUint::ZERO,
                BigUint::from(1_u8),
                &*N - 1_u8,
                N.clone(),
                &*N + 1_u8,
                P.clone(),
                &full - 1_u8,
                edge(chance),
            ];
            let number = chance.pick(&special).clone();
            match which {
                0 => case.digest = number,
                1 => case.r = number,
                _ => case.s = number,
            }
            ["a special digest", "a special r", "a special s"][which]
        }
        13 => {
            (case.r, case.s) = (case.s, case.r);
            "r and s exchanged"
        }
        14 => {
            let more = &case.digest + &*N;
            if more < full {
                case.digest = more;
            } else if case.digest >= *N {
                case.digest -= &*N;
            }
            "the digest +- n, where it fits"
        }
        15 => {
            let near = BigUint::from(1 + (chance.word() >> (1 + chance.below(63))));
            match which {
                0 => case.digest = (case.digest + near) % full,
                1 => case.r = (case.r + near) % full,
                _ => case.s = (case.s + near) % full,
            }
            "a small number added"
        }
        16 => {
            (case.r, case.s) = (chance.number(256), chance.number(256));
            "random"
        }
        _ => "unchanged",
    };
    case
}
