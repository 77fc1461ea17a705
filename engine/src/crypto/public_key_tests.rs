use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ED25519 as ED25519_VERIFY, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RsaKeyPair, UnparsedPublicKey,
};

use super::*;
use crate::crypto::{Backend, VerifyingKey};

const RSA_OID: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_OID: [u8; 9] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256_OID: [u8; 10] = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ED25519_OID: [u8; 5] = [6, 3, 0x2b, 0x65, 0x70];
const NULL: [u8; 2] = [5, 0];

/// One DER element.
fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut element = vec![tag];
    match length {
        0..=127 => element.push(u8::try_from(length).unwrap()),
        128..=255 => element.extend([0x81, u8::try_from(length).unwrap()]),
        _ => {
            element.push(0x82);
            element.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    element.extend(contents);
    element
}

fn spki_of(algorithm: &[&[u8]], bits: &[u8]) -> Vec<u8> {
    let bit_string = tlv(3, &[&[0], bits].concat());
    tlv(0x30, &[tlv(0x30, &algorithm.concat()), bit_string].concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        &[0][..]
    } else {
        &[]
    };
    tlv(2, &[sign, bytes].concat())
}

fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = tlv(0x30, &[integer(modulus), integer(exponent)].concat());
    spki_of(&[&RSA_OID, &NULL], &key)
}

/// An odd number of `bits` bits.
fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xa5; bits.div_ceil(8)];
    bytes[0] = match bits % 8 {
        0 => 0x80,
        rest => 1 << (rest - 1),
    };
    *bytes.last_mut().unwrap() |= 1;
    bytes
}

fn rejected(der: &[u8]) -> KeyRejected {
    VerifyingKey::from_spki_with(der, Backend::AwsLc).unwrap_err()
}

fn p256_point() -> Vec<u8> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    key.public_key().as_ref().to_vec()
}

#[test]
fn what_the_library_generates_is_taken() {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(rsa.public_key()).unwrap();
    let key = PublicKey::from_spki(der.as_ref()).unwrap();
    assert_eq!(
        key.kind,
        KeyKind::Rsa {
            modulus_length: 256
        }
    );
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    let der = spki_of(&[&ED25519_OID], ed25519.public_key().as_ref());
    assert_eq!(PublicKey::from_spki(&der).unwrap().kind, KeyKind::Ed25519);
    assert!(
        VerifyingKey::from_spki_with(
            &spki_of(&[&EC_OID, &P256_OID], &p256_point()),
            Backend::AwsLc
        )
        .is_ok()
    );
}

#[test]
fn rsa_moduli_are_bounded_in_bits_and_not_in_bytes() {
    let exponent = [1, 0, 1];
    for bits in [2048, 2049, 2055, 3072, 4096, 8191, 8192] {
        assert!(
            PublicKey::from_spki(&rsa_spki(&modulus(bits), &exponent)).is_ok(),
            "{bits}"
        );
    }
    for bits in [8, 512, 1024, 2041, 2047, 8193, 16_384] {
        assert_eq!(
            rejected(&rsa_spki(&modulus(bits), &exponent)),
            KeyRejected::RsaModulus,
            "{bits}"
        );
    }
    let mut even = modulus(2048);
    *even.last_mut().unwrap() ^= 1;
    assert_eq!(
        rejected(&rsa_spki(&even, &exponent)),
        KeyRejected::RsaModulus
    );
}

#[test]
fn rsa_exponents_are_odd_at_least_three_and_at_most_33_bits() {
    for exponent in [&[3][..], &[17], &[1, 0, 1], &[1, 0, 0, 0, 1]] {
        assert!(
            PublicKey::from_spki(&rsa_spki(&modulus(2048), exponent)).is_ok(),
            "{exponent:?}"
        );
    }
    for exponent in [
        &[0][..],
        &[1],
        &[2],
        &[4],
        &[1, 0, 0],
        &[2, 0, 0, 0, 1],
        &[1; 32],
    ] {
        assert_eq!(
            rejected(&rsa_spki(&modulus(2048), exponent)),
            KeyRejected::RsaExponent,
            "{exponent:?}"
        );
    }
}

#[test]
fn a_modulus_that_is_negative_or_padded_is_not_der() {
    for bytes in [
        [&[0x80][..], &[1; 255]].concat(),
        [&[0, 0][..], &[0x7f; 256]].concat(),
    ] {
        let key = tlv(0x30, &[tlv(2, &bytes), integer(&[3])].concat());
        assert_eq!(
            rejected(&spki_of(&[&RSA_OID, &NULL], &key)),
            KeyRejected::NotDer
        );
    }
}

#[test]
fn parameters_are_those_of_the_algorithm() {
    let key = tlv(0x30, &[integer(&modulus(2048)), integer(&[3])].concat());
    let point = p256_point();
    for der in [
        spki_of(&[&RSA_OID], &key),
        spki_of(&[&RSA_OID, &tlv(4, b"x")], &key),
        spki_of(&[&EC_OID], &point),
        spki_of(&[&EC_OID, &NULL], &point),
        spki_of(&[&EC_OID, &tlv(0x30, &[])], &point),
        spki_of(&[&ED25519_OID, &NULL], &[1; 32]),
    ] {
        assert_eq!(rejected(&der), KeyRejected::InvalidParameters);
    }
}

#[test]
fn other_algorithms_and_curves_are_refused() {
    let rsassa_pss = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    let secp256k1 = [6, 5, 0x2b, 0x81, 4, 0, 10];
    let ed448 = [6, 3, 0x2b, 0x65, 0x71];
    for der in [
        spki_of(
            &[&rsassa_pss],
            &tlv(0x30, &[integer(&modulus(2048)), integer(&[3])].concat()),
        ),
        spki_of(&[&EC_OID, &secp256k1], &p256_point()),
        spki_of(&[&ed448], &[1; 57]),
    ] {
        assert_eq!(rejected(&der), KeyRejected::UnsupportedAlgorithm);
    }
}

#[test]
fn points_are_uncompressed_and_on_their_curve() {
    let point = p256_point();
    let mut off_curve = point.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let compressed = [&[2 | (point[64] & 1)][..], &point[1..33]].concat();
    let hybrid = [&[6 | (point[64] & 1)][..], &point[1..]].concat();
    let zero = [&[4][..], &[0; 64]].concat();
    for bytes in [
        off_curve,
        compressed,
        hybrid,
        zero,
        vec![0],
        vec![],
        vec![4; 64],
        vec![4; 66],
    ] {
        let der = spki_of(&[&EC_OID, &P256_OID], &bytes);
        assert_eq!(rejected(&der), KeyRejected::InvalidPoint, "{bytes:x?}");
    }
    for length in [0, 31, 33] {
        assert_eq!(
            rejected(&spki_of(&[&ED25519_OID], &vec![1; length])),
            KeyRejected::InvalidPoint
        );
    }
}

/// RFC 8032 section 5.1.3: "If the resulting value is >= p, decoding fails."
#[test]
fn an_ed25519_point_has_one_spelling_and_no_small_order() {
    let of = |first: u8, middle: u8, last: u8| {
        let mut point = [middle; 32];
        (point[0], point[31]) = (first, last);
        point
    };
    for sign in [0, 0x80] {
        // y = p, p + 1, ..., 2^255 - 1: all that is not below p.
        for first in 0xed..=0xff {
            assert_eq!(
                rejected(&spki_of(&[&ED25519_OID], &of(first, 0xff, 0x7f | sign))),
                KeyRejected::InvalidPoint,
                "{first:x} {sign:x}"
            );
        }
        for mut point in SMALL_ORDER_Y {
            point[31] |= sign;
            assert_eq!(
                rejected(&spki_of(&[&ED25519_OID], &point)),
                KeyRejected::InvalidPoint,
                "{point:x?}"
            );
        }
        // What is near to them is a matter of the curve, which is not asked here.
        for point in [
            of(0x02, 0, sign),
            of(0xeb, 0xff, 0x7f | sign),
            of(0xff, 0xff, 0x7e | sign),
            of(0xed, 0xfe, 0x7f | sign),
            of(0x00, 0, 0x40 | sign),
        ] {
            let der = spki_of(&[&ED25519_OID], &point);
            assert_eq!(PublicKey::from_spki(&der).unwrap().kind, KeyKind::Ed25519);
        }
    }
}

/// Why they are refused: with R the neutral element and S = 0, `[S]B = R + [k]A` holds for every message whose hash k
/// is a multiple of the order of A, so the bare primitive takes this signature from everyone.
#[test]
fn without_the_rule_anyone_could_sign_for_a_point_of_small_order() {
    let mut signature = [0; 64];
    signature[0] = 1;
    for point in SMALL_ORDER_Y {
        let key = UnparsedPublicKey::new(&ED25519_VERIFY, point);
        assert!((0..=255_u8).any(|message| key.verify(&[message], &signature).is_ok()));
    }
    let honest = Ed25519KeyPair::generate().unwrap();
    let key = UnparsedPublicKey::new(&ED25519_VERIFY, honest.public_key().as_ref());
    assert!((0..=255_u8).all(|message| key.verify(&[message], &signature).is_err()));
}

#[test]
fn nothing_may_follow_and_no_bits_may_be_left_over() {
    let good = spki_of(&[&EC_OID, &P256_OID], &p256_point());
    assert_eq!(rejected(&[&good[..], &[0]].concat()), KeyRejected::NotDer);
    assert_eq!(rejected(&good[..good.len() - 1]), KeyRejected::NotDer);
    assert_eq!(rejected(&[]), KeyRejected::NotDer);
    let bit_string = tlv(3, &[&[1][..], &p256_point()].concat());
    let unused_bits = tlv(
        0x30,
        &[tlv(0x30, &[&EC_OID[..], &P256_OID].concat()), bit_string].concat(),
    );
    assert_eq!(rejected(&unused_bits), KeyRejected::NotDer);
    let inner = [
        tlv(0x30, &[integer(&modulus(2048)), integer(&[3])].concat()),
        vec![5, 0],
    ]
    .concat();
    assert_eq!(
        rejected(&spki_of(&[&RSA_OID, &NULL], &inner)),
        KeyRejected::NotDer
    );
}

#[test]
fn every_prefix_and_every_flipped_byte_is_answered_without_a_panic() {
    let good = rsa_spki(&modulus(2048), &[1, 0, 1]);
    for length in 0..good.len() {
        assert_eq!(rejected(&good[..length]), KeyRejected::NotDer);
    }
    for position in 0..good.len() {
        let mut bad = good.clone();
        bad[position] ^= 0xff;
        let _ = PublicKey::from_spki(&bad);
    }
}

#[test]
fn each_kind_verifies_its_own_algorithms_only() {
    let kinds = [
        (
            KeyKind::Rsa {
                modulus_length: 256,
            },
            6,
        ),
        (KeyKind::P256, 1),
        (KeyKind::P384, 1),
        (KeyKind::P521, 1),
        (KeyKind::Ed25519, 1),
    ];
    for (kind, count) in kinds {
        let own = Algorithm::ALL
            .iter()
            .filter(|algorithm| kind.verifies(**algorithm))
            .count();
        assert_eq!(own, count, "{kind:?}");
    }
}
