//! Measures RSA signatures by the kernel beside aws-lc, in turns: nanoseconds a verification, SHA-256 included.

use std::hint::black_box;
use std::time::Instant;

use asap_accel::rsa::{Hash, VerifyKey};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};

fn main() {
    let message = [7_u8; 300];
    for size in [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096] {
        let pair = RsaKeyPair::generate(size).unwrap();
        let public = pair.public_key();
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref()).unwrap();
        // RSAPublicKey in DER: two heads of four bytes and a zero, then the modulus.
        let modulus = &public.as_ref()[9..][..pair.public_modulus_len()];
        let start = Instant::now();
        let key = VerifyKey::new(modulus).unwrap();
        println!("set-up {:?}", start.elapsed());
        let start = Instant::now();
        let key2 = VerifyKey::new(modulus).unwrap();
        println!("set-up {:?}", start.elapsed());
        drop(key2);
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &message,
            &mut signature,
        )
        .unwrap();
        let mut pss = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), &message, &mut pss)
            .unwrap();
        let sha = |m: &[u8]| digest::digest(&digest::SHA256, m);
        let mut best = [f64::MAX; 4];
        for _ in 0..300 {
            let mut measure = |slot: usize, f: &dyn Fn()| {
                let start = Instant::now();
                for _ in 0..16 {
                    f()
                }
                best[slot] = best[slot].min(start.elapsed().as_nanos() as f64 / 16.0);
            };
            measure(0, &|| {
                assert!(parsed.verify_sig(black_box(&message), &signature).is_ok())
            });
            measure(1, &|| {
                assert!(key.verify_pkcs1(
                    Hash::Sha256,
                    sha(black_box(&message)).as_ref(),
                    &signature
                ))
            });
            measure(2, &|| {
                assert!(key.verify_pss(Hash::Sha256, sha(black_box(&message)).as_ref(), &pss, sha))
            });
            measure(3, &|| {
                black_box(key.recover(&signature));
            });
        }
        println!(
            "aws-lc {:.0}  kernel {:.0} ({:.2}x)  pss {:.0}  recover {:.0}",
            best[0],
            best[1],
            best[0] / best[1],
            best[2],
            best[3]
        );
    }
}
