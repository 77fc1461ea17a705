//! The texts in which private keys come, and those that are refused.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};
use spki::AlgorithmIdentifierRef;
use spki::der::asn1::OctetStringRef;
use spki::der::{Reader, SliceReader};

use super::*;

/// Made for this test with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024`.
const RSA_1024: &str = "-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALFZCRFj/kqFjW32
sa6hj7g0hDgbpQa0gksoaUhpz7EMrPYCAxmfrK2p8X1Tggy9VzjYdNUnwPYRy4MR
6w+rig3L6L1W/OiDHev4hUANamXUsYVEYVohU3hUSbj01VGRyJZt00F7F5ygnx6L
uz6x1wVzWdT/nJnGw/9gOceiTwh3AgMBAAECgYBHIbz/Wqnt3e9CAcZ2kpqAeZ/m
mT/xlokD+CtyPe5txvXAnkH8Dw1Fgno3mDz7Ox420Krbq9w7VhvYcGFloZn3D2Zi
MmTQxCP2p3SNZ0zKX0IFq8ZmoRn34a4tmFF6hlI5kO9F16RjpvsCS3QGzvewzCHp
1Cq7FT59p3XFHOoi8QJBAOLEmN5Ftqo3t0W0/AqCS6nnCZl/pDbt+B2oGFh1efMD
nagqgv/bWRQInhVT+dxFI6pJDK6PLQoE9jZYDtoR6DsCQQDINY9NEy2hdSXDtW+f
x+176cZ3Fr7SacbELYGdzihgzW0kZGhSMWHr7S+pvpEjuvuibwSFwSztbRA8D3Ng
Dtj1AkBnoo92bYfIjQP+IHNbXia0NDlH5HSpAeJ1sz/FFZMxA4MGur75rUYtiK6u
cp1rFFHzXcUk9ZwQyym2tlG7SZnHAkB7R9e0qyGG8R7O8xMH/VDz41CtFhlscWvO
cwMES+S7LuOM7DL8oaHdZ9DYohq3OLUoIVpUjk3+6RB9Gzp9JMddAkEAi7H8Zj2g
fiZiJdSTobF74dyog4cfz+du5t2aDh1yuiDet5vGWGn6hup+hrFizxTGN8JORmGg
0hU/8S7C/5b6Jw==
-----END PRIVATE KEY-----
";

/// Made for this test with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1`.
const SECP256K1: &str = "-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgRsS2tVL2iJi2T2dosyaC
J63aK0C44WKatMthFx8lXyOhRANCAAQSujtA3jiLMi1hjZEqYQjA1b245KsEs2lJ
9xPRjJY1SJaNWFvdhuD1UcSGMqywetzE7Ht5/hTODB18L6A/2L7W
-----END PRIVATE KEY-----
";

/// Made for this test with `openssl genpkey -algorithm x25519`.
const X25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIMBcJ5n3hn2r7LKubo3dEUBre7vtwRyVa80mj//KgMdo
-----END PRIVATE KEY-----
";

static RSA: LazyLock<(SigningKey, PrivateKeyPem)> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap());
static P256: LazyLock<(SigningKey, PrivateKeyPem)> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static ED25519: LazyLock<(SigningKey, PrivateKeyPem)> =
    LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa).unwrap());

fn der_of(pem: &PrivateKeyPem) -> Vec<u8> {
    single_section(pem.as_str().as_bytes()).unwrap().1.to_vec()
}

/// The key inside of a PKCS#8 structure: PKCS#1 for RSA, SEC1 for elliptic curves.
fn inner_der(pkcs8: &[u8]) -> Vec<u8> {
    let mut reader = SliceReader::new(pkcs8).unwrap();
    reader
        .sequence(|reader| -> spki::der::Result<Vec<u8>> {
            let _version: u8 = reader.decode()?;
            let _identifier: AlgorithmIdentifierRef<'_> = reader.decode()?;
            let key: &OctetStringRef = reader.decode()?;
            Ok(key.as_bytes().to_vec())
        })
        .unwrap()
}

fn load(algorithm: Algorithm, label: &str, der: &[u8]) -> Result<SigningKey, KeyRejected> {
    SigningKey::from_pem(algorithm, encode_section(label, der).as_bytes())
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

fn data_uri(key_id: &str, pem: &PrivateKeyPem) -> String {
    let base64 = base64_simd::STANDARD.encode_to_string(der_of(pem));
    format!("data:application/pkcs8;kid={key_id};base64,{base64}")
}

#[test]
fn pkcs8_and_pkcs1_of_the_same_rsa_key_are_the_same_key() {
    let (key, pem) = &*RSA;
    let pkcs1 = inner_der(&der_of(pem));
    for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
        let loaded = load(algorithm, "RSA PRIVATE KEY", &pkcs1).unwrap();
        assert_eq!(loaded.public_key_pem(), key.public_key_pem());
        assert_eq!(loaded.algorithm(), algorithm);
    }
    let loaded = load(Algorithm::Rs256, "RSA PRIVATE KEY", &pkcs1).unwrap();
    assert_eq!(loaded.sign(b"message"), key.sign(b"message"));
}

#[test]
fn sec1_is_read_with_and_without_the_name_of_its_curve() {
    let (key, pem) = &*P256;
    let without_curve = inner_der(&der_of(pem));
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der_of(pem)).unwrap();
    let with_curve: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    assert_ne!(without_curve, with_curve.as_ref());
    for der in [without_curve.as_slice(), with_curve.as_ref()] {
        let loaded = load(Algorithm::Es256, "EC PRIVATE KEY", der).unwrap();
        assert_eq!(loaded.public_key_pem(), key.public_key_pem());
    }
}

#[test]
fn a_key_of_another_type_than_the_algorithm_is_refused() {
    let kinds: [(&PrivateKeyPem, &[Algorithm]); 3] = [
        (
            &RSA.1,
            &[
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
        ),
        (&P256.1, &[Algorithm::Es256]),
        (&ED25519.1, &[Algorithm::EdDsa]),
    ];
    for (pem, fitting) in kinds {
        for &algorithm in Algorithm::ALL {
            let loaded = SigningKey::from_pem(algorithm, pem.as_str().as_bytes());
            match fitting.contains(&algorithm) {
                true => assert!(loaded.is_ok(), "{algorithm}"),
                false => assert_eq!(loaded.unwrap_err(), KeyRejected::UnsupportedAlgorithm),
            }
        }
    }
    for pem in [SECP256K1, X25519] {
        for &algorithm in Algorithm::ALL {
            let refused = SigningKey::from_pem(algorithm, pem.as_bytes()).unwrap_err();
            assert_eq!(refused, KeyRejected::UnsupportedAlgorithm, "{algorithm}");
        }
    }
}

#[test]
fn a_legacy_key_of_another_type_than_the_algorithm_is_refused() {
    let pkcs1 = inner_der(&der_of(&RSA.1));
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = p384.private_key().as_der().unwrap();
    assert!(load(Algorithm::Es384, "EC PRIVATE KEY", sec1.as_ref()).is_ok());
    for (algorithm, label, der) in [
        (Algorithm::Es256, "RSA PRIVATE KEY", pkcs1.as_slice()),
        (Algorithm::EdDsa, "RSA PRIVATE KEY", &pkcs1),
        (Algorithm::Es256, "EC PRIVATE KEY", sec1.as_ref()),
        (Algorithm::Rs256, "EC PRIVATE KEY", sec1.as_ref()),
    ] {
        let refused = load(algorithm, label, der).unwrap_err();
        assert_eq!(
            refused,
            KeyRejected::UnsupportedAlgorithm,
            "{algorithm} {label}"
        );
    }
}

#[test]
fn a_small_rsa_modulus_is_refused() {
    let refused = SigningKey::from_pem(Algorithm::Rs256, RSA_1024.as_bytes()).unwrap_err();
    assert_eq!(refused, KeyRejected::RsaModulus);
    let pkcs8 = single_section(RSA_1024.as_bytes()).unwrap().1;
    let refused = load(Algorithm::Rs256, "RSA PRIVATE KEY", &inner_der(&pkcs8)).unwrap_err();
    assert_eq!(refused, KeyRejected::RsaModulus);
}

#[test]
fn a_label_must_tell_what_the_section_holds() {
    let (key, pem) = &*RSA;
    let (pkcs8, pkcs1) = (der_of(pem), inner_der(&der_of(pem)));
    assert_eq!(
        load(Algorithm::Rs256, "PRIVATE KEY", &pkcs1).unwrap_err(),
        KeyRejected::NotDer
    );
    assert_eq!(
        load(Algorithm::Rs256, "RSA PRIVATE KEY", &pkcs8).unwrap_err(),
        KeyRejected::Backend
    );
    let ec_pkcs8 = der_of(&P256.1);
    assert_eq!(
        load(Algorithm::Es256, "EC PRIVATE KEY", &ec_pkcs8).unwrap_err(),
        KeyRejected::NotDer
    );
    for label in [
        "PUBLIC KEY",
        "CERTIFICATE",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
    ] {
        let refused = load(Algorithm::Rs256, label, &pkcs8).unwrap_err();
        assert_eq!(refused, KeyRejected::WrongPemLabel, "{label}");
    }
    let refused = SigningKey::from_pem(Algorithm::Rs256, key.public_key_pem().as_bytes());
    assert_eq!(refused.unwrap_err(), KeyRejected::WrongPemLabel);
}

#[test]
fn bytes_after_or_missing_from_the_structure_are_refused() {
    let pkcs8 = der_of(&RSA.1);
    for (label, der) in [
        ("PRIVATE KEY", pkcs8.clone()),
        ("RSA PRIVATE KEY", inner_der(&pkcs8)),
    ] {
        let longer = [der.as_slice(), &[0]].concat();
        let shorter = &der[..der.len() - 1];
        for der in [
            longer.as_slice(),
            shorter,
            &[0x30, 0],
            &[0x04, 1, 0],
            &[0xff; 40],
        ] {
            assert_eq!(
                load(Algorithm::Rs256, label, der).unwrap_err(),
                KeyRejected::NotDer
            );
        }
    }
    let sec1 = [inner_der(&der_of(&P256.1)).as_slice(), &[5, 0]].concat();
    assert_eq!(
        load(Algorithm::Es256, "EC PRIVATE KEY", &sec1).unwrap_err(),
        KeyRejected::NotDer
    );
}

#[test]
fn another_identifier_or_other_parameters_are_refused() {
    let rsa = der_of(&RSA.1);
    // id-RSASSA-PSS in place of rsaEncryption, and an empty OCTET STRING in place of NULL.
    let rsa_encryption = [
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let pss = replaced(
        &rsa,
        &rsa_encryption,
        &[&rsa_encryption[..8], &[0x0a, 0x05, 0x00]].concat(),
    );
    let refused = load(Algorithm::Ps256, "PRIVATE KEY", &pss).unwrap_err();
    assert_eq!(refused, KeyRejected::UnsupportedAlgorithm);
    let not_null = replaced(
        &rsa,
        &rsa_encryption,
        &[&rsa_encryption[..9], &[0x04, 0x00]].concat(),
    );
    let refused = load(Algorithm::Rs256, "PRIVATE KEY", &not_null).unwrap_err();
    assert_eq!(refused, KeyRejected::InvalidParameters);
    // An OCTET STRING in place of the OBJECT IDENTIFIER of the curve.
    let curve = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let unnamed = replaced(&der_of(&P256.1), &curve, &[&[0x04], &curve[1..]].concat());
    let refused = load(Algorithm::Es256, "PRIVATE KEY", &unnamed).unwrap_err();
    assert_eq!(refused, KeyRejected::InvalidParameters);
}

#[test]
fn a_key_whose_numbers_do_not_fit_together_is_refused() {
    let mut der = der_of(&RSA.1);
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(
        load(Algorithm::Rs256, "PRIVATE KEY", &der).unwrap_err(),
        KeyRejected::Backend
    );
    let mut der = der_of(&P256.1);
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(
        load(Algorithm::Es256, "PRIVATE KEY", &der).unwrap_err(),
        KeyRejected::Backend
    );
}

#[test]
fn pem_is_written_in_lines_of_64_columns() {
    let pem = encode_section("PUBLIC KEY", &[0; 96]);
    let line = "A".repeat(64);
    let expected =
        format!("-----BEGIN PUBLIC KEY-----\n{line}\n{line}\n-----END PUBLIC KEY-----\n");
    assert_eq!(pem.as_str(), expected);
    assert!(pem.capacity() >= expected.len());
    let short = encode_section("PUBLIC KEY", &[0; 49]);
    assert_eq!(
        short.lines().map(str::len).collect::<Vec<_>>(),
        [26, 64, 4, 24]
    );
}

#[test]
fn a_data_uri_holds_its_kid_percent_encoded_or_plain() {
    let (key, pem) = &*P256;
    for (written, meant) in [
        ("my-service/key.1_a", "my-service/key.1_a"),
        ("my-service%2Fkey.1_a", "my-service/key.1_a"),
        ("my-service%2fkey%2E1%5Fa", "my-service/key.1_a"),
        ("svc/a+b", "svc/a+b"),
        ("svc/a%2Bb", "svc/a+b"),
    ] {
        let (key_id, loaded) =
            SigningKey::from_data_uri(Algorithm::Es256, &data_uri(written, pem)).unwrap();
        assert_eq!(key_id, meant);
        assert_eq!(loaded.public_key_pem(), key.public_key_pem());
    }
}

#[test]
fn the_base64_of_a_data_uri_may_be_percent_encoded() {
    let (key, pem) = &*P256;
    let uri = data_uri("svc/key", pem);
    let (front, base64) = uri.split_once(',').unwrap();
    let encoded = base64
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3d");
    let (_, loaded) =
        SigningKey::from_data_uri(Algorithm::Es256, &format!(" {front},{encoded}\n")).unwrap();
    assert_eq!(loaded.public_key_pem(), key.public_key_pem());
}

#[test]
fn another_form_of_data_uri_is_refused() {
    let uri = data_uri("svc/key", &P256.1);
    for wrong in [
        String::new(),
        "data:".to_owned(),
        uri.replace("data:", ""),
        uri.replace("data:", "DATA:"),
        uri.replace("application/pkcs8", "application/x-pem-file"),
        uri.replace(";kid=svc/key", ""),
        uri.replace("kid=", "key="),
        uri.replace(";base64", ""),
        uri.replace("svc/key", "svc%2"),
        uri.replace("svc/key", "svc%zzkey"),
        uri.replace("base64,", "base64,*"),
        uri.replace("base64,", "base64, "),
        uri.replace("base64,", "base64,%"),
        format!("{uri}="),
        format!("{uri},"),
        format!("{uri}{}", " ".repeat(MAX_PEM_LENGTH)),
    ] {
        let refused = SigningKey::from_data_uri(Algorithm::Es256, &wrong).unwrap_err();
        assert_eq!(refused, KeyRejected::NotDataUri, "{wrong:?}");
    }
}

#[test]
fn the_key_of_a_data_uri_is_checked_as_that_of_pem_is() {
    let uri = data_uri("svc/key", &P256.1);
    let refused = SigningKey::from_data_uri(Algorithm::Es384, &uri).unwrap_err();
    assert_eq!(refused, KeyRejected::UnsupportedAlgorithm);
    let empty = "data:application/pkcs8;kid=svc/key;base64,";
    let refused = SigningKey::from_data_uri(Algorithm::Es256, empty).unwrap_err();
    assert_eq!(refused, KeyRejected::NotDer);
}

#[test]
fn a_kid_outside_the_grammar_is_refused() {
    for key_id in [
        "",
        "svc//key",
        "/svc",
        "svc/",
        "svc/../key",
        "svc%2F..%2Fkey",
        "svc key",
        "svc%20key",
        "svc%ff",
        "svc%00",
        "svc%252Fkey",
    ] {
        let uri = data_uri(key_id, &P256.1);
        let refused = SigningKey::from_data_uri(Algorithm::Es256, &uri).unwrap_err();
        assert_eq!(refused, KeyRejected::KeyIdMismatch, "{key_id:?}");
    }
}

#[test]
fn the_variable_may_hold_pem_or_a_data_uri_of_the_expected_kid() {
    let (key, pem) = &*P256;
    let one_line = pem.as_str().replace('\n', "\\n");
    for text in [
        pem.as_str(),
        &one_line,
        &data_uri("svc%2Fkey", pem),
        &format!("\n{}", data_uri("svc/key", pem)),
    ] {
        let loaded = SigningKey::from_text(Algorithm::Es256, text, "svc/key").unwrap();
        assert_eq!(loaded.public_key_pem(), key.public_key_pem());
    }
    let refused =
        |text: &str| SigningKey::from_text(Algorithm::Es256, text, "svc/key").unwrap_err();
    assert_eq!(
        refused(&data_uri("svc/other", pem)),
        KeyRejected::KeyIdMismatch
    );
    assert_eq!(refused("data:text/plain,x"), KeyRejected::NotDataUri);
    assert_eq!(refused(""), KeyRejected::NotPem);
    assert_eq!(refused("secret"), KeyRejected::NotPem);
    assert_eq!(
        refused(&one_line.replace("\\n", "\\r")),
        KeyRejected::NotPem
    );
}
