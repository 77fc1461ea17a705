//! Keys and tokens, made once a process: nothing in the simulation depends on their bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use asap_engine::{Algorithm, SigningKey};
use asap_tests::fixture::AUDIENCE;
use asap_tests::token::{Token, base64url};
use bytes::Bytes;

use crate::kid::Kid;

/// How many key pairs there are: a `kid` rotates among them.
pub(crate) const GENERATIONS: usize = 4;

/// For how long a token lives, in seconds.
pub(crate) const TOKEN_LIFETIME: i64 = 3600;

struct Pair {
    key: SigningKey,
    pem: Bytes,
}

static PAIRS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let pairs = (0..GENERATIONS).map(|_| {
        let (key, _) = SigningKey::generate(Algorithm::Es256).unwrap();
        let pem = Bytes::from(key.public_key_pem().to_owned());
        Pair { key, pem }
    });
    pairs.collect()
});

type Made = BTreeMap<(Kid, usize, i64), Arc<str>>;

static TOKENS: Mutex<Made> = Mutex::new(BTreeMap::new());

/// The public key of a generation, as PEM.
pub(crate) fn public_key(generation: usize) -> Bytes {
    PAIRS[generation].pem.clone()
}

/// A token of the owner of `kid`, signed with the key of `generation`, that is valid from this second on.
pub(crate) fn token(kid: Kid, generation: usize, issued_at: i64) -> Arc<str> {
    let make = || {
        let token = Token::es256()
            .header("kid", &format!("\"{kid}\""))
            .claim("iss", &format!("\"{}\"", kid.issuer()))
            .claim("aud", &format!("\"{AUDIENCE}\""))
            .claim("iat", &issued_at.to_string())
            .claim("exp", &(issued_at + TOKEN_LIFETIME).to_string());
        // A flooder's signature is never looked at.
        let text = match kid {
            Kid::Known(_) => token.sign_with(&PAIRS[generation].key),
            Kid::Unknown { .. } => format!(
                "{}.{}.{}",
                base64url(token.header_json()),
                base64url(token.claims_json()),
                base64url([1; 64])
            ),
        };
        Arc::from(text)
    };
    let mut made = TOKENS.lock().unwrap();
    Arc::clone(
        made.entry((kid, generation, issued_at))
            .or_insert_with(make),
    )
}
