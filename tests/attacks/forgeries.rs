//! Keys and signatures that no library makes: forgeries.txt, made by make_forgeries.py.

use asap_engine::{Algorithm, KeyRejected, VerifyError};
use asap_tests::keys::{der_of, pem};
use asap_tests::token::{Token, compact, decoded, signature_of};
use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::case::{Case, attack, bad_key, twin};

const LINES: &str = include_str!("forgeries.txt");

/// One signature.
pub(crate) struct Forgery {
    pub(crate) name: &'static str,
    pub(crate) key_id: String,
    pub(crate) pem: String,
    pub(crate) token: String,
}

impl Forgery {
    /// Whether it is a twin.
    fn is_good(&self) -> bool {
        self.name.starts_with("good-")
    }

    /// A case of the row, where the key is what is wrong with it.
    pub(crate) fn with_key_refused(self, rejected: KeyRejected) -> Case {
        if self.is_good() {
            self.accepted()
        } else {
            bad_key(self.name, &self.key_id, self.pem, rejected, self.token)
        }
    }

    /// A case of the row, where the signature is what is wrong with it.
    pub(crate) fn with_signature_refused(self) -> Case {
        if self.is_good() {
            return self.accepted();
        }
        attack(self.name, self.token, VerifyError::SignatureInvalid)
            .with_key(&self.key_id, self.pem)
    }

    fn accepted(self) -> Case {
        twin(self.name, self.token).with_key(&self.key_id, self.pem)
    }
}

/// The signatures of a row.
pub(crate) fn of(row: &str) -> Vec<Forgery> {
    let forgeries: Vec<_> = LINES
        .lines()
        .filter_map(|line| forgery(row, line))
        .collect();
    assert!(!forgeries.is_empty(), "{row}");
    forgeries
}

/// The PEM text of a key.
pub(crate) fn key_pem(name: &str) -> String {
    let mut keys = LINES.lines().filter_map(|line| {
        let (of, base64) = line.strip_prefix("key ")?.split_once(' ')?;
        (of == name).then_some(base64)
    });
    let der = base64_simd::STANDARD.decode_to_vec(keys.next().unwrap());
    pem("PUBLIC KEY", &der.unwrap())
}

fn forgery(wanted: &str, line: &'static str) -> Option<Forgery> {
    let fields: Vec<_> = line.strip_prefix("sig ")?.split(' ').collect();
    let [row, key, alg, jti, name, signature] = fields[..] else {
        panic!("{line}");
    };
    let algorithm = Algorithm::ALL.iter().find(|one| one.name() == alg);
    let key_id = format!("client/{key}");
    let token = Token::good(*algorithm.unwrap())
        .header("kid", &format!("\"{key_id}\""))
        .claim("jti", &format!("\"{jti}\""));
    (row == wanted).then(|| Forgery {
        name,
        pem: key_pem(key),
        token: compact(token.header_json(), token.claims_json(), decoded(signature)),
        key_id,
    })
}

/// What is in the bit string of a `SubjectPublicKeyInfo` of RSA or Ed25519.
fn key_bits(pem: &str) -> Vec<u8> {
    let der = der_of(pem);
    let Some(null) = der.windows(3).position(|window| window == [5, 0, 3]) else {
        return der[der.len() - 32..].to_vec();
    };
    let length_of_length = match der[null + 3] {
        0x81 => 2,
        0x82 => 3,
        _ => 1,
    };
    der[null + 3 + length_of_length + 1..].to_vec()
}

fn holds(algorithm: &'static dyn VerificationAlgorithm, forgery: &Forgery) -> bool {
    let (message, _) = forgery.token.rsplit_once('.').unwrap();
    let key = UnparsedPublicKey::new(algorithm, key_bits(&forgery.pem));
    key.verify(message.as_bytes(), &signature_of(&forgery.token))
        .is_ok()
}

/// The keys of KEY-07 are refused for their size alone: the bare primitive for old keys takes each of the signatures.
#[test]
fn the_signatures_of_short_keys_are_good() {
    for forgery in of("KEY-07") {
        let taken = holds(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &forgery);
        assert!(taken, "{}", forgery.name);
    }
}

/// The tokens of KEY-13 are no junk: the bare primitive takes those of the eight points, in their one spelling.
#[test]
fn the_signatures_for_points_of_small_order_hold() {
    let forgeries = of("KEY-13").into_iter();
    let small = forgeries.filter(|one| one.name.starts_with("small-order"));
    let taken = small.filter(|one| holds(&ED25519, one)).count();
    assert!(taken >= 8, "{taken}");
}
