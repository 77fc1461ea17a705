//! Connect: HS256 with the secret of the installation, over the hash of the request among others.

use std::error::Error;
use std::fmt;

use asap_engine::{BaseUrl, ConnectRequest};
use aws_lc_rs::{digest, hmac};
use base64_simd::URL_SAFE_NO_PAD;

use crate::subject::Life;

/// Where the app is.
pub const BASE_URL: &str = "https://app.example/connect";
/// What the installation shares with the app.
pub const SECRET: &str = "7512836e-9137-48ac-baaf-a1935b96e17a";
/// `iss`: the installation.
pub const TENANT: &str = "jira:1234-5678-9000";

/// What Jira asks a panel of issue number `number` for: path and query, of ten parameters.
#[must_use]
pub fn target(number: usize) -> String {
    format!(
        "/connect/panel?issue=A-{number}&project=10000&user_id=&user_key=&tz=Australia%2FSydney&loc=en-US\
         &cp=%2Fjira&xdm_e=https%3A%2F%2Fexample.atlassian.net&xdm_c=channel-panel&lic=none"
    )
}

/// The token that Jira sends with a GET of `target`.
///
/// # Errors
///
/// If `target` is malformed.
pub fn token(target: &str, life: Life) -> Result<String, Box<dyn Error>> {
    let query_hash = request(target).query_hash(&BaseUrl::parse(BASE_URL)?)?;
    let Life {
        issued_at,
        expires_at,
    } = life;
    let payload = format!(
        r#"{{"sub":"5b10a2844c20165700ede21g","qsh":"{query_hash}","iss":"{TENANT}","context":{{"user":{{"userKey":"5b10a2844c20165700ede21g","username":"mia.krystof","displayName":"Mia Krystof","accountId":"5b10a2844c20165700ede21g"}}}},"exp":{expires_at},"iat":{issued_at}}}"#
    );
    let mut token = URL_SAFE_NO_PAD.encode_to_string(r#"{"typ":"JWT","alg":"HS256"}"#);
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(payload, &mut token);
    let signature = hmac::sign(&key(), token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_append(signature, &mut token);
    Ok(token)
}

/// The request without its token.
fn request(target: &str) -> ConnectRequest<'_> {
    ConnectRequest::new("GET", target)
}

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes())
}

/// What a verification costs at least: the hash of the canonical request, which was written beforehand, and the code over the
/// token, by aws-lc with a prepared key.
pub struct Floor {
    key: hmac::Key,
    parts: Vec<Parts>,
}

/// A request and its token, taken apart.
struct Parts {
    canonical: String,
    hash: digest::Digest,
    signing_input: String,
    signature: Vec<u8>,
}

impl Floor {
    /// Takes requests apart: the target of each and its token.
    ///
    /// # Errors
    ///
    /// If a target or a token is malformed.
    pub fn of<'a>(
        calls: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Box<dyn Error>> {
        let base = BaseUrl::parse(BASE_URL)?;
        let parts = calls.into_iter().map(|(target, token)| {
            let canonical = request(target).canonical(&base)?;
            let (signing_input, signature) = token.rsplit_once('.').ok_or("a token has dots")?;
            Ok(Parts {
                hash: digest::digest(&digest::SHA256, canonical.as_bytes()),
                canonical,
                signing_input: signing_input.to_owned(),
                signature: URL_SAFE_NO_PAD.decode_to_vec(signature)?,
            })
        });
        let parts: Result<_, Box<dyn Error>> = parts.collect();
        Ok(Self {
            key: key(),
            parts: parts?,
        })
    }

    /// Checks hash and code of request number `number`.
    #[must_use]
    pub fn verify(&self, number: usize) -> bool {
        self.parts.get(number).is_some_and(|parts| {
            let hash = digest::digest(&digest::SHA256, parts.canonical.as_bytes());
            let message = parts.signing_input.as_bytes();
            hash.as_ref() == parts.hash.as_ref()
                && hmac::verify(&self.key, message, &parts.signature).is_ok()
        })
    }
}

impl fmt::Debug for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floor").finish_non_exhaustive()
    }
}
