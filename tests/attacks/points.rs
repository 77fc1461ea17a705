//! Section 2: points that are on no curve, on another, or of small order.

use asap_engine::{Algorithm, KeyRejected};
use asap_tests::forge::{hex, tlv};
use asap_tests::spki::{
    EC, ED25519, NULL, P256, P384, P521, RSA, SECP256K1, bits_of, integer, public_pem, spki,
    spki_with_unused_bits,
};
use asap_tests::token::Token;

use crate::case::{Case, bad_spki, twin};
use crate::forgeries;

rows! {
    /// RFC 5480 sections 2.1.1 and 2.2.
    "KEY-12" key_12_elliptic_points_and_parameters = points;
    /// RFC 8032 section 5.1.3 and 8.
    "KEY-13" key_13_ed25519_points = edwards_points;
}

/// The parameters of P-256 spelled out (SEC 1 appendix C.2), with this generator.
fn explicit_p256(generator: &[u8]) -> Vec<u8> {
    let p = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    let mut a = p.clone();
    a[31] -= 3;
    let b = hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");
    let n = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let prime_field = [
        &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1][..],
        &integer(&p),
    ]
    .concat();
    let curve = [tlv(4, &a), tlv(4, &b)].concat();
    let parameters = [
        integer(&[1]),
        tlv(0x30, &prime_field),
        tlv(0x30, &curve),
        tlv(4, generator),
        integer(&n),
        integer(&[1]),
    ];
    tlv(0x30, &parameters.concat())
}

fn points() -> Vec<Case> {
    let point = bits_of(Algorithm::Es256);
    let mut off_curve = point.clone();
    off_curve[64] ^= 1;
    let mut above_p = point.clone();
    above_p[1..33].fill(0xff);
    let prefixed = |first: u8| [&[first | (point[64] & 1)][..], &point[1..]].concat();
    let generator = [4; 65];
    let invalid = KeyRejected::InvalidPoint;
    let parameters = KeyRejected::InvalidParameters;
    let unsupported = KeyRejected::UnsupportedAlgorithm;
    let mut cases = Vec::new();
    for (name, algorithm, bits, rejected) in [
        ("off-the-curve", &[EC, P256][..], &off_curve[..], invalid),
        ("infinity", &[EC, P256], &[0], invalid),
        ("infinity-in-full", &[EC, P256], &[0; 65], invalid),
        (
            "zero-zero",
            &[EC, P256],
            &[&[4][..], &[0; 64]].concat(),
            invalid,
        ),
        ("x-above-p", &[EC, P256], &above_p, invalid),
        ("hybrid", &[EC, P256], &prefixed(6), invalid),
        (
            "first-octet-5",
            &[EC, P256],
            &[&[5][..], &point[1..]].concat(),
            invalid,
        ),
        ("compressed", &[EC, P256], &prefixed(2)[..33], invalid),
        ("no-point", &[EC, P256], &[], invalid),
        ("an-octet-short", &[EC, P256], &point[..64], invalid),
        (
            "an-octet-more",
            &[EC, P256],
            &[&point[..], &[0]].concat(),
            invalid,
        ),
        ("curve-of-another-size", &[EC, P384], &point, invalid),
        ("no-curve", &[EC], &point, parameters),
        ("curve-of-NULL", &[EC, NULL], &point, parameters),
        (
            "explicit-parameters",
            &[EC, &explicit_p256(&generator)],
            &point,
            parameters,
        ),
        (
            "generator-swapped",
            &[EC, &explicit_p256(&point)],
            &point,
            parameters,
        ),
        ("secp256k1", &[EC, SECP256K1], &point, unsupported),
        (
            "unknown-curve",
            &[EC, &[6, 3, 0x2a, 3, 4]],
            &point,
            unsupported,
        ),
        ("type-of-RSA", &[RSA, NULL], &point, KeyRejected::NotDer),
        (
            "curve-and-more",
            &[EC, P256, NULL],
            &point,
            KeyRejected::NotDer,
        ),
    ] {
        cases.push(bad_spki(
            Algorithm::Es256,
            name,
            &spki(algorithm, bits),
            rejected,
        ));
    }
    let unused = spki_with_unused_bits(&[EC, P256], 1, &point);
    cases.push(bad_spki(
        Algorithm::Es256,
        "unused-bits",
        &unused,
        KeyRejected::NotDer,
    ));
    for (algorithm, curve) in [
        (Algorithm::Es256, P256),
        (Algorithm::Es384, P384),
        (Algorithm::Es512, P521),
    ] {
        let kid = format!("client/KEY-12/{algorithm}");
        let pem = public_pem(&spki(&[EC, curve], &bits_of(algorithm)));
        let token = Token::good(algorithm).header("kid", &format!("\"{kid}\""));
        let case = twin(format!("{algorithm} as it is"), token.sign());
        cases.push(case.with_key(&kid, pem).of(algorithm));
    }
    cases
}

fn edwards_points() -> Vec<Case> {
    let invalid = KeyRejected::InvalidPoint;
    let mut cases = Vec::new();
    for forgery in forgeries::of("KEY-13") {
        // Such a point has no signatures at all; whether it is on the curve costs a square root, which is not spent.
        cases.push(if forgery.name == "off-curve" {
            forgery.with_signature_refused()
        } else {
            forgery.with_key_refused(invalid)
        });
    }
    let point = bits_of(Algorithm::EdDsa);
    for (name, algorithm, bits, rejected) in [
        ("no-point", &[ED25519][..], &[][..], invalid),
        ("31-octets", &[ED25519], &point[..31], invalid),
        (
            "33-octets",
            &[ED25519],
            &[&point[..], &[0]].concat(),
            invalid,
        ),
        (
            "with-NULL",
            &[ED25519, NULL],
            &point,
            KeyRejected::InvalidParameters,
        ),
        (
            "Ed448",
            &[&[6, 3, 0x2b, 0x65, 0x71]],
            &[1; 57],
            KeyRejected::UnsupportedAlgorithm,
        ),
        (
            "X25519",
            &[&[6, 3, 0x2b, 0x65, 0x6e]],
            &point,
            KeyRejected::UnsupportedAlgorithm,
        ),
    ] {
        cases.push(bad_spki(
            Algorithm::EdDsa,
            name,
            &spki(algorithm, bits),
            rejected,
        ));
    }
    let unused = spki_with_unused_bits(&[ED25519], 3, &point);
    cases.push(bad_spki(
        Algorithm::EdDsa,
        "unused-bits",
        &unused,
        KeyRejected::NotDer,
    ));
    let kid = "client/KEY-13/good";
    let token = Token::good(Algorithm::EdDsa)
        .header("kid", &format!("\"{kid}\""))
        .sign();
    cases.push(twin("as it is", token).with_key(kid, public_pem(&spki(&[ED25519], &point))));
    cases
}
