use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey};

use super::*;

#[test]
fn signatures_of_aws_lc() {
    for width in [4, 5, 6, 7, 8] {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = VerifyKey::new(pair.public_key().as_ref(), width).unwrap();
        for round in 0..40_u8 {
            let message = [round; 50];
            let signature: [u8; 64] = pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().try_into().unwrap();
            let digest: [u8; 32] = digest::digest(&digest::SHA256, &message).as_ref().try_into().unwrap();
            for way in 0..3 { assert_eq!(key.verify(&digest, &signature, way), Verdict::Valid, "{way}"); }
            let mut other = signature;
            other[usize::from(round)] ^= 1;
            for way in 0..3 { assert_eq!(key.verify(&digest, &other, way), Verdict::Invalid); }
        }
    }
}

#[test]
#[ignore]
fn speed() {
    use std::time::Instant;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).unwrap();
    let message = [7; 300];
    let signature: [u8; 64] = pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().try_into().unwrap();
    for width in [4, 5, 6, 7, 8] {
        let start = Instant::now();
        let key = VerifyKey::new(pair.public_key().as_ref(), width).unwrap();
        let set_up = start.elapsed();
        let (mut a, mut b) = (f64::MAX, f64::MAX);
        for _ in 0..100 {
            let start = Instant::now();
            for _ in 0..16 { assert!(parsed.verify_sig(&message, &signature).is_ok()); }
            a = a.min(start.elapsed().as_nanos() as f64 / 16.0);
            let start = Instant::now();
            for _ in 0..16 { 
                let digest: [u8; 32] = digest::digest(&digest::SHA256, &message).as_ref().try_into().unwrap();
                assert_eq!(key.verify(&digest, &signature, 1), Verdict::Valid); }
            b = b.min(start.elapsed().as_nanos() as f64 / 16.0);
        }
        println!("{width}: aws-lc {a:.0}  table {b:.0}  ({:.2}x)  set-up {set_up:?}", a / b);
    }
    let mut c = f64::MAX;
    let a = P.enter(&[3, 5, 7, 9]);
    for _ in 0..100 { let start = Instant::now(); for _ in 0..16 { std::hint::black_box(P.invert(std::hint::black_box(&a))); } c = c.min(start.elapsed().as_nanos() as f64 / 16.0); }
    println!("invert {c:.0}");
    let mut c = f64::MAX;
    for _ in 0..100 { let mut x = a; let start = Instant::now(); for _ in 0..1000 { x = field::multiply(&x, &a); } std::hint::black_box(x); c = c.min(start.elapsed().as_nanos() as f64 / 1000.0); }
    println!("multiply latency {c:.2}");
}
