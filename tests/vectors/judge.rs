//! What this engine says of a case: the keys and the signatures of the vectors, by all backends and by the kernels
//! alone, which must agree.

use asap_engine::internals::verify_by_kernel;
use asap_engine::limits::MAX_TOKEN_LENGTH;
use asap_engine::{Algorithm, Backend, KeyRejected, Scratch, VerifyError, VerifyingKey};
use asap_tests::backends::{assert_no_disagreement, known_to_ring};
use asap_tests::fixture::{NOW, policy};
use asap_tests::keys::der_of;
use asap_tests::token::decoded;
use serde_json::Value;

use crate::{data, jwk};

/// What the publisher says of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It must be accepted.
    Valid,
    /// It must be refused.
    Invalid,
    /// Both are right; whichever is chosen here has its reason in the table of deviations.
    Acceptable,
}

impl Published {
    /// As a word of the page.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Acceptable => "acceptable",
        }
    }

    /// The `result` of a case of Wycheproof.
    pub(crate) fn of(test: &Value) -> Self {
        match data::text(test, "result") {
            "valid" => Self::Valid,
            "invalid" => Self::Invalid,
            "acceptable" => Self::Acceptable,
            other => panic!("there is no result {other}"),
        }
    }
}

/// Accepted, or the code of the refusal: that of the token, or `key` and the name of what its loading found.
pub(crate) type Verdict = Result<(), String>;

/// One published case and what was made of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The number or the name by which its publisher knows it.
    pub(crate) id: String,
    pub(crate) published: Published,
    /// The publisher's flags, and what else a deviation may go by.
    pub(crate) tags: Vec<String>,
    pub(crate) ours: Verdict,
}

impl Case {
    /// A case of Wycheproof.
    pub(crate) fn of(test: &Value, ours: Verdict) -> Self {
        let flags = test["flags"].as_array().unwrap();
        Self {
            id: test["tcId"].to_string(),
            published: Published::of(test),
            tags: flags
                .iter()
                .map(|flag| flag.as_str().unwrap().to_owned())
                .collect(),
            ours,
        }
    }
}

/// A public key, loaded once for each backend that knows its kind.
#[derive(Debug)]
pub(crate) struct Keys {
    loaded: Result<Vec<VerifyingKey>, KeyRejected>,
    /// For the kernels: a `SubjectPublicKeyInfo`.
    spki: Vec<u8>,
}

impl Keys {
    /// A `SubjectPublicKeyInfo` in DER.
    pub(crate) fn from_spki(der: &[u8]) -> Self {
        Self {
            loaded: Self::load(|backend| VerifyingKey::from_spki_with(der, backend)),
            spki: der.to_vec(),
        }
    }

    /// A PEM text.
    pub(crate) fn from_pem(pem: &str) -> Self {
        let loaded = Self::load(|backend| VerifyingKey::from_pem_with(pem.as_bytes(), backend));
        let spki = if loaded.is_ok() {
            der_of(pem)
        } else {
            Vec::new()
        };
        Self { loaded, spki }
    }

    /// The key of a group of Wycheproof, which has it as PEM and as DER, and mostly as a JWK.
    pub(crate) fn of_group(group: &Value) -> Self {
        let der = data::bytes(group, "publicKeyDer");
        if let Some(jwk) = group.get("publicKeyJwk").or_else(|| group.get("keyJwk")) {
            assert_eq!(jwk::spki(jwk), der);
        }
        let from_pem = Self::from_pem(data::text(group, "publicKeyPem"));
        let from_der = Self::from_spki(&der);
        assert_eq!(from_pem.verdict(), from_der.verdict());
        from_pem
    }

    /// A JWK, or what is left of it as a `SubjectPublicKeyInfo`.
    pub(crate) fn from_jwk(jwk: &Value) -> Self {
        Self::from_spki(&jwk::spki(jwk))
    }

    fn load(
        load: impl Fn(Backend) -> Result<VerifyingKey, KeyRejected>,
    ) -> Result<Vec<VerifyingKey>, KeyRejected> {
        let first = load(Backend::AwsLc);
        let second = load(Backend::Ring);
        let third = load(Backend::Accel);
        assert_eq!(third.as_ref().err(), first.as_ref().err());
        match (first, second) {
            (Ok(first), Ok(second)) => Ok(vec![first, second, third?]),
            (Ok(first), Err(KeyRejected::UnsupportedAlgorithm)) => {
                let algorithms = Algorithm::ALL.iter().filter(|one| first.verifies(**one));
                assert!(algorithms.into_iter().all(|one| !known_to_ring(*one)));
                Ok(vec![first, third?])
            }
            (Err(first), Err(second)) => {
                assert_eq!(first, second, "the backends disagree");
                Err(first)
            }
            (first, second) => panic!("the backends disagree: {first:?} and {second:?}"),
        }
    }

    /// Whether the key is taken.
    pub(crate) fn verdict(&self) -> Verdict {
        match &self.loaded {
            Ok(_) => Ok(()),
            Err(rejected) => Err(format!("key {rejected:?}")),
        }
    }

    /// What the backends say of a signature.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Verdict {
        self.verdict()?;
        let keys = self.loaded.as_ref().unwrap();
        let says = |key: &VerifyingKey| {
            let said = key.verify(algorithm, message, signature);
            said.map_err(|refusal| refusal.code().to_owned())
        };
        let expected = says(&keys[0]);
        for key in &keys[1..] {
            assert_eq!(says(key), expected, "the backends disagree");
        }
        assert_no_disagreement();
        if let Some(is_valid) = verify_by_kernel(&self.spki, algorithm, message, signature) {
            assert_eq!(is_valid, expected.is_ok(), "a kernel disagrees");
        }
        expected
    }
}

/// Judges every case of a file of Wycheproof, group by group; `None` if there is no such file.
pub(crate) fn groups<K>(
    file: &str,
    prepare: impl Fn(&Value) -> K,
    judge: impl Fn(&K, &Value) -> Verdict,
) -> Option<Vec<Case>> {
    let groups = data::wycheproof(file)?;
    let mut cases = Vec::new();
    for group in &groups {
        let prepared = prepare(group);
        cases.extend(
            data::tests(group)
                .iter()
                .map(|test| Case::of(test, judge(&prepared, test))),
        );
    }
    Some(cases)
}

/// What the policy says of a compact JWS: always a refusal, since no published one has the claims of ASAP.
pub(crate) fn refusal(jws: &str) -> VerifyError {
    let policy = policy().with_max_token_length(MAX_TOKEN_LENGTH).unwrap();
    let mut scratch = Scratch::new();
    let admitted = policy.admit(jws.as_bytes(), NOW, &mut scratch);
    admitted.expect_err("no published JWS is an ASAP token")
}

/// What the engine says of a compact JWS up to the rules of ASAP: its form and its header as the whole call path
/// judges them, and then its signature. That its `kid` or its claims are not those of ASAP does not count here.
pub(crate) fn jws(jws: &str, keys: &Keys) -> Verdict {
    use VerifyError as E;
    let refusal = refusal(jws);
    match refusal {
        E::TokenTooLong
        | E::NotCompact
        | E::InvalidBase64
        | E::InvalidHeader
        | E::DuplicateHeader
        | E::NestingTooDeep
        | E::AlgorithmMissing
        | E::AlgorithmUnsupported
        | E::AlgorithmNotAllowed
        | E::CriticalHeader => Err(refusal.code().to_owned()),
        _ => signature(jws, keys),
    }
}

/// What the backends say of the signature of a compact JWS that has an `alg` which is known here.
fn signature(jws: &str, keys: &Keys) -> Verdict {
    let (signing_input, signature) = jws.rsplit_once('.').unwrap();
    let (header, _) = signing_input.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    let algorithm = Algorithm::from_name(data::text(&header, "alg")).unwrap();
    keys.verify(algorithm, signing_input.as_bytes(), &decoded(signature))
}
