//! Who signs: some services with an RSA and a P-256 key each, keys that nobody published, and keys that the
//! repository fails to deliver.

use std::time::Duration;

use asap_engine::{Algorithm, Issuer, SigningKey};

use crate::key_repository::FAILING_PREFIX;
use crate::scenario::Kind;

/// The services whose tokens are sent.
const SERVICES: [&str; 4] = ["shop/billing", "shop/search", "shop/mail", "media"];
/// How many keys there are that the repository does not have, and as many that it fails to deliver.
const ABSENT_KEYS: usize = 32;

/// Every signer of a run.
#[derive(Debug)]
pub(crate) struct Parties {
    rs256: Vec<Issuer>,
    es256: Vec<Issuer>,
    unpublished: Vec<Issuer>,
    failing: Vec<Issuer>,
    /// `kid` and PEM of what the repository serves.
    pub(crate) public_keys: Vec<(String, String)>,
}

impl Parties {
    /// Makes the keys. Tokens will live for `lifetime`.
    pub(crate) fn generate(lifetime: Duration) -> Result<Self, String> {
        let mut public_keys = Vec::new();
        let mut published = |service: &str, algorithm: Algorithm| {
            let key_id = format!("{service}/{}", algorithm.name().to_ascii_lowercase());
            let (issuer, public_key) = issuer(service, &key_id, algorithm, lifetime)?;
            public_keys.push((key_id, public_key));
            Ok::<_, String>(issuer)
        };
        let rs256 = SERVICES
            .iter()
            .map(|service| published(service, Algorithm::Rs256))
            .collect::<Result<_, _>>()?;
        let es256 = SERVICES
            .iter()
            .map(|service| published(service, Algorithm::Es256))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            rs256,
            es256,
            unpublished: absent("unpublished-", lifetime)?,
            failing: absent(FAILING_PREFIX, lifetime)?,
            public_keys,
        })
    }

    /// Whose turn it is to sign the `turn`-th token of a kind.
    pub(crate) fn signer(&self, kind: Kind, turn: usize) -> Option<&Issuer> {
        let signers = match kind {
            Kind::GoodRs256 => &self.rs256,
            Kind::UnknownKey => &self.unpublished,
            Kind::KeyServerFails => &self.failing,
            // Bad signatures cost the gateway a whole verification: half of them RSA, half of them P-256.
            Kind::BadSignature if turn.is_multiple_of(2) => &self.rs256,
            _ => &self.es256,
        };
        signers.get(turn.checked_div(2)?.checked_rem(signers.len())?)
    }

    /// How many services there are, and how many keys of theirs are published.
    pub(crate) fn published(&self) -> (usize, usize) {
        (SERVICES.len(), self.public_keys.len())
    }
}

/// Keys that the repository will not give, spread over the services.
fn absent(prefix: &str, lifetime: Duration) -> Result<Vec<Issuer>, String> {
    SERVICES
        .iter()
        .cycle()
        .take(ABSENT_KEYS)
        .enumerate()
        .map(|(number, service)| {
            let key_id = format!("{service}/{prefix}{number}");
            Ok(issuer(service, &key_id, Algorithm::Es256, lifetime)?.0)
        })
        .collect()
}

fn issuer(
    service: &str,
    key_id: &str,
    algorithm: Algorithm,
    lifetime: Duration,
) -> Result<(Issuer, String), String> {
    let (key, _private_pem) = SigningKey::generate(algorithm).map_err(|error| error.to_string())?;
    let public_key = key.public_key_pem().to_owned();
    let issuer = Issuer::new(service, key_id, key)
        .and_then(|issuer| issuer.with_lifetime(lifetime))
        .map_err(|error| error.to_string())?;
    Ok((issuer, public_key))
}
