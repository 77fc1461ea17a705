//! Keys and signatures that no library makes: forgeries.txt, made by make_forgeries.py.

use asap_engine::{Algorithm, KeyRejected, VerifyError};
use asap_tests::keys::pem;
use asap_tests::token::{Token, compact, decoded};

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
