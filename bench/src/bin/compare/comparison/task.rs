//! What the subjects are asked: to verify the tokens of one profile under one key.

use std::error::Error;

use asap_bench_kit::profiles::{connect, forge, trello};
use asap_bench_kit::subject::{self, ISSUER};
use asap_bench_kit::{AUDIENCE, KEY_ID};
use asap_engine::{Algorithm, SigningKey};

use super::Peer;
use super::peers::Verifier;

/// Whose tokens they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Asap,
    Connect,
    Forge,
    Trello,
}

/// What is known of what a token says: all that a verifier of JWTs can be told.
impl Profile {
    /// `iss`.
    pub(crate) const fn issuer(self) -> &'static str {
        match self {
            Self::Asap => ISSUER,
            Self::Connect => connect::TENANT,
            Self::Forge => forge::ISSUER,
            Self::Trello => trello::ISSUER,
        }
    }

    /// `aud`, where there is one.
    pub(crate) const fn audience(self) -> Option<&'static str> {
        match self {
            Self::Asap => Some(AUDIENCE),
            Self::Forge => Some(forge::APP),
            Self::Connect | Self::Trello => None,
        }
    }

    /// `kid`, where there is one.
    pub(crate) const fn key_id(self) -> Option<&'static str> {
        match self {
            Self::Asap => Some(KEY_ID),
            Self::Forge => Some(forge::KEY_ID),
            Self::Connect | Self::Trello => None,
        }
    }

    /// Whether `jti` has to be there.
    pub(crate) const fn has_token_id(self) -> bool {
        matches!(self, Self::Asap | Self::Forge)
    }
}

/// What tokens are verified with.
#[derive(Clone, Copy)]
pub(crate) enum Key<'a> {
    /// A public key, and the text of PEM that its owner publishes.
    Public(Algorithm, &'a str),
    /// The text of the secret of HS256.
    Secret(&'a str),
}

impl<'a> Key<'a> {
    /// The public half of `key`.
    pub(super) fn of(key: &'a SigningKey) -> Self {
        Self::Public(key.algorithm(), key.public_key_pem())
    }

    /// `alg` of the tokens.
    pub(crate) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Public(algorithm, _) => algorithm.name(),
            Self::Secret(_) => "HS256",
        }
    }
}

/// What a verifier is made for.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) profile: Profile,
    pub(crate) key: Key<'a>,
}

/// What is verified.
pub(crate) struct Call {
    pub(crate) token: String,
    /// The request that it came with, in profiles that bind it to one.
    pub(crate) request: Option<Request>,
}

/// A GET.
pub(crate) struct Request {
    /// Path and query.
    pub(crate) target: String,
    /// The value of the header `Authorization`, with the token in it.
    pub(crate) authorization: String,
}

impl Call {
    /// A call of `target` with `token`.
    pub(super) fn of(target: &str, token: String) -> Self {
        let request = Request {
            target: target.to_owned(),
            authorization: format!("JWT {token}"),
        };
        Self {
            token,
            request: Some(request),
        }
    }
}

impl From<String> for Call {
    fn from(token: String) -> Self {
        Self {
            token,
            request: None,
        }
    }
}

/// What shows that a subject verifies at all.
pub(super) struct Probes {
    /// What it has to accept.
    pub(super) good: Call,
    /// What it has to refuse.
    pub(super) bad: Vec<(&'static str, Call)>,
    /// What this engine has to refuse, and no verifier of JWTs could.
    pub(super) bad_for_us: Vec<(&'static str, Call)>,
}

impl Probes {
    /// Checks that `verifier` of `peer` accepts what is good and refuses what is not.
    pub(super) fn assert_verifies(
        &self,
        peer: &Peer,
        verifier: &mut Verifier,
    ) -> Result<(), Box<dyn Error>> {
        let name = peer.name;
        if !verifier(&self.good) {
            return Err(format!("{name} refuses a good token").into());
        }
        let for_us = self.bad_for_us.iter().filter(|_| peer.is_this_engine());
        for (what, call) in self.bad.iter().chain(for_us) {
            if verifier(call) {
                return Err(format!("{name} accepts {what}").into());
            }
        }
        // Whatever was refused in between must not have made it forget how.
        if verifier(&self.good) {
            Ok(())
        } else {
            Err(format!("{name} refuses a good token the second time").into())
        }
    }
}

/// `token` as no verifier may accept it, whatever it says: `other` is one that the same key has signed.
pub(super) fn spoilt(
    token: &str,
    other: &str,
) -> Result<[(&'static str, String); 3], Box<dyn Error>> {
    Ok([
        (
            "the signature of another token",
            wrong_signature(token, other)?,
        ),
        ("a token with a foreign letter", malformed(token)?),
        ("a token without a signature", cut(token)?),
    ])
}

/// `token` with the signature of `other`.
pub(super) fn wrong_signature(token: &str, other: &str) -> Result<String, Box<dyn Error>> {
    Ok(subject::with_signature_of(token, other).ok_or("a token has dots")?)
}

/// `token` with a letter at the end of its payload that is not base64url's.
pub(super) fn malformed(token: &str) -> Result<String, Box<dyn Error>> {
    let (input, signature) = token.rsplit_once('.').ok_or("a token has dots")?;
    let (but_one, _) = input.split_at(input.len() - 1);
    Ok(format!("{but_one}!.{signature}"))
}

fn cut(token: &str) -> Result<String, Box<dyn Error>> {
    let (input, _) = token.rsplit_once('.').ok_or("a token has dots")?;
    Ok(format!("{input}."))
}
