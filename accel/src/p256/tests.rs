use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey,
};

use super::*;

#[test]
fn speed() {
    use std::time::Instant;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let parsed =
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).unwrap();
    let message = [7; 300];
    let signature: [u8; 64] = pair
        .sign(&SystemRandom::new(), &message)
        .unwrap()
        .as_ref()
        .try_into()
        .unwrap();
    for width in [4, 5, 6, 7, 8] {
        for tier in [Tier::Lanes, Tier::Scalar, Tier::Model] {
            let start = Instant::now();
            let key = VerifyKey::with_tier(pair.public_key().as_ref(), width, tier).unwrap();
            let set_up = start.elapsed();
            let (mut a, mut b) = (f64::MAX, f64::MAX);
            for _ in 0..60 {
                let start = Instant::now();
                for _ in 0..16 {
                    assert!(parsed.verify_sig(&message, &signature).is_ok());
                }
                a = a.min(start.elapsed().as_nanos() as f64 / 16.0);
                let start = Instant::now();
                for _ in 0..16 {
                    let digest: [u8; 32] = digest::digest(&digest::SHA256, &message)
                        .as_ref()
                        .try_into()
                        .unwrap();
                    assert_eq!(key.verify(&digest, &signature), Verdict::Valid);
                }
                b = b.min(start.elapsed().as_nanos() as f64 / 16.0);
            }
            println!(
                "{width} {tier:?}: aws-lc {a:.0}  table {b:.0}  ({:.2}x)  set-up {set_up:?}",
                a / b
            );
        }
    }
}
