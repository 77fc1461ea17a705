//! What a case is: a token, what it is judged under, and the verdict that every path must give.

use asap_engine::{Algorithm, KeyRejected, Policy, UnixTime, VerifyError};
use asap_tests::backends::known_to_ring;
use asap_tests::fixture::{NOW, policy};
use asap_tests::spki::public_pem;
use asap_tests::token::Token;

/// A token and its verdict.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) token: Vec<u8>,
    pub(crate) expected: Result<(), VerifyError>,
    pub(crate) now: UnixTime,
    pub(crate) policy: Policy,
    /// In the place of the fixture's keys.
    pub(crate) key: Option<Key>,
    /// Whether ring knows the key's algorithm.
    pub(crate) known_to_ring: bool,
    /// The tokens that the same resource server accepted before, and when.
    pub(crate) before: Vec<(UnixTime, String)>,
    /// Whether the resource server takes each token once.
    pub(crate) single_use: bool,
    /// What must hold after the token was judged.
    pub(crate) afterwards: fn(),
}

/// What a key server publishes for a `kid`.
pub(crate) struct Key {
    pub(crate) key_id: String,
    pub(crate) pem: Vec<u8>,
    /// Why it is refused at load, if it is.
    pub(crate) rejected: Option<KeyRejected>,
}

/// A value of each type, for members whose type is nobody's concern.
pub(crate) const ANY_JSON: [&str; 12] = [
    "null",
    "true",
    "false",
    "0",
    "-1.5e3",
    "1e400",
    "\"\"",
    "\"text\"",
    "[]",
    "[1,\"a\",{}]",
    "{}",
    "{\"a\":[null]}",
];

/// A token that is refused.
pub(crate) fn attack(
    name: impl Into<String>,
    token: impl AsRef<[u8]>,
    refusal: VerifyError,
) -> Case {
    case(name.into(), token.as_ref(), Err(refusal))
}

/// The legal neighbour of an attack, which is accepted.
pub(crate) fn twin(name: impl Into<String>, token: impl AsRef<[u8]>) -> Case {
    case(name.into(), token.as_ref(), Ok(()))
}

/// A key that is refused at load by each backend, and its token, which a key repository that publishes such a key
/// leaves unchecked.
pub(crate) fn bad_key(
    name: impl Into<String>,
    key_id: &str,
    pem: impl AsRef<[u8]>,
    rejected: KeyRejected,
    token: impl AsRef<[u8]>,
) -> Case {
    let mut case = attack(name, token, VerifyError::KeyUnavailable).with_key(key_id, pem);
    if let Some(key) = &mut case.key {
        key.rejected = Some(rejected);
    }
    case
}

/// A bad key of the algorithm, with a token that is signed with the client's.
pub(crate) fn bad_spki(
    algorithm: Algorithm,
    name: &str,
    der: &[u8],
    rejected: KeyRejected,
) -> Case {
    let kid = format!("client/bad/{algorithm}/{name}");
    let token = Token::good(algorithm).header("kid", &format!("\"{kid}\""));
    bad_key(name, &kid, public_pem(der), rejected, token.sign())
}

fn case(name: String, token: &[u8], expected: Result<(), VerifyError>) -> Case {
    Case {
        name,
        token: token.to_vec(),
        expected,
        now: NOW,
        policy: policy(),
        key: None,
        known_to_ring: true,
        before: Vec::new(),
        single_use: false,
        afterwards: || (),
    }
}

impl Case {
    /// Judged at this time instead of the fixture's.
    pub(crate) fn at(mut self, now: UnixTime) -> Self {
        self.now = now;
        self
    }

    /// Judged under this policy instead of the fixture's.
    pub(crate) fn under(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where this is the only key.
    pub(crate) fn with_key(mut self, key_id: &str, pem: impl AsRef<[u8]>) -> Self {
        self.key = Some(Key {
            key_id: key_id.to_owned(),
            pem: pem.as_ref().to_vec(),
            rejected: None,
        });
        self
    }

    /// With a key of this algorithm, which not every backend knows.
    pub(crate) fn of(mut self, algorithm: Algorithm) -> Self {
        self.known_to_ring = known_to_ring(algorithm);
        self
    }

    /// Where the same resource server accepted this token before, at that time.
    pub(crate) fn after(mut self, now: UnixTime, token: impl Into<String>) -> Self {
        self.before.push((now, token.into()));
        self
    }

    /// Where each token is taken once.
    pub(crate) fn once(mut self) -> Self {
        self.single_use = true;
        self
    }

    /// With something that must hold after the token was judged.
    pub(crate) fn and(mut self, afterwards: fn()) -> Self {
        self.afterwards = afterwards;
        self
    }
}

/// A row of the catalogue, or a part of one: the test that proves it, and its cases.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) test: &'static str,
    pub(crate) cases: fn() -> Vec<Case>,
}

/// Makes a test and an entry of `ROWS` from each line, so that docs/ATTACKS.md counts what is run.
macro_rules! rows {
    ($( $(#[$doc:meta])* $id:literal $test:ident = $cases:ident; )+) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                crate::paths::prove(&$cases());
            }
        )+

        pub(crate) const ROWS: &[crate::case::Row] = &[
            $( crate::case::Row {
                id: $id,
                test: concat!(module_path!(), "::", stringify!($test)),
                cases: $cases,
            }, )+
        ];
    };
}
