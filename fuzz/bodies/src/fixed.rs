//! Keys and tokens that never change, so that a finding can be reproduced: signatures of ECDSA and RSA-PSS would
//! differ from run to run. The private keys are for tests only; `fixed/` holds them beside what they signed.

use std::sync::LazyLock;

use asap_engine::internals::pem_section;
use asap_engine::{Algorithm, SigningKey};

use crate::oracle::token::segments;

/// When the tokens are valid, in seconds, for a minute.
pub(crate) const NOW_SECONDS: i64 = 1_700_000_000;

/// The payload of each of the tokens.
pub(crate) const CLAIMS: &str = r#"{"iss":"client","sub":"user","aud":["server","other"],"iat":1700000000,"nbf":1700000000,"exp":1700000060,"jti":"token-1"}"#;

/// A key pair, and a token that it signed.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: &'static str,
    pub(crate) public_pem: &'static str,
    pub(crate) token: &'static str,
}

impl Fixed {
    /// What the signature is over.
    pub(crate) fn signing_input(&self) -> &'static str {
        self.token.rsplit_once('.').expect("two dots").0
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        let [_, _, signature] = segments(self.token.as_bytes()).expect("a token");
        signature
    }

    /// The public key as `SubjectPublicKeyInfo`.
    pub(crate) fn spki(&self) -> Vec<u8> {
        pem_section(self.public_pem.as_bytes()).expect("a key").1
    }
}

macro_rules! fixed {
    ($algorithm:ident, $key:literal, $token:literal) => {
        Fixed {
            algorithm: Algorithm::$algorithm,
            key_id: concat!("client/", $key),
            public_pem: include_str!(concat!("../fixed/", $key, ".public.pem")),
            token: include_str!(concat!("../fixed/", $token, ".token")),
        }
    };
}

/// What both backends know, so all but P-521.
pub(crate) static FIXED: [Fixed; 5] = [
    fixed!(Es256, "p256", "es256"),
    fixed!(EdDsa, "ed25519", "eddsa"),
    fixed!(Rs256, "rsa", "rs256"),
    fixed!(Ps256, "rsa", "ps256"),
    fixed!(Es384, "p384", "es384"),
];

/// The private half of the Ed25519 key, whose signatures are the same each time (RFC 8032 section 5.1.6).
pub(crate) static ED25519: LazyLock<SigningKey> = LazyLock::new(|| {
    let pem = include_bytes!("../fixed/ed25519.private.pem");
    SigningKey::from_pem(Algorithm::EdDsa, pem).expect("a key")
});
