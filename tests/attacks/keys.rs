//! Section 2: whose key it is, keys in the token, and keys too weak or malformed to be taken.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::LazyLock;

use asap_engine::limits::MAX_PEM_LENGTH;
use asap_engine::{Algorithm, KeyRejected, VerifyError};
use asap_tests::forge::{hex, tlv};
use asap_tests::keys::{key, other_key};
use asap_tests::spki::{
    self, EC, ED25519, NULL, P256, P384, RSA, RSASSA_PSS, SECP256K1, bits_of, integer, public_pem,
    spki, spki_with_unused_bits,
};
use asap_tests::token::{Token, base64url};

use crate::case::{Case, attack, bad_key, twin};
use crate::forgeries;
use crate::paths;

rows! {
    /// "signatures made with a key different from the claimed one MUST be rejected."
    "KEY-01" key_01_another_key_of_the_same_issuer = another_key;
    /// "The resource server MUST check that the key identified by “kid” is owned by the issuer."
    "KEY-02" key_02_the_key_of_another_service = anothers_key;
    /// "signatures made with an unknown key"
    "KEY-03" key_03_unknown_kid = unknown_key;
    /// "MUST ignore the following claims"
    "KEY-04" key_04_keys_embedded_in_the_header = embedded;
    /// As KEY-04: nothing is fetched from where a token says.
    "KEY-05" key_05_urls_of_keys_are_never_asked = urls;
    /// RFC 7518 section 3.3: "A key of size 2048 bits or larger MUST be used".
    "KEY-07" key_07_rsa_below_2048_bits = short;
    /// RFC 8017 section 3.1: e is "an integer between 3 and n - 1" and prime to lambda(n), thus odd.
    "KEY-08" key_08_rsa_exponents = exponents;
    /// The cost of a verification is bounded before it begins.
    "KEY-09" key_09_huge_keys = huge;
    /// RFC 8017 section 3.1: the modulus is a product of odd primes.
    "KEY-10" key_10_rsa_moduli_that_are_none = moduli;
    /// RFC 5480 sections 2.1.1 and 2.2.
    "KEY-12" key_12_elliptic_points_and_parameters = points;
    /// RFC 8032 section 5.1.3 and 8.
    "KEY-13" key_13_ed25519_points = edwards_points;
    /// RFC 4055 section 1.2: a key that is bound to PSS.
    "KEY-16" key_16_a_key_of_pss_for_rs256 = pss_keys;
}

fn another_key() -> Vec<Case> {
    let mut cases = Vec::new();
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Ps512,
        Algorithm::Es256,
        Algorithm::EdDsa,
    ] {
        let token = Token::good(algorithm);
        let refused = VerifyError::SignatureInvalid;
        let by_the_other = token.sign_with(other_key(algorithm));
        cases.push(attack(
            format!("{algorithm} by the other"),
            by_the_other,
            refused,
        ));
        let other = token.header("kid", &format!("\"client/other-{algorithm}\""));
        cases.push(attack(
            format!("{algorithm} of the other"),
            other.sign(),
            refused,
        ));
        let by_itself = other.sign_with(other_key(algorithm));
        cases.push(twin(
            format!("{algorithm} by the other, and so named"),
            by_itself,
        ));
    }
    cases
}

fn anothers_key() -> Vec<Case> {
    let by_neighbour = |token: Token| token.sign_with(other_key(Algorithm::Es256));
    let neighbours = Token::es256().header("kid", "\"neighbour/ES256\"");
    let refused = VerifyError::KeyNotOwned;
    vec![
        attack(
            "in the client's name",
            by_neighbour(neighbours.clone()),
            refused,
        ),
        attack(
            "with the client's name as subject",
            by_neighbour(neighbours.clone().claim("sub", "\"client\"")),
            refused,
        ),
        attack("signed by the client", neighbours.clone().sign(), refused),
        attack(
            "the client's key in the neighbour's name",
            Token::es256().claim("iss", "\"neighbour\"").sign(),
            refused,
        ),
        attack(
            "the neighbour's signature under the client's kid",
            by_neighbour(Token::es256()),
            VerifyError::SignatureInvalid,
        ),
        twin(
            "in its own name",
            by_neighbour(neighbours.claim("iss", "\"neighbour\"")),
        ),
        twin("the client", Token::es256().sign()),
    ]
}

fn unknown_key() -> Vec<Case> {
    let of = |kid: &str| {
        Token::es256()
            .header("kid", &format!("\"client/{kid}\""))
            .sign()
    };
    let mut cases = vec![twin("the kid itself", of("ES256"))];
    for kid in [
        "nobody",
        "es256",
        "ES256/ES256",
        "ES25",
        "ES2566",
        "ES256.pem",
        "-ES256",
    ] {
        cases.push(attack(kid, of(kid), VerifyError::KeyUnknown));
    }
    cases
}

/// A JWK of the key that an attacker signs with.
fn attackers_jwk() -> String {
    let point = bits_of(Algorithm::Es256);
    let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
    format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{x}\",\"y\":\"{y}\"}}")
}

fn embedded() -> Vec<Case> {
    let mut cases = Vec::new();
    // The key embedded is the client's; the one that kid names is the other one.
    let der = base64_simd::STANDARD.encode_to_string(bits_of(Algorithm::Es256));
    let jwk = attackers_jwk();
    let chain = format!("[\"{der}\"]");
    for (name, value) in [
        ("jwk", &jwk),
        ("x5c", &chain),
        ("jwks", &format!("{{\"keys\":[{jwk}]}}")),
    ] {
        let token = Token::es256()
            .header("kid", "\"client/other-ES256\"")
            .header(name, value);
        cases.push(attack(
            format!("{name} of the signing key"),
            token.sign(),
            VerifyError::SignatureInvalid,
        ));
        let by_kid = token.sign_with(other_key(Algorithm::Es256));
        cases.push(twin(format!("{name} beside the key of kid"), by_kid));
    }
    for name in ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"] {
        for value in [
            "null",
            "true",
            "0",
            "-1.5e3",
            "\"\"",
            "\"text\"",
            "[]",
            "[1,\"a\",{}]",
            "{}",
            "{\"kty\":\"oct\",\"k\":\"AA\"}",
        ] {
            let token = Token::es256().header(name, value).sign();
            cases.push(twin(format!("{name} {value}"), token));
        }
    }
    cases
}

/// Where the URLs of the tokens lead: nobody ever calls.
static TRAP: LazyLock<TcpListener> = LazyLock::new(|| {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    trap
});

fn urls() -> Vec<Case> {
    let trap = TRAP.local_addr().unwrap();
    let mut urls = vec![
        paths::server_url("/trap/jwks.json"),
        paths::server_url("/trap/../keys/client/other-ES256"),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/keys".to_owned(),
        "data:application/json,{}".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ];
    for scheme in ["http", "https"] {
        urls.push(format!("{scheme}://{trap}/jwks.json"));
        urls.push(format!("{scheme}://localhost:{}/key.pem", trap.port()));
    }
    let mut cases = Vec::new();
    for url in urls {
        for name in ["jku", "x5u"] {
            let token = Token::es256().header(name, &format!("\"{url}\""));
            cases.push(twin(format!("{name} {url}"), token.sign()).and(nobody_called));
        }
        let everywhere = ["iss", "sub", "jti", "url"]
            .iter()
            .fold(Token::es256(), |token, name| {
                let value = if *name == "iss" { "client" } else { &url };
                token.claim(name, &format!("\"{value}\""))
            });
        cases.push(twin(format!("claims of {url}"), everywhere.sign()).and(nobody_called));
        let forged = Token::es256().header("jku", &format!("\"{url}\""));
        let forged = forged.sign_with(other_key(Algorithm::Es256));
        let name = format!("signed with what {url} would give");
        cases.push(attack(name, forged, VerifyError::SignatureInvalid).and(nobody_called));
    }
    let kid = Token::es256().header("kid", &format!("\"client/http://{trap}/key\""));
    cases.push(attack("kid", kid.sign(), VerifyError::KeyIdInvalid).and(nobody_called));
    let issuer = Token::es256().claim("iss", &format!("\"http://{trap}\""));
    cases.push(attack("iss", issuer.sign(), VerifyError::IssuerInvalid).and(nobody_called));
    cases
}

fn nobody_called() {
    let accepted = TRAP.accept();
    assert!(
        matches!(&accepted, Err(error) if error.kind() == ErrorKind::WouldBlock),
        "{accepted:?}"
    );
    for path in paths::paths_asked() {
        let is_of_a_kid = path.starts_with("/keys/") || path.starts_with("/uncached/");
        assert!(is_of_a_kid && !path.contains("trap"), "{path}");
    }
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
    of_bad_key(Algorithm::Rs256, name, der, rejected)
}

fn of_bad_key(algorithm: Algorithm, name: &str, der: &[u8], rejected: KeyRejected) -> Case {
    let kid = format!("client/bad/{algorithm}/{name}");
    let token = Token::good(algorithm).header("kid", &format!("\"{kid}\""));
    bad_key(name, &kid, public_pem(der), rejected, token.sign())
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
        cases.push(of_bad_key(
            Algorithm::Es256,
            name,
            &spki(algorithm, bits),
            rejected,
        ));
    }
    let unused = spki_with_unused_bits(&[EC, P256], 1, &point);
    cases.push(of_bad_key(
        Algorithm::Es256,
        "unused-bits",
        &unused,
        KeyRejected::NotDer,
    ));
    for (algorithm, curve) in [(Algorithm::Es256, P256), (Algorithm::Es384, P384)] {
        let kid = format!("client/KEY-12/{algorithm}");
        let pem = public_pem(&spki(&[EC, curve], &bits_of(algorithm)));
        let token = Token::good(algorithm).header("kid", &format!("\"{kid}\""));
        cases.push(twin(format!("{algorithm} as it is"), token.sign()).with_key(&kid, pem));
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
        cases.push(of_bad_key(
            Algorithm::EdDsa,
            name,
            &spki(algorithm, bits),
            rejected,
        ));
    }
    let unused = spki_with_unused_bits(&[ED25519], 3, &point);
    cases.push(of_bad_key(
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
            cases.push(of_bad_key(
                made,
                &name,
                &spki(algorithm, &bits),
                unsupported,
            ));
        }
    }
    for (name, algorithm) in [
        ("rsaEncryption-without-NULL", &[RSA][..]),
        ("rsaEncryption-with-parameters", &[RSA, &parameters]),
    ] {
        let der = spki(algorithm, &bits);
        cases.push(of_bad_key(
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
