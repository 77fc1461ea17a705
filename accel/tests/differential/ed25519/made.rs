//! Signatures to start from, made by who knows or chooses everything.

use num_bigint::BigUint;

use super::case::{Case, Signed};
use super::keys::{Key, Parts, random_multiple};
use super::point::SMALL;
use super::{L, P, edge, power_of_two, scalar, to_bytes};
use crate::differential::chance::Chance;

/// An R with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Nonce {
    kind: &'static str,
    parts: Parts,
    encoded: [u8; 32],
    /// Whether that is its encoding, and not another spelling.
    is_canonical: bool,
}

/// R that are not random.
pub(crate) fn special_nonces(chance: &mut Chance) -> Vec<Nonce> {
    let mut nonces = Vec::new();
    let mut add = |kind, base: BigUint, small| {
        let parts = Parts { base, small };
        nonces.push(Nonce {
            kind,
            encoded: parts.point().encode(),
            parts,
            is_canonical: true,
        });
    };
    for small in 0..8 {
        add("R of small order", BigUint::ZERO, small);
        add("R with a part of small order", scalar(chance), small.max(1));
        for _ in 0..2 {
            let base = edge(chance) % (&*L - 1_u8) + 1_u8;
            add("R a special multiple", base, 0);
        }
    }
    let others: Vec<Nonce> = nonces
        .iter()
        .filter_map(Nonce::in_another_spelling)
        .collect();
    nonces.extend(others);
    nonces
}

impl Nonce {
    fn random(chance: &mut Chance) -> Self {
        let (base, encoded) = random_multiple(chance);
        Self {
            kind: "random",
            parts: Parts { base, small: 0 },
            encoded,
            is_canonical: true,
        }
    }

    /// With y + p, or with a sign for an x of zero, where there is such a spelling.
    fn in_another_spelling(&self) -> Option<Self> {
        let number = BigUint::from_bytes_le(&self.encoded);
        let y = &number % power_of_two(255);
        let encoded = if y < BigUint::from(19_u8) {
            number + &*P
        } else if self.parts.base == BigUint::ZERO && self.parts.small.is_multiple_of(4) {
            number ^ power_of_two(255)
        } else {
            return None;
        };
        Some(Self {
            kind: "R of small order in another spelling",
            encoded: to_bytes(&encoded),
            is_canonical: false,
            ..self.clone()
        })
    }

    fn case(&self, signed: Signed, s: &BigUint) -> Case {
        Case {
            kind: self.kind,
            change: "unchanged",
            signed,
            r: self.encoded,
            s: to_bytes(s),
            is_good: false,
        }
    }
}

/// Over a message, of some length. One that suits the parts of small order, if one of few does.
pub(crate) fn over_message(key: &Key, special: &[Nonce], chance: &mut Chance) -> Case {
    let nonce = if chance.one_in(2) {
        chance.pick(special).clone()
    } else {
        Nonce::random(chance)
    };
    let tries = if chance.one_in(2) { 16 } else { 1 };
    let mut case = None;
    for _ in 0..tries {
        let length = chance.below(200);
        let message = chance.bytes(length);
        let hash = key.hash(&nonce.encoded, &message);
        // s B - h A = r B in the part that is a multiple of B.
        let s = (&nonce.parts.base + BigUint::from_bytes_le(&hash) * &key.parts.base) % &*L;
        let is_good = nonce.is_canonical && key.sum(&s, &hash).small == nonce.parts.small;
        let made = nonce.case(Signed::Message(message), &s);
        case = Some(Case { is_good, ..made });
        if is_good {
            break;
        }
    }
    case.expect("at least one try")
}

/// Over a hash and an s that are chosen: R is what their sum is.
pub(crate) fn over_hash(key: &Key, chance: &mut Chance) -> Case {
    let (kind, hash) = if chance.one_in(2) {
        ("any hash", chance.bytes(64).try_into().unwrap())
    } else {
        ("a special hash", special_hash(chance))
    };
    of_sum(kind, key, &edge(chance), hash)
}

/// The good signature with this hash and this s.
pub(crate) fn of_sum(kind: &'static str, key: &Key, s: &BigUint, hash: [u8; 64]) -> Case {
    Case {
        kind,
        change: "unchanged",
        signed: Signed::Hash(hash),
        r: key.sum(s, &hash).point().encode(),
        s: to_bytes(s),
        is_good: true,
    }
}

/// Zero, all ones, one half of zeros, a multiple of L, or a special number modulo it.
fn special_hash(chance: &mut Chance) -> [u8; 64] {
    let full = power_of_two(512);
    let multiple = &*L * chance.number(256);
    let number = match chance.below(6) {
        0 => BigUint::ZERO,
        1 => full - 1_u8 - chance.below(2),
        2 => chance.number(256),
        3 => chance.number(256) << 256,
        4 => multiple,
        _ => multiple + edge(chance),
    };
    to_bytes(&number)
}

/// The part of small order of the eight that have no other, by their encoding.
pub(crate) fn small_of(encoded: &[u8; 32]) -> Option<usize> {
    use std::sync::LazyLock;
    static ENCODED: LazyLock<[[u8; 32]; 8]> =
        LazyLock::new(|| std::array::from_fn(|k| SMALL[k].encode()));
    ENCODED.iter().position(|one| one == encoded)
}
