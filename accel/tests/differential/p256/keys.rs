//! Keys on all sides.

use asap_accel::Tier;
use asap_accel::p256::VerifyKey;
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use num_bigint::BigUint;

use super::point::{self, Point};
use super::to_bytes;
use crate::tiers::tiers;

/// The widths that a key's windows may have.
pub(crate) const WIDTHS: [usize; 5] = [4, 5, 6, 7, 8];

/// A public key with what is known of it.
#[derive(Debug)]
pub(crate) struct Key {
    /// If it is known.
    pub(crate) private: Option<BigUint>,
    pub(crate) point: (BigUint, BigUint),
    pub(crate) width: usize,
    pub(crate) kernels: Vec<(Tier, VerifyKey)>,
    aws_lc: ParsedPublicKey,
}

impl Key {
    /// Of a private number from 1 to n - 1.
    pub(crate) fn of_private(private: BigUint, width: usize) -> Self {
        let point = point::base_times(&private);
        Self::of(Some(private), point, width)
    }

    /// Of a point that is not at infinity.
    pub(crate) fn of_point(point: Point, width: usize) -> Option<Self> {
        Some(Self::of(None, point?, width))
    }

    fn of(private: Option<BigUint>, point: (BigUint, BigUint), width: usize) -> Self {
        let public = [&[4][..], &to_bytes(&point.0), &to_bytes(&point.1)].concat();
        let kernel = |tier: &Tier| {
            let key = VerifyKey::with_tier(&public, width, *tier);
            (*tier, key.expect("a point of the curve"))
        };
        Self {
            private,
            point,
            width,
            kernels: tiers().iter().map(kernel).collect(),
            aws_lc: ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public).unwrap(),
        }
    }

    pub(crate) fn is_base_or_negative(&self) -> bool {
        point::base().is_some_and(|(x, _)| x == self.point.0)
    }

    pub(crate) fn aws_lc(&self, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
        let digest = Digest::import_less_safe(digest, &digest::SHA256).unwrap();
        self.aws_lc.verify_digest_sig(&digest, signature).is_ok()
    }
}
