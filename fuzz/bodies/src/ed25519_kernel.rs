//! Any key, R, s and message: every tier of the Ed25519 kernel decides as aws-lc does.

use asap_accel::Tier;
use asap_accel::ed25519::VerifyKey;
use aws_lc_rs::digest::{SHA512, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use num_bigint::BigUint;

use crate::input::Input;

const ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

/// A byte of switches; a key of 32 bytes, or the seed of one; R, or the seed of a nonce; s, or what is XORed with the s that makes it a
/// signature; and then the message.
pub fn ed25519_kernel(data: &[u8]) {
    let mut input = Input::new(data);
    let switches = input.byte();
    let [key, r, mut s] = std::array::from_fn(|_| input.array::<32>());
    let message = input.rest();
    let has_private = switches & 1 != 0;
    let (private, public) = if has_private {
        multiple_of_base(&key)
    } else {
        (BigUint::ZERO, key)
    };
    let (nonce, mut r) = if switches & 2 != 0 {
        multiple_of_base(&r)
    } else {
        (BigUint::ZERO, r)
    };
    // The sign of R, before or after it is signed.
    let sign = switches & 8;
    if switches & 4 != 0 {
        r[31] ^= sign << 4;
    }
    let hashed = |r: &[u8; 32]| -> [u8; 64] {
        let hash = digest(&SHA512, &[r, &public[..], message].concat());
        hash.as_ref().try_into().expect("64 bytes")
    };
    // What nobody changes afterwards is as good as its maker meant it.
    let is_unchanged = has_private && switches & 2 != 0 && s == [0; 32];
    if has_private {
        let order = BigUint::parse_bytes(ORDER.as_bytes(), 16).expect("hex");
        let h = BigUint::from_bytes_le(&hashed(&r));
        let mut signed = (nonce + h * private) % &order;
        let more = &signed + &order * (switches >> 4 & 7);
        if more.bits() <= 256 {
            signed = more;
        }
        for (byte, signed) in s.iter_mut().zip(signed.to_bytes_le()) {
            *byte ^= signed;
        }
    }
    if switches & 4 == 0 {
        r[31] ^= sign << 4;
    }

    let Some(best) = VerifyKey::with_tier(&public, 4, Tier::best()) else {
        // Which keys it leaves out is said there; none of those that anybody makes.
        assert!(!has_private);
        return;
    };
    let mut kernels = vec![best];
    for tier in [Tier::Model, Tier::Scalar] {
        let width = 4 + usize::from(switches >> 6);
        kernels.extend(VerifyKey::with_tier(&public, width, tier));
    }
    assert_eq!(kernels.len(), 3);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    let hash = hashed(&r);
    let expected = ParsedPublicKey::new(&ED25519, public)
        .is_ok_and(|key| key.verify_sig(message, &signature).is_ok());
    if is_unchanged {
        assert_eq!(expected, switches & 0x78 == 0, "its maker");
    }
    for kernel in &kernels {
        assert_eq!(kernel.verify(&hash, &signature), expected, "{kernel:?}");
    }
}

/// What a seed stands for (RFC 8032 section 5.1.5), and the multiple of the base point that is.
fn multiple_of_base(seed: &[u8; 32]) -> (BigUint, [u8; 32]) {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes");
    let mut low: [u8; 32] = std::array::from_fn(|k| digest(&SHA512, seed).as_ref()[k]);
    low[0] &= 0xf8;
    low[31] = low[31] & 0x7f | 0x40;
    let public = pair.public_key().as_ref().try_into().expect("32 bytes");
    (BigUint::from_bytes_le(&low), public)
}
