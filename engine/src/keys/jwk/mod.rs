//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): one public key of a set.
//!
//! Read strictly, by the engine's own reader of JSON. What a key is for and what it is are two questions: a key of a type,
//! curve, use or size that is not for verifying here is left out, as RFC 7517 section 5 says ("Implementations SHOULD
//! ignore JWKs within a JWK Set that use "kty" values that are not understood by them, that are missing required members,
//! or for which values are out of the supported ranges"). One that is malformed, or that gives a private key away, has
//! the whole set refused: whoever publishes that publishes nothing to rely on.

mod material;
mod set;

pub(super) use set::read_set;

use std::borrow::Cow;

use self::material::Material;
use super::key_set::{KeySetRejected, PublishedKey};
use crate::crypto::{Algorithm, Backend};
use crate::error::KeyRejected;
use crate::jws::fields::{self, FieldsError, fields};
use crate::jws::json::{Elements, Value};
use crate::limits::MAX_KEY_ID_LENGTH;

fields! {
    /// The members of a JWK that are looked at. Others "MUST be ignored" (RFC 7517 section 4).
    struct Members {
        key_type = "kty",
        key_use = "use",
        operations = "key_ops",
        algorithm = "alg",
        key_id = "kid",
        curve = "crv",
        x = "x",
        y = "y",
        modulus = "n",
        exponent = "e",
        private_exponent = "d",
        prime_p = "p",
        prime_q = "q",
        exponent_p = "dp",
        exponent_q = "dq",
        coefficient = "qi",
        other_primes = "oth",
        symmetric = "k",
        private_key = "priv",
    }
}

/// Reads one JWK. `None` if it is no key to verify signatures with here.
fn read_key(document: &str, backend: Backend) -> Result<Option<PublishedKey>, KeySetRejected> {
    let members: Members<'_> = fields::read(document).map_err(refusal)?;
    members.refuse_secrets()?;
    let key_type = text(members.key_type)?.ok_or(KeySetRejected::MalformedKey)?;
    let key_id = members.key_id()?;
    let (is_for_verifying, algorithm) = (members.is_for_verifying()?, text(members.algorithm)?);
    let material = Material::read(&key_type, &members)?;
    let (true, Some(material)) = (is_for_verifying, material) else {
        return Ok(None);
    };
    let Ok(only) = algorithm
        .map(|name| Algorithm::from_name(&name).ok_or(()))
        .transpose()
    else {
        // It is for encryption, or for an algorithm that nobody here knows.
        return Ok(None);
    };
    let key = match material.prepare(backend) {
        Ok(key) => key,
        Err(rejected) => return unusable(rejected),
    };
    if only.is_some_and(|only| !key.verifies(only)) {
        return Ok(None);
    }
    Ok(Some(PublishedKey::new(key_id, only, key)))
}

/// What becomes of a key that did not pass the checks: out of the supported ranges, or no key.
const fn unusable(rejected: KeyRejected) -> Result<Option<PublishedKey>, KeySetRejected> {
    match rejected {
        KeyRejected::RsaModulus | KeyRejected::RsaExponent | KeyRejected::UnsupportedAlgorithm => {
            Ok(None)
        }
        KeyRejected::BackendMissing => Err(KeySetRejected::BackendMissing),
        _ => Err(KeySetRejected::MalformedKey),
    }
}

impl Members<'_> {
    /// A set is public: "d" in it, or a symmetric key, is a secret that is none any more (RFC 7518 sections 6.2.2, 6.3.2
    /// and 6.4.1, RFC 8037 section 2). `priv` is what newer types of keys call theirs.
    const fn refuse_secrets(&self) -> Result<(), KeySetRejected> {
        match self {
            Self {
                private_exponent: None,
                prime_p: None,
                prime_q: None,
                exponent_p: None,
                exponent_q: None,
                coefficient: None,
                other_primes: None,
                symmetric: None,
                private_key: None,
                ..
            } => Ok(()),
            _ => Err(KeySetRejected::PrivateMember),
        }
    }

    /// "The "kid" value is a case-sensitive string" (RFC 7517 section 4.5), in no grammar: it is compared and never
    /// asked for.
    fn key_id(&self) -> Result<Option<Box<str>>, KeySetRejected> {
        match text(self.key_id)? {
            Some(key_id) if key_id.len() > MAX_KEY_ID_LENGTH => Err(KeySetRejected::MalformedKey),
            key_id => Ok(key_id.map(|key_id| key_id.into_owned().into_boxed_str())),
        }
    }

    /// Whether `use` and `key_ops`, where they are, say that signatures are verified with it (RFC 7517 sections 4.2 and
    /// 4.3).
    fn is_for_verifying(&self) -> Result<bool, KeySetRejected> {
        let is_for_signatures = text(self.key_use)?.is_none_or(|key_use| key_use == "sig");
        let verifies = match self.operations {
            None => true,
            Some(Value::Array(array)) => {
                let mut verifies = false;
                for operation in Elements::of(array) {
                    let Value::Text(operation) = operation else {
                        return Err(KeySetRejected::MalformedKey);
                    };
                    verifies |= operation.is("verify");
                }
                verifies
            }
            Some(_) => return Err(KeySetRejected::MalformedKey),
        };
        Ok(is_for_signatures && verifies)
    }
}

/// A member that is a string, if it is there.
fn text(member: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, KeySetRejected> {
    match member {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.decode())),
        Some(_) => Err(KeySetRejected::MalformedKey),
    }
}

/// What is wrong with an object in a set, or with the set.
const fn refusal(error: FieldsError) -> KeySetRejected {
    match error {
        FieldsError::Syntax | FieldsError::TooDeep => KeySetRejected::NotJson,
        FieldsError::Duplicate => KeySetRejected::DuplicateMember,
    }
}
