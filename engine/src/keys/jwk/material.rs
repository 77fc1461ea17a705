//! The numbers of a JWK, in the form that keys have everywhere else in here, so that they pass the same checks.

use spki::der::asn1::UintRef;
use spki::der::{Length, SliceWriter};

use super::{Members, text};
use crate::crypto::public_key::{Curve, PublicKey};
use crate::crypto::{Backend, VerifyingKey};
use crate::error::KeyRejected;
use crate::jws::base64url;
use crate::jws::json::Value;
use crate::keys::key_set::KeySetRejected;

/// A key's public numbers.
pub(super) enum Material {
    /// `RSAPublicKey` in DER (RFC 8017 appendix A.1.1).
    Rsa(Vec<u8>),
    /// An uncompressed point (SEC 1 section 2.3.3).
    Point(Curve, Vec<u8>),
    /// A point of Ed25519 (RFC 8032 section 5.1.2).
    Ed25519(Vec<u8>),
}

impl Material {
    /// The numbers of a key of this type. `None` for a type or curve that is not known here, and for a key that lacks one
    /// of them.
    pub(super) fn read(
        key_type: &str,
        members: &Members<'_>,
    ) -> Result<Option<Self>, KeySetRejected> {
        match key_type {
            "RSA" => Self::rsa(members),
            "EC" => Self::elliptic(members),
            "OKP" => Self::octet_pair(members),
            _ => Ok(None),
        }
    }

    /// RFC 7518 section 6.3.1.
    fn rsa(members: &Members<'_>) -> Result<Option<Self>, KeySetRejected> {
        let (Some(modulus), Some(exponent)) = (bytes(members.modulus)?, bytes(members.exponent)?)
        else {
            return Ok(None);
        };
        rsa_public_key(&modulus, &exponent)
            .map(|der| Some(Self::Rsa(der)))
            .ok_or(KeySetRejected::MalformedKey)
    }

    /// RFC 7518 section 6.2.1: "The length of this octet string MUST be the full size of a coordinate for the curve".
    fn elliptic(members: &Members<'_>) -> Result<Option<Self>, KeySetRejected> {
        let curve = match text(members.curve)?.as_deref() {
            Some("P-256") => Curve::P256,
            Some("P-384") => Curve::P384,
            Some("P-521") => Curve::P521,
            _ => return Ok(None),
        };
        let (Some(x), Some(y)) = (bytes(members.x)?, bytes(members.y)?) else {
            return Ok(None);
        };
        if [&x, &y].map(Vec::len) != [curve.coordinate_length(); 2] {
            return Err(KeySetRejected::MalformedKey);
        }
        Ok(Some(Self::Point(curve, [&[4][..], &x, &y].concat())))
    }

    /// RFC 8037 section 2.
    fn octet_pair(members: &Members<'_>) -> Result<Option<Self>, KeySetRejected> {
        if text(members.curve)?.as_deref() != Some("Ed25519") {
            return Ok(None);
        }
        Ok(bytes(members.x)?.map(Self::Ed25519))
    }

    /// The key, after the checks that every key passes.
    pub(super) fn prepare(&self, backend: Backend) -> Result<VerifyingKey, KeyRejected> {
        let key = match self {
            Self::Rsa(der) => PublicKey::rsa(der)?,
            Self::Point(curve, point) => PublicKey::point(*curve, point)?,
            Self::Ed25519(point) => PublicKey::ed25519(point)?,
        };
        VerifyingKey::from_public_key(key, backend)
    }
}

/// A member that is base64url, if it is there.
fn bytes(member: Option<Value<'_>>) -> Result<Option<Vec<u8>>, KeySetRejected> {
    let Some(text) = text(member)? else {
        return Ok(None);
    };
    let mut bytes = vec![0; base64url::decoded_length(text.len())];
    let length = base64url::decode(text.as_bytes(), &mut bytes)
        .ok_or(KeySetRejected::MalformedKey)?
        .len();
    bytes.truncate(length);
    Ok(Some(bytes))
}

/// What frames two numbers: three tags, and three lengths of up to five bytes, and a zero before each number.
const FRAME: usize = 3 * 6 + 2;

/// `RSAPublicKey` in DER. `None` unless both are numbers as RFC 7518 section 2 spells them: "The representation MUST utilize
/// the minimum number of octets needed to represent the value."
fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    let numbers = [number(modulus)?, number(exponent)?];
    let room = modulus
        .len()
        .saturating_add(exponent.len())
        .saturating_add(FRAME);
    let (mut body, mut der) = (vec![0; room], vec![0; room]);
    let mut writer = SliceWriter::new(&mut body);
    for number in &numbers {
        writer.encode(number).ok()?;
    }
    let length = Length::try_from(writer.finish().ok()?.len()).ok()?;
    let mut writer = SliceWriter::new(&mut der);
    let body = |writer: &mut SliceWriter<'_>| numbers.iter().try_for_each(|one| writer.encode(one));
    writer.sequence(length, body).ok()?;
    let length = writer.finish().ok()?.len();
    der.truncate(length);
    Some(der)
}

fn number(bytes: &[u8]) -> Option<UintRef<'_>> {
    match bytes {
        [] | [0, ..] => None,
        _ => UintRef::new(bytes).ok(),
    }
}
