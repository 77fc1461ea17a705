//! Any key, digest, r and s: every tier of the P-256 kernel decides as aws-lc does, or leaves it to a library; and of a sum that is
//! chosen, both know what it is.

use asap_accel::Tier;
use asap_accel::p256::{Verdict, VerifyKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use num_bigint::BigUint;

use crate::input::Input;

const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// A byte of switches, and four numbers of 32 bytes, the highest first: the key, and then a digest, r and s; or u1, u2, and a number
/// that is added to r. The key is a private number, or the x of a point and in place of the digest its y.
pub fn p256_kernel(data: &[u8]) {
    let mut input = Input::new(data);
    let switches = input.byte();
    let [key, first, second, third] = std::array::from_fn(|_| input.array::<32>());
    let order = BigUint::parse_bytes(ORDER.as_bytes(), 16).expect("hex");
    let [private, u1, u2] =
        [key, first, second].map(|bytes| BigUint::from_bytes_be(&bytes) % &order);

    let is_point = switches & 1 != 0 || private == BigUint::ZERO;
    let public = if is_point {
        [&[4][..], &key, &first].concat()
    } else {
        multiple_of_base(&private)
    };
    let aws_lc = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public);
    // The lanes one by one take longest, so they can be left out.
    let mut tiers = vec![Tier::best(), Tier::Scalar];
    if switches & 0x10 == 0 {
        tiers.push(Tier::Model);
    }
    let width = 4 + usize::from(switches >> 5 & 3);
    let kernels: Vec<VerifyKey> = tiers
        .iter()
        .filter_map(|tier| VerifyKey::with_tier(&public, width, *tier))
        .collect();
    let expected = if aws_lc.is_ok() { tiers.len() } else { 0 };
    assert_eq!(kernels.len(), expected, "which keys");
    let Ok(aws_lc) = aws_lc else {
        return;
    };

    let (mut digest, mut r, mut s, mut is_good) = (first, second, third, None);
    if !is_point && switches & 2 != 0 && u2 != BigUint::ZERO {
        // u1 G + u2 Q, and the signature that leads to it: s = r / u2 and e = u1 s.
        let sum = (&u1 + &u2 * &private) % &order;
        let x = if sum == BigUint::ZERO {
            BigUint::from(1_u8)
        } else {
            BigUint::from_bytes_be(&multiple_of_base(&sum)[1..33])
        };
        let of_r = (x + BigUint::from_bytes_be(&third)) % &order;
        let mut of_s = &of_r * u2.modinv(&order).expect("not zero") % &order;
        let mut of_digest = &u1 * &of_s % &order;
        if switches & 4 != 0 && of_s != BigUint::ZERO {
            of_s = &order - of_s;
        }
        if switches & 8 != 0 && (&of_digest + &order).bits() <= 256 {
            of_digest += &order;
        }
        if third == [0; 32] && of_r != BigUint::ZERO {
            is_good = Some(sum != BigUint::ZERO);
        }
        (digest, r, s) = (to_bytes(&of_digest), to_bytes(&of_r), to_bytes(&of_s));
    }
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    let imported = Digest::import_less_safe(&digest, &digest::SHA256).expect("32 bytes");
    let expected = aws_lc.verify_digest_sig(&imported, &signature).is_ok();
    assert!(is_good.is_none_or(|is_good| is_good == expected));

    let verdicts: Vec<Verdict> = kernels
        .iter()
        .map(|kernel| kernel.verify(&digest, &signature))
        .collect();
    for verdict in &verdicts {
        let is_valid = *verdict == Verdict::Valid;
        assert!(is_valid == expected || *verdict == Verdict::Undecided);
        // At infinity there is nothing to compare with r.
        assert!(is_good != Some(false) || *verdict == Verdict::Undecided);
    }
    if Tier::best() == Tier::Lanes
        && let [lanes, _, model] = verdicts[..]
    {
        assert_eq!(lanes, model, "the lanes and their model");
    }
}

/// A multiple of the base point, 1 to n - 1 times, uncompressed.
fn multiple_of_base(number: &BigUint) -> Vec<u8> {
    let key = PrivateKey::from_private_key(&ECDH_P256, &to_bytes(number)).expect("in range");
    let public = key.compute_public_key().expect("not at infinity");
    public.as_ref().to_vec()
}

fn to_bytes(number: &BigUint) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digits = number.to_bytes_be();
    bytes[32 - digits.len()..].copy_from_slice(&digits);
    bytes
}
