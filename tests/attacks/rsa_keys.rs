//! Section 2: RSA keys that are too short, too long, or none.

use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{Algorithm, KeyRejected};
use asap_tests::forge::tlv;
use asap_tests::keys::key;
use asap_tests::spki::{self, NULL, RSA, RSASSA_PSS, bits_of, integer, public_pem, spki};
use asap_tests::token::Token;

use crate::case::{Case, bad_key, bad_spki, twin};
use crate::forgeries;

rows! {
    /// RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used".
    "KEY-07" key_07_rsa_below_2048_bits = short;
    /// RFC 8017 section 3.1: e is "an integer between 3 and n - 1" and prime to lambda(n), thus odd.
    "KEY-08" key_08_rsa_exponents = exponents;
    /// The cost of a verification is bounded before it begins.
    "KEY-09" key_09_huge_keys = huge;
    /// RFC 8017 section 3.1: the modulus is a product of odd primes.
    "KEY-10" key_10_rsa_moduli_that_are_none = moduli;
    /// RFC 4055 section 1.2: a key that is bound to PSS.
    "KEY-16" key_16_a_key_of_pss_for_rs256 = pss_keys;
}

fn short() -> Vec<Case> {
    let forgeries = forgeries::of("KEY-07").into_iter();
    forgeries
        .map(|one| one.with_key_refused(KeyRejected::RsaModulus))
        .collect()
}

fn exponents() -> Vec<Case> {
    let forgeries = forgeries::of("KEY-08").into_iter();
    let refused = KeyRejected::RsaExponent;
    let mut cases: Vec<_> = forgeries.map(|one| one.with_key_refused(refused)).collect();
    let modulus = spki::modulus();
    let (mut below, mut above) = (modulus.clone(), modulus.clone());
    below[255] -= 2;
    above[254] ^= 1;
    above[0] = 0xff;
    for (name, exponent) in [
        ("exponent-0", &[0][..]),
        ("exponent-2", &[2]),
        ("exponent-4", &[4]),
        ("exponent-n-minus-2", &below),
        ("exponent-n", &modulus),
        ("exponent-above-n", &above),
        ("exponent-of-512-octets", &[0x55; 512]),
    ] {
        let der = spki::rsa(&integer(&modulus), &integer(exponent));
        cases.push(of_rsa_key(name, &der, refused));
    }
    let der = spki::rsa(&integer(&modulus), &[2, 1, 0xfd]);
    cases.push(of_rsa_key("exponent-minus-3", &der, KeyRejected::NotDer));
    cases
}

fn huge() -> Vec<Case> {
    let forgeries = forgeries::of("KEY-09").into_iter();
    let mut cases: Vec<_> = forgeries
        .map(|one| one.with_key_refused(KeyRejected::RsaModulus))
        .collect();
    let der = spki::rsa(&integer(&[0xa5; 32_767]), &integer(&[1, 0, 1]));
    cases.push(of_rsa_key("262136-bits", &der, KeyRejected::RsaModulus));
    // The text is bounded before it is read, and over the wire before it is kept.
    let (pem, token) = (
        key(Algorithm::Rs256).public_key_pem(),
        Token::good(Algorithm::Rs256),
    );
    for (name, length, rejected) in [
        ("64-KiB-of-PEM", MAX_PEM_LENGTH, None),
        (
            "an-octet-more",
            MAX_PEM_LENGTH + 1,
            Some(KeyRejected::NotPem),
        ),
        ("a-mebibyte-of-PEM", 1 << 20, Some(KeyRejected::NotPem)),
    ] {
        let kid = format!("client/KEY-09/{name}");
        let pem = format!("{pem}{}", " ".repeat(length - pem.len()));
        let token = token.clone().header("kid", &format!("\"{kid}\"")).sign();
        cases.push(match rejected {
            Some(rejected) => bad_key(name, &kid, pem, rejected, token),
            None => twin(name, token).with_key(&kid, pem),
        });
    }
    cases
}

fn moduli() -> Vec<Case> {
    let good = spki::modulus();
    let mut even = good.clone();
    even[255] ^= 1;
    let exponent = integer(&[1, 0, 1]);
    let mut cases = Vec::new();
    for (name, modulus, rejected) in [
        ("even", integer(&even), KeyRejected::RsaModulus),
        (
            "a-power-of-two",
            integer(&[&[0x80][..], &[0; 255]].concat()),
            KeyRejected::RsaModulus,
        ),
        ("zero", integer(&[0]), KeyRejected::RsaModulus),
        ("one", integer(&[1]), KeyRejected::RsaModulus),
        ("three", integer(&[3]), KeyRejected::RsaModulus),
        ("no-digits", vec![2, 0], KeyRejected::NotDer),
        (
            "negative",
            [&[2, 0x82, 1, 0][..], &good].concat(),
            KeyRejected::NotDer,
        ),
        (
            "two-zeros-before",
            [&[2, 0x82, 1, 2, 0, 0][..], &good].concat(),
            KeyRejected::NotDer,
        ),
        (
            "length-of-three-octets",
            [&[2, 0x83, 0, 1, 1, 0][..], &good].concat(),
            KeyRejected::NotDer,
        ),
        (
            "a-bit-string",
            [&[3, 0x82, 1, 1, 0][..], &good].concat(),
            KeyRejected::NotDer,
        ),
    ] {
        cases.push(of_rsa_key(name, &spki::rsa(&modulus, &exponent), rejected));
    }
    let der = spki::rsa(&integer(&good), &exponent);
    let kid = "client/KEY-10/good";
    let token = Token::good(Algorithm::Rs256).header("kid", &format!("\"{kid}\""));
    cases.push(twin("the same, as it is", token.sign()).with_key(kid, public_pem(&der)));
    let swapped = spki::rsa(&exponent, &integer(&good));
    cases.push(of_rsa_key(
        "exponent-before-modulus",
        &swapped,
        KeyRejected::RsaModulus,
    ));
    cases
}

/// A bad RSA key, with a token that is signed with the client's.
fn of_rsa_key(name: &str, der: &[u8], rejected: KeyRejected) -> Case {
    bad_spki(Algorithm::Rs256, name, der, rejected)
}

fn pss_keys() -> Vec<Case> {
    let bits = bits_of(Algorithm::Rs256);
    let parameters = tlv(0x30, &[]);
    let unsupported = KeyRejected::UnsupportedAlgorithm;
    let mut cases = Vec::new();
    for (name, algorithm) in [
        ("without-parameters", &[RSASSA_PSS][..]),
        ("with-empty-parameters", &[RSASSA_PSS, &parameters]),
        ("with-NULL", &[RSASSA_PSS, NULL]),
    ] {
        for made in [Algorithm::Rs256, Algorithm::Ps256] {
            let name = format!("{made}-{name}");
            cases.push(bad_spki(made, &name, &spki(algorithm, &bits), unsupported));
        }
    }
    for (name, algorithm) in [
        ("rsaEncryption-without-NULL", &[RSA][..]),
        ("rsaEncryption-with-parameters", &[RSA, &parameters]),
    ] {
        let der = spki(algorithm, &bits);
        cases.push(bad_spki(
            Algorithm::Rs256,
            name,
            &der,
            KeyRejected::InvalidParameters,
        ));
    }
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
        let kid = format!("client/KEY-16/{algorithm}");
        let token = Token::good(algorithm)
            .header("kid", &format!("\"{kid}\""))
            .sign();
        let pem = public_pem(&spki(&[RSA, NULL], &bits));
        cases.push(twin(format!("{algorithm} with rsaEncryption"), token).with_key(&kid, pem));
    }
    cases
}
