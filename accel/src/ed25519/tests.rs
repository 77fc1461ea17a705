use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};

use super::*;

fn hash(signature: &[u8; 64], key: &[u8], message: &[u8]) -> [u8; 64] {
    digest::digest(&digest::SHA512, &[&signature[..32], key, message].concat())
        .as_ref()
        .try_into()
        .unwrap()
}

#[test]
fn signatures_of_aws_lc() {
    for width in WIDTHS {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        for tier in [Tier::Scalar, Tier::Model, Tier::Lanes] {
            let key = VerifyKey::with_tier(&public, width, tier).unwrap();
            for round in 0..8_u8 {
                let message = [round; 40];
                let signature: [u8; 64] = pair.sign(&message).as_ref().try_into().unwrap();
                assert!(
                    key.verify(&hash(&signature, &public, &message), &signature),
                    "{tier:?}"
                );
                let mut other = signature;
                other[usize::from(round) * 7] ^= 1;
                assert!(!key.verify(&hash(&other, &public, &message), &other));
            }
        }
    }
}

#[test]
#[ignore]
fn speed() {
    use std::time::Instant;
    let pair = Ed25519KeyPair::generate().unwrap();
    let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
    let parsed = ParsedPublicKey::new(&ED25519, &public).unwrap();
    let message = [7; 300];
    let signature: [u8; 64] = pair.sign(&message).as_ref().try_into().unwrap();
    for width in WIDTHS {
        for tier in [Tier::Scalar, Tier::Lanes] {
            let start = Instant::now();
            let key = VerifyKey::with_tier(&public, width, tier).unwrap();
            let set_up = start.elapsed();
            let (mut a, mut b) = (f64::MAX, f64::MAX);
            for _ in 0..100 {
                let start = Instant::now();
                for _ in 0..16 {
                    assert!(parsed.verify_sig(&message, &signature).is_ok());
                }
                a = a.min(start.elapsed().as_nanos() as f64 / 16.0);
                let start = Instant::now();
                for _ in 0..16 {
                    assert!(key.verify(&hash(&signature, &public, &message), &signature));
                }
                b = b.min(start.elapsed().as_nanos() as f64 / 16.0);
            }
            println!(
                "ed25519 {width} {tier:?}: aws-lc {a:.0} table {b:.0} ({:.2}x) set-up {set_up:?} bytes {}",
                a / b,
                key.bytes()
            );
        }
    }
}
