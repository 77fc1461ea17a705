//! The JOSE header: what of it this engine looks at, and nothing else.
//!
//! `typ`, `jku`, `jwk`, `x5u`, `x5c`, `x5t`, `x5t#S256` and unknown parameters are ignored whatever their type:
//! "The resource server MUST ignore the following claims if they are present in the header". They are not
//! even kept, so no later stage can be tempted.

use super::fields::{self, FieldsError, fields};
use super::json::plain::{PlainMembers, PlainName, name};
use super::json::{Spare, Text, Value};
use super::names::Names;
use crate::crypto::{Algorithm, HS256};
use crate::error::VerifyError;
use crate::keys::KeyId;

/// The header parameters that take part in a verification. None is verified yet.
#[derive(Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: KeyId<'a>,
}

impl<'a> Header<'a> {
    /// Reads a decoded header. `is_allowed` is the policy's word on the algorithm.
    pub(crate) fn parse(
        unverified: &'a [u8],
        spare: &mut Spare<'a>,
        is_allowed: impl FnOnce(Algorithm) -> bool,
    ) -> Result<Self, VerifyError> {
        let document =
            simdutf8::basic::from_utf8(unverified).map_err(|_| VerifyError::InvalidHeader)?;
        let Some(header) = Self::read_plain(document) else {
            return Self::read_any(document, spare, is_allowed);
        };
        if is_allowed(header.algorithm) {
            Ok(header)
        } else {
            Err(VerifyError::AlgorithmNotAllowed)
        }
    }

    /// A header that is plain, holds each parameter once, and in which there is nothing to refuse.
    #[inline(always)]
    fn read_plain(document: &'a str) -> Option<Self> {
        const ALG: PlainName = name(b"alg");
        const KID: PlainName = name(b"kid");
        const TYP: PlainName = name(b"typ");
        let (mut algorithm, mut key_id, mut ignored) = (None, None, None);
        let mut others: Option<Names<'_>> = None;
        let mut members = PlainMembers::of(document);
        while let Some(member) = members.next()? {
            let parameter = match member.name {
                ALG => &mut algorithm,
                KID => &mut key_id,
                TYP => &mut ignored,
                _ => {
                    let name = members.name(member)?;
                    let others = others.get_or_insert_with(Names::new);
                    if name == "crit" || !others.insert(Text::plain(name)) {
                        return None;
                    }
                    continue;
                }
            };
            if parameter.replace(member.value).is_some() {
                return None;
            }
        }
        if others.is_some_and(|others| !others.are_distinct()) {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::from_name(algorithm?.text()?)?,
            key_id: KeyId::parse(key_id?.text()?)?,
        })
    }

    /// Any header, with the code of its first fault.
    #[inline(never)]
    fn read_any(
        document: &'a str,
        spare: &mut Spare<'a>,
        is_allowed: impl FnOnce(Algorithm) -> bool,
    ) -> Result<Self, VerifyError> {
        let parameters = Parameters::read(document)?;
        let algorithm = parameters.algorithm(is_allowed)?;
        let key_id = parameters
            .key_id()?
            .decode_into(spare)
            .and_then(KeyId::parse)
            .ok_or(VerifyError::KeyIdInvalid)?;
        parameters.refuse_critical()?;
        Ok(Self { algorithm, key_id })
    }
}

fields! {
    /// The parameters as they stand in the document.
    pub(crate) struct Parameters {
        algorithm = "alg",
        key_id = "kid",
        critical = "crit",
    }
}

impl<'a> Parameters<'a> {
    /// Reads the text of a header.
    pub(crate) fn read(document: &'a str) -> Result<Self, VerifyError> {
        fields::read(document).map_err(|error| match error {
            FieldsError::Syntax => VerifyError::InvalidHeader,
            FieldsError::TooDeep => VerifyError::NestingTooDeep,
            FieldsError::Duplicate => VerifyError::DuplicateHeader,
        })
    }

    /// `alg`, if it is known and the policy allows it.
    pub(crate) fn algorithm(
        &self,
        is_allowed: impl FnOnce(Algorithm) -> bool,
    ) -> Result<Algorithm, VerifyError> {
        let Some(Value::Text(name)) = self.algorithm else {
            return Err(VerifyError::AlgorithmMissing);
        };
        let algorithm =
            Algorithm::from_name(&name.decode()).ok_or(VerifyError::AlgorithmUnsupported)?;
        if is_allowed(algorithm) {
            Ok(algorithm)
        } else {
            Err(VerifyError::AlgorithmNotAllowed)
        }
    }

    /// Whether `alg` is HS256, for the tokens of which nothing else is taken.
    pub(crate) fn expect_hs256(&self) -> Result<(), VerifyError> {
        let Some(Value::Text(name)) = self.algorithm else {
            return Err(VerifyError::AlgorithmMissing);
        };
        if name.is(HS256) {
            return Ok(());
        }
        match Algorithm::from_name(&name.decode()) {
            Some(_) => Err(VerifyError::AlgorithmNotAllowed),
            None => Err(VerifyError::AlgorithmUnsupported),
        }
    }

    /// `kid`, in no grammar yet.
    pub(crate) const fn key_id(&self) -> Result<Text<'a>, VerifyError> {
        match self.key_id {
            Some(Value::Text(key_id)) => Ok(key_id),
            _ => Err(VerifyError::KeyIdMissing),
        }
    }

    /// No extension is known here (RFC 7515 section 4.1.11).
    pub(crate) const fn refuse_critical(&self) -> Result<(), VerifyError> {
        match self.critical {
            None => Ok(()),
            Some(_) => Err(VerifyError::CriticalHeader),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(document: &[u8]) -> Result<(Algorithm, String), VerifyError> {
        let mut room = vec![0; document.len()];
        let mut spare = Spare::new(&mut room);
        let header = Header::parse(document, &mut spare, |algorithm| {
            algorithm != Algorithm::Ps512
        })?;
        Ok((header.algorithm, header.key_id.as_str().to_owned()))
    }

    #[test]
    fn ignored_parameters_are_ignored_whatever_their_type() {
        let document = br#"{"typ":1,"jku":[],"jwk":null,"x5u":{},"x5c":"x","x5t":false,"x5t#S256":0,"zip":"DEF","kid":"a/b","alg":"RS256","b64":true}"#;
        assert_eq!(
            parse(document).unwrap(),
            (Algorithm::Rs256, "a/b".to_owned())
        );
    }

    #[test]
    fn escaped_names_and_values_count_as_what_they_spell() {
        let document = br#"{"\u0061lg":"ES\u0032\u0035\u0036","k\u0069d":"a\/b"}"#;
        assert_eq!(
            parse(document).unwrap(),
            (Algorithm::Es256, "a/b".to_owned())
        );
    }

    #[test]
    fn each_fault_has_its_code() {
        use VerifyError as E;
        let cases: [(&[u8], E); 19] = [
            (b"", E::InvalidHeader),
            (b"[]", E::InvalidHeader),
            (b"\xff", E::InvalidHeader),
            (
                br#"{"alg":"RS256","kid":"a/b","x":"\ud800"}"#,
                E::InvalidHeader,
            ),
            (
                br#"{"alg":"RS256","alg":"RS256","kid":"a/b"}"#,
                E::DuplicateHeader,
            ),
            (
                br#"{"alg":"RS256","kid":"a/b","\u006bid":"a/b"}"#,
                E::DuplicateHeader,
            ),
            (
                br#"{"alg":"RS256","kid":"a/b","x":1,"x":1}"#,
                E::DuplicateHeader,
            ),
            (
                br#"{"alg":"RS256","kid":"a/b","crit":1,"crit":1}"#,
                E::DuplicateHeader,
            ),
            (br#"{"kid":"a/b"}"#, E::AlgorithmMissing),
            (br#"{"alg":["RS256"],"kid":"a/b"}"#, E::AlgorithmMissing),
            (br#"{"alg":"none","kid":"a/b"}"#, E::AlgorithmUnsupported),
            (br#"{"alg":"HS256","kid":"a/b"}"#, E::AlgorithmUnsupported),
            (br#"{"alg":"rs256","kid":"a/b"}"#, E::AlgorithmUnsupported),
            (br#"{"alg":"PS512","kid":"a/b"}"#, E::AlgorithmNotAllowed),
            (br#"{"alg":"RS256"}"#, E::KeyIdMissing),
            (br#"{"alg":"RS256","kid":1}"#, E::KeyIdMissing),
            (br#"{"alg":"RS256","kid":"a/../b"}"#, E::KeyIdInvalid),
            (
                br#"{"alg":"RS256","kid":"a/b","crit":["exp"]}"#,
                E::CriticalHeader,
            ),
            (
                br#"{"alg":"RS256","kid":"a/b","crit":[]}"#,
                E::CriticalHeader,
            ),
        ];
        for (document, code) in cases {
            assert_eq!(
                parse(document).unwrap_err(),
                code,
                "{}",
                String::from_utf8_lossy(document)
            );
        }
        let deep = format!("{{\"x\":{}", "[".repeat(1000));
        assert_eq!(parse(deep.as_bytes()).unwrap_err(), E::NestingTooDeep);
    }
}
