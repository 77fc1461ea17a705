//! Keys on all sides.

use asap_accel::Tier;
use asap_accel::ed25519::VerifyKey;
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use num_bigint::BigUint;

use super::point::{Point, SMALL};
use super::{L, edge, scalar};
use crate::differential::chance::Chance;
use crate::tiers::tiers;

/// The widths that a key's windows may have.
pub(crate) const WIDTHS: [usize; 5] = [4, 5, 6, 7, 8];

/// A multiple of the base point and one of a point of order 8: every point is one such sum.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// Below L.
    pub(crate) base: BigUint,
    /// Below 8.
    pub(crate) small: usize,
}

impl Parts {
    pub(crate) fn point(&self) -> Point {
        Point::base_times(&self.base).plus(&SMALL[self.small])
    }
}

/// A multiple of the base point that nobody chose, encoded: by aws-lc, which is fast.
pub(crate) fn random_multiple(chance: &mut Chance) -> (BigUint, [u8; 32]) {
    let seed = chance.bytes(32);
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    // RFC 8032 section 5.1.5.
    let mut low = [0; 32];
    low.copy_from_slice(&digest::digest(&digest::SHA512, &seed).as_ref()[..32]);
    low[0] &= 0xf8;
    low[31] = low[31] & 0x7f | 0x40;
    let encoded = pair.public_key().as_ref().try_into().unwrap();
    (BigUint::from_bytes_le(&low) % &*L, encoded)
}

/// A public key with what is known of it.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) kind: &'static str,
    pub(crate) parts: Parts,
    pub(crate) point: Point,
    pub(crate) public: [u8; 32],
    pub(crate) width: usize,
    pub(crate) kernels: Vec<(Tier, VerifyKey)>,
    aws_lc: ParsedPublicKey,
}

impl Key {
    /// Random, special, or with a part of small order, or nothing else. Never one whose x is zero, which the kernel leaves out.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let small = 1 + chance.below(7);
        let width = *chance.pick(&WIDTHS);
        let (kind, parts) = match chance.below(8) {
            0 => {
                let base = edge(chance) % (&*L - 1_u8) + 1_u8;
                ("special", Parts { base, small: 0 })
            }
            1 | 2 => {
                let base = scalar(chance);
                ("with a part of small order", Parts { base, small })
            }
            3 => {
                let base = BigUint::ZERO;
                let small = if small == 4 { 1 } else { small };
                ("of small order", Parts { base, small })
            }
            _ => {
                let (base, public) = random_multiple(chance);
                let point = Point::decode(&public).expect("aws-lc's own");
                let parts = Parts { base, small: 0 };
                return Self::of("random", parts, point, public, width);
            }
        };
        let point = parts.point();
        let public = point.encode();
        Self::of(kind, parts, point, public, width)
    }

    /// With a private number from 1 to L - 1.
    pub(crate) fn of_private(base: BigUint, width: usize) -> Self {
        let parts = Parts { base, small: 0 };
        let point = parts.point();
        let public = point.encode();
        Self::of("chosen", parts, point, public, width)
    }

    fn of(kind: &'static str, parts: Parts, point: Point, public: [u8; 32], width: usize) -> Self {
        let kernel = |tier: &Tier| {
            let key = VerifyKey::with_tier(&public, width, *tier);
            (*tier, key.expect("a point of the curve"))
        };
        Self {
            kind,
            parts,
            point,
            public,
            width,
            kernels: tiers().iter().map(kernel).collect(),
            aws_lc: ParsedPublicKey::new(&ED25519, public).unwrap(),
        }
    }

    pub(crate) fn aws_lc(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.aws_lc.verify_sig(message, signature).is_ok()
    }

    /// SHA-512 of R, the key and the message.
    pub(crate) fn hash(&self, encoded: &[u8; 32], message: &[u8]) -> [u8; 64] {
        let input = [encoded, &self.public[..], message].concat();
        let hash = digest::digest(&digest::SHA512, &input);
        hash.as_ref().try_into().unwrap()
    }

    /// What s B - h A is, for any s and h.
    pub(crate) fn sum(&self, s: &BigUint, hash: &[u8; 64]) -> Parts {
        let h = BigUint::from_bytes_le(hash) % &*L;
        let eighth = usize::try_from((&h % 8_u8).iter_u32_digits().next().unwrap_or(0)).unwrap();
        let taken = h * &self.parts.base % &*L;
        Parts {
            base: (s % &*L + &*L - taken) % &*L,
            small: (8 * 8 - eighth * self.parts.small) % 8,
        }
    }
}
