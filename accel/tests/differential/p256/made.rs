//! Signatures to start from, made by who knows or chooses everything.

use num_bigint::BigUint;

use super::keys::{Key, WIDTHS};
use super::point::{self, Point};
use super::{N, P, edge, minus, power_of_two, quotient, scalar};
use crate::differential::chance::Chance;

/// A signature as it was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) kind: &'static str,
    pub(crate) digest: BigUint,
    pub(crate) r: BigUint,
    pub(crate) s: BigUint,
    pub(crate) is_good: bool,
}

/// Of a private number and a nonce, over a digest or with an s that is given.
pub(crate) fn signed(private: &BigUint, chance: &mut Chance) -> Made {
    let nonce = scalar(chance);
    let r = point::base_times(&nonce).0 % &*N;
    let product = &r * private % &*N;
    let over = |digest: BigUint, kind| {
        let s = quotient(&((&digest + &product) % &*N), &nonce);
        (kind, digest, s)
    };
    let (kind, digest, s) = match chance.below(10) {
        0 => over(&*N + chance.number(216), "digest of n and more"),
        1 => {
            let zero = if chance.one_in(2) {
                N.clone()
            } else {
                BigUint::ZERO
            };
            over(zero, "digest 0 modulo n")
        }
        2 => {
            let small = BigUint::from(chance.word() >> chance.below(64));
            let large = power_of_two(256) - 1_u8 - &small;
            let digest = if chance.one_in(2) { small } else { large };
            over(digest, "digest near 0 or 2^256")
        }
        3 => {
            // s + n has to fit into 256 bits.
            let s = chance.number(216) + 1_u8;
            ("small s", minus(&(&nonce * &s), &product), s)
        }
        _ => over(chance.number(256), "random"),
    };
    Made {
        kind,
        digest,
        r,
        is_good: s != BigUint::ZERO,
        s,
    }
}

/// A private number and its one signature with a digest, a nonce and a 1/s that are given: the digest of n and more, and 2^256/s of
/// words that are full, so that no product carries more.
pub(crate) fn full_words(chance: &mut Chance) -> (BigUint, Made) {
    loop {
        let mut words = chance.bytes(32);
        for word in words.as_chunks_mut::<8>().0 {
            if chance.one_in(2) {
                *word = [0xff; 8];
            }
        }
        let scaled = BigUint::from_bytes_be(&words) % (&*N - 1_u8) + 1_u8;
        let s = quotient(&(power_of_two(256) % &*N), &scaled);
        let small = BigUint::from(chance.word() >> chance.below(64));
        let digest = power_of_two(256) - 1_u8 - small;
        let nonce = scalar(chance);
        let r = point::base_times(&nonce).0 % &*N;
        // e + r d = k s.
        let private = quotient(&minus(&(nonce * &s), &(&digest % &*N)), &r);
        if private != BigUint::ZERO {
            let made = Made {
                kind: "full words",
                digest,
                r,
                s,
                is_good: true,
            };
            return (private, made);
        }
    }
}

/// Of u1 and u2 that are special, or that are so together with the private number.
pub(crate) fn chosen(private: &BigUint, chance: &mut Chance) -> Made {
    let u2 = edge(chance);
    let product = &u2 * private % &*N;
    let u1 = match chance.below(8) {
        0 => u2.clone(),
        1 => &*N - &u2,
        2 => product,
        3 => &*N - product,
        4 => product * 3_u8 % &*N,
        5 => BigUint::ZERO,
        _ => edge(chance),
    };
    of_factors(private, &u1, &u2, chance)
}

/// With s = r / u2 and a digest of u1 s, so that the sum is u1 G + u2 Q.
pub(crate) fn of_factors(
    private: &BigUint,
    u1: &BigUint,
    u2: &BigUint,
    chance: &mut Chance,
) -> Made {
    let sum = (u1 + u2 * private) % &*N;
    // Of a sum at infinity there is no x, and any r is wrong.
    let is_good = sum != BigUint::ZERO;
    let r = if is_good {
        point::base_times(&sum).0 % &*N
    } else {
        scalar(chance)
    };
    let kind = if is_good {
        "u1 and u2 chosen"
    } else {
        "the sum at infinity"
    };
    with_factors(kind, r, u1, u2, is_good)
}

/// The one signature with this r and these factors.
pub(crate) fn with_factors(
    kind: &'static str,
    r: BigUint,
    u1: &BigUint,
    u2: &BigUint,
    is_good: bool,
) -> Made {
    let s = quotient(&r, u2);
    Made {
        kind,
        digest: u1 * &s % &*N,
        r,
        s,
        is_good,
    }
}

/// A point whose x is rare: n or more, or below p - n.
#[derive(Debug)]
pub(crate) struct Rare {
    point: Point,
    x: BigUint,
}

impl Rare {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let is_large = chance.one_in(2);
        loop {
            let bits = 8 * (1 + chance.below(15));
            let small = chance.number(bits) + 1_u8;
            let x = if is_large { &*N + small } else { small };
            let point = point::with_x(&x);
            if point.is_some() && x < *P {
                return Self { point, x };
            }
        }
    }

    /// A key under which this point is the sum of a signature, though nobody knows of what it is a multiple; and the signatures.
    pub(crate) fn key(&self, chance: &mut Chance) -> (Key, Vec<Made>) {
        // Q = a R + b G, so u2 = 1 / a and u1 = -b / a.
        let a = BigUint::from(1 + chance.below(0xffff));
        let b = scalar(chance);
        let multiple = point::times(&self.point, &a);
        let point = point::plus(&multiple, &Some(point::base_times(&b)));
        let key = Key::of_point(point, *chance.pick(&WIDTHS)).expect("not at infinity");
        let mut u2 = quotient(&BigUint::from(1_u8), &a);
        if chance.one_in(2) {
            u2 = &*N - u2;
        }
        let u1 = minus(&BigUint::ZERO, &(&b * &u2 % &*N));
        let mut made = Vec::new();
        if self.x > *N {
            let r = &self.x - &*N;
            made.push(with_factors("r + n is x", r, &u1, &u2, true));
        } else {
            made.push(with_factors(
                "x below p - n",
                self.x.clone(),
                &u1,
                &u2,
                true,
            ));
            // r + n is p or more, and only modulo p it is x.
            let r = &self.x + &*P - &*N;
            made.push(with_factors("x is r + n - p", r, &u1, &u2, false));
        }
        (key, made)
    }
}
