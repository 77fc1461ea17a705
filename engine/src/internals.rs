//! Doors into private modules, for the fuzz targets of this repository (feature `internals`). No promise: they change
//! whenever the modules behind them do.
//!
//! Nothing here leads around a check: what was not verified is handed out as plain text, and no door makes an
//! [`Authentic`](crate::Authentic) or an [`IdentityRef`](crate::IdentityRef).

use std::time::Duration;

use rustls_pki_types::pem::SectionKind;

use crate::claims::{Claims, NumericDate};
use crate::crypto::public_key::{KeyKind, PublicKey};
use crate::jws::json::plain::PlainMembers;
use crate::jws::json::{self, Members, Spare};
use crate::jws::{Compact, Header, Room, base64url};
use crate::keys::pem;
use crate::profiles::{self, Covered};
use crate::{
    Admitted, Algorithm, BaseUrl, ConnectRequest, KeyId, KeyRejected, KeySet, Policy, Scratch,
    UnixTime, VerifyError,
};

#[cfg(feature = "http")]
pub use crate::keys::repository::probe::{
    ResponseLifetime, canonical_cache_control, lifetime, lifetime_after_not_modified,
};
#[cfg(feature = "http")]
pub use crate::keys::repository::simulation::{
    Probe, SimulatedResponse, SimulatedSending, World, simulated_key_set_repository,
    simulated_repository,
};
#[cfg(feature = "tower")]
pub use crate::middleware::bearer_token;

/// What of a Connect request a hash covers, beside method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryHashCovers {
    /// The query, and the request has no form.
    Query,
    /// The query and the fields of the form.
    QueryAndForm,
    /// The query; the request has a form too.
    QueryWithoutForm,
}

/// What of `request` the hash `claimed` covers.
///
/// # Errors
///
/// [`QueryHashMismatch`](VerifyError::QueryHashMismatch), or as [`ConnectRequest::canonical`].
pub fn check_query_hash(
    claimed: &str,
    request: &ConnectRequest<'_>,
    base: &BaseUrl,
) -> Result<QueryHashCovers, VerifyError> {
    profiles::check_query_hash(claimed, request, base).map(|covered| match covered {
        Covered::Query => QueryHashCovers::Query,
        Covered::QueryAndForm => QueryHashCovers::QueryAndForm,
        Covered::QueryWithoutForm => QueryHashCovers::QueryWithoutForm,
    })
}

/// The SHA-256 of `message` in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(message: &[u8]) -> String {
    let hex = crate::crypto::digest::sha256_hex(message);
    hex.into_iter().map(char::from).collect()
}

/// What stands in a segment, if it is base64url.
#[must_use]
pub fn decode_base64url(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; base64url::decoded_length(encoded.len())];
    base64url::decode(encoded, &mut out).map(<[u8]>::to_vec)
}

/// A token as its first stage sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segments {
    /// What a signature is over.
    pub signing_input: Vec<u8>,
    /// The first segment, decoded.
    pub unverified_header: Vec<u8>,
    /// The second segment, decoded.
    pub unverified_payload: Vec<u8>,
    /// The third segment, decoded.
    pub signature: Vec<u8>,
}

/// Splits and decodes a token.
///
/// # Errors
///
/// As [`Policy::admit`](crate::Policy::admit) in its first step.
pub fn decode_compact(token: &[u8]) -> Result<Segments, VerifyError> {
    let compact = Compact::split(token)?;
    let mut room = Room::new();
    let decoded = compact.decode(&mut room)?;
    Ok(Segments {
        signing_input: compact.signing_input().to_vec(),
        unverified_header: decoded.unverified_header.to_vec(),
        unverified_payload: decoded.unverified_payload.to_vec(),
        signature: decoded.signature.to_vec(),
    })
}

/// Reads a decoded header: its `alg` and `kid`.
///
/// # Errors
///
/// As [`Policy::admit`](crate::Policy::admit) in its second step.
pub fn parse_header(
    unverified: &[u8],
    is_allowed: impl FnOnce(Algorithm) -> bool,
) -> Result<(Algorithm, String), VerifyError> {
    let mut room = vec![0; unverified.len()];
    let header = Header::parse(unverified, &mut Spare::new(&mut room), is_allowed)?;
    Ok((header.algorithm, header.key_id.as_str().to_owned()))
}

/// A time as a claim spells it.
#[derive(Debug, Clone, Copy)]
pub struct Date<'a>(NumericDate<'a>);

impl<'a> Date<'a> {
    /// The time that the first element of a JSON array counts, if that is a number.
    #[must_use]
    pub fn parse(array: &'a str) -> Option<Self> {
        match json::Elements::of(array).next() {
            Some(json::Value::Number(number)) => Some(Self(NumericDate::new(number))),
            _ => None,
        }
    }

    /// The last nanosecond that is not after it.
    #[must_use]
    pub fn floor(&self) -> UnixTime {
        self.0.floor()
    }

    /// The first nanosecond that is not before it.
    #[must_use]
    pub fn ceiling(&self) -> UnixTime {
        self.0.ceiling()
    }

    /// Whether it lies at most `span` after `earlier`.
    #[must_use]
    pub fn is_within(&self, span: Duration, earlier: &Self) -> bool {
        self.0.is_within(span, &earlier.0)
    }
}

/// The claims of a token, none of them verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnverifiedClaims {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`.
    pub audience: Vec<String>,
    /// `jti`.
    pub token_id: String,
    /// `exp`, rounded down.
    pub expires_at: UnixTime,
    /// `iat`, rounded down.
    pub issued_at: UnixTime,
    /// `nbf`, rounded up.
    pub not_before: Option<UnixTime>,
    /// The payload.
    pub document: String,
}

impl UnverifiedClaims {
    fn of(claims: &Claims<'_>) -> Self {
        Self {
            issuer: claims.issuer.to_owned(),
            subject: claims.subject.map(str::to_owned),
            audience: claims.audience.iter().map(Into::into).collect(),
            token_id: claims.token_id.to_owned(),
            expires_at: claims.expires_at.floor(),
            issued_at: claims.issued_at.floor(),
            not_before: claims.not_before.map(|date| date.ceiling()),
            document: claims.document.to_owned(),
        }
    }
}

/// Reads a decoded payload.
///
/// # Errors
///
/// As [`Policy::admit`](crate::Policy::admit) in its third step.
pub fn parse_claims(unverified: &[u8], key_id: KeyId<'_>) -> Result<UnverifiedClaims, VerifyError> {
    let mut room = vec![0; unverified.len()];
    Claims::parse(unverified, key_id, &mut Spare::new(&mut room))
        .map(|claims| UnverifiedClaims::of(&claims))
}

/// Admits a token as [`Policy::admit`] does, by the way of all tokens: never by the short way of plain ones, which the
/// feature `accel` adds.
///
/// # Errors
///
/// As [`Policy::admit`].
pub fn admit_portably<'a>(
    policy: &Policy,
    token: &'a [u8],
    now: UnixTime,
    scratch: &'a mut Scratch,
) -> Result<Admitted<'a>, VerifyError> {
    let (_, room) = scratch.parts();
    policy.admit_in_order(token, now, room)
}

/// Admits a token by the short way of plain ones, if it can go there and nothing is to be refused.
#[must_use]
pub fn admit_plain<'a>(
    policy: &Policy,
    token: &'a [u8],
    now: UnixTime,
    scratch: &'a mut Scratch,
) -> Option<Admitted<'a>> {
    let (room, _) = scratch.parts();
    policy.admit_plain(token, now, room)
}

/// The claims of a token that a policy wants and nobody has verified.
#[must_use]
pub fn unverified_claims(admitted: &Admitted<'_>) -> UnverifiedClaims {
    UnverifiedClaims::of(admitted.unverified_claims())
}

/// All that an admitted token holds, none of it verified.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnverifiedToken {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub key_id: String,
    /// What the signature is over.
    pub signing_input: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// From when it is valid, leeway included, and until when.
    pub window: (UnixTime, UnixTime),
    /// The claims.
    pub claims: UnverifiedClaims,
}

/// All that a token holds that a policy wants and nobody has verified.
#[must_use]
pub fn unverified_token(admitted: &Admitted<'_>) -> UnverifiedToken {
    let (algorithm, signing_input, signature, window) = admitted.unverified_rest();
    UnverifiedToken {
        algorithm,
        key_id: admitted.key_id().as_str().to_owned(),
        signing_input: signing_input.to_vec(),
        signature: signature.to_vec(),
        window: (window.from, window.until),
        claims: unverified_claims(admitted),
    }
}

/// A member as both readers of objects show it: name and value, escapes undone.
pub type Member = (String, Value);

/// The value of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A string.
    Text(String),
    /// A number as it is spelled, and its value if it has at most 18 digits and nothing else.
    Number(String, Option<i64>),
    /// An array as it is spelled.
    Array(String),
    /// Anything else.
    Other,
}

impl From<json::Value<'_>> for Value {
    fn from(value: json::Value<'_>) -> Self {
        match value {
            json::Value::Text(text) => Self::Text(text.decode().into_owned()),
            json::Value::Number(number) => {
                Self::Number(number.literal().to_owned(), number.whole())
            }
            json::Value::Array(array) => Self::Array(array.to_owned()),
            json::Value::Object(_) | json::Value::Literal(_) => Self::Other,
        }
    }
}

/// The members of an object, by the strict reader. `None` if it is not one, or nested too deep.
#[must_use]
pub fn strict_members(document: &str) -> Option<Vec<Member>> {
    let mut members = Members::of(document).ok()?;
    let mut found = Vec::new();
    while let Some((name, value)) = members.next().ok()? {
        found.push((name.decode().into_owned(), value.into()));
    }
    Some(found)
}

/// The members of an object, by the reader of plain ones. `None` if it is not plain.
#[must_use]
pub fn plain_members(document: &str) -> Option<Vec<Member>> {
    let mut members = PlainMembers::of(document);
    let mut found = Vec::new();
    while let Some(member) = members.next()? {
        let name = members.name(member)?.to_owned();
        found.push((name, members.value(member)?.into()));
    }
    Some(found)
}

/// The label and the bytes of the one section of a PEM text.
///
/// # Errors
///
/// As [`VerifyingKey::from_pem`](crate::VerifyingKey::from_pem).
pub fn pem_section(text: &[u8]) -> Result<(&'static str, Vec<u8>), KeyRejected> {
    let (kind, bytes) = pem::single_section(text)?;
    let label = match kind {
        SectionKind::PublicKey => "PUBLIC KEY",
        SectionKind::PrivateKey => "PRIVATE KEY",
        SectionKind::RsaPrivateKey => "RSA PRIVATE KEY",
        SectionKind::EcPrivateKey => "EC PRIVATE KEY",
        SectionKind::Certificate => "CERTIFICATE",
        _ => "another label",
    };
    Ok((label, bytes.to_vec()))
}

/// What a `SubjectPublicKeyInfo` holds: the name of the key's type, the contents of its bit string, and the length of
/// its signatures.
///
/// # Errors
///
/// As [`VerifyingKey::from_spki_with`](crate::VerifyingKey::from_spki_with), before a backend sees the key.
pub fn public_key(der: &[u8]) -> Result<(&'static str, Vec<u8>, usize), KeyRejected> {
    let key = PublicKey::from_spki(der)?;
    let name = match key.kind {
        KeyKind::Rsa { .. } => "RSA",
        KeyKind::P256 => "P-256",
        KeyKind::P384 => "P-384",
        KeyKind::P521 => "P-521",
        KeyKind::Ed25519 => "Ed25519",
    };
    Ok((name, key.bytes.to_vec(), key.kind.signature_length()))
}

/// What a kernel says of a signature by itself: no library, no guard, no switch, and by the portable twin where the processor
/// does not have the instructions. `None` if the key or the algorithm is none of a kernel's.
#[cfg(feature = "accel")]
#[must_use]
pub fn verify_by_kernel(
    spki: &[u8],
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let key = PublicKey::from_spki(spki).ok()?;
    crate::crypto::verify_by_kernel_alone(key, algorithm, message, signature)
}

/// Checks a signature with the key of this `kid` in a set.
///
/// # Errors
///
/// [`VerifyError::KeyUnknown`], [`VerifyError::AlgorithmMismatch`] or [`VerifyError::SignatureInvalid`].
pub fn verify_with_set(
    set: &KeySet,
    key_id: &str,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    set.verify_by_id(key_id, algorithm, message, signature)
}

/// The `kid` of each key of a set, and the algorithms that it verifies, in the order of the set.
#[must_use]
pub fn keys_of_set(set: &KeySet) -> Vec<(Option<&str>, Vec<Algorithm>)> {
    set.keys().collect()
}
