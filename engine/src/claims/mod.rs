//! The claims of a token (RFC 7519 section 4, and the specification's "The claims of the JWT token MUST contain").
//!
//! Second stage of the way of a token: from the decoded payload to typed claims that borrow from it. Claims that
//! the specification does not name are ignored whatever their type and number. Nothing here is verified.

mod audience;
mod decimal;
mod numeric_date;

pub use audience::Audience;
pub(crate) use numeric_date::NumericDate;

use crate::error::VerifyError;
use crate::jws::fields::{self, FieldsError, fields};
use crate::jws::json::plain::{PlainMember, PlainMembers, PlainName, name};
use crate::jws::json::{Spare, Text, Value};
use crate::jws::names::Names;
use crate::keys::{KeyId, is_service_identifier};

/// The claims that take part in a verification, and the document they stand in.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) expires_at: NumericDate<'a>,
    pub(crate) issued_at: NumericDate<'a>,
    pub(crate) audience: Audience<'a>,
    pub(crate) token_id: &'a str,
    pub(crate) not_before: Option<NumericDate<'a>>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) document: &'a str,
}

impl<'a> Claims<'a> {
    /// Reads a decoded payload, as a policy does. `key_id` is what the header says, of which `iss` is most often a
    /// prefix.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn parse(
        unverified: &'a [u8],
        key_id: KeyId<'_>,
        spare: &mut Spare<'a>,
    ) -> Result<Self, VerifyError> {
        let document = Self::document(unverified)?;
        match Self::read_plain(document, key_id) {
            Some(claims) => Ok(claims),
            None => Self::read_any(document, key_id, spare),
        }
    }

    /// The text of a decoded payload. The whole of it first: a bad byte in a claim that nobody reads is a bad byte
    /// (RFC 7519 section 7.2).
    pub(crate) fn document(unverified: &'a [u8]) -> Result<&'a str, VerifyError> {
        simdutf8::basic::from_utf8(unverified).map_err(|_| VerifyError::InvalidClaims)
    }

    /// The claims of a payload that is plain, holds each once, and in which there is nothing to refuse.
    #[inline(always)]
    pub(crate) fn read_plain(document: &'a str, key_id: KeyId<'_>) -> Option<Self> {
        const ISS: PlainName = name(b"iss");
        const EXP: PlainName = name(b"exp");
        const IAT: PlainName = name(b"iat");
        const AUD: PlainName = name(b"aud");
        const JTI: PlainName = name(b"jti");
        const NBF: PlainName = name(b"nbf");
        const SUB: PlainName = name(b"sub");
        let (mut issuer, mut subject, mut audience, mut token_id) = (None, None, None, None);
        let (mut expires_at, mut issued_at, mut not_before) = (None, None, None);
        let mut others: Option<Names<'_>> = None;
        let mut members = PlainMembers::of(document);
        while let Some(member) = members.next()? {
            let PlainMember { name, value, .. } = member;
            let is_again = match name {
                ISS => issuer.replace(value.text()?).is_some(),
                SUB => subject.replace(value.text()?).is_some(),
                AUD => audience.replace(Audience::plain(value)?).is_some(),
                JTI => token_id.replace(value.text()?).is_some(),
                EXP => expires_at.replace(value.whole()?).is_some(),
                IAT => issued_at.replace(value.whole()?).is_some(),
                NBF => not_before.replace(value.whole()?).is_some(),
                _ => {
                    let others = others.get_or_insert_with(Names::new);
                    !others.insert(Text::plain(members.name(member)?))
                }
            };
            if is_again {
                return None;
            }
        }
        if others.is_some_and(|others| !others.are_distinct()) {
            return None;
        }
        Some(Self {
            issuer: well_formed(issuer?, key_id)?,
            expires_at: NumericDate::Whole(expires_at?),
            issued_at: NumericDate::Whole(issued_at?),
            audience: audience?,
            token_id: token_id?,
            not_before: not_before.map(NumericDate::Whole),
            subject,
            document,
        })
    }

    /// The claims of any payload, with the code of its first fault.
    pub(crate) fn read_any(
        document: &'a str,
        key_id: KeyId<'_>,
        spare: &mut Spare<'a>,
    ) -> Result<Self, VerifyError> {
        let fields: Fields<'_> = fields::read(document).map_err(refusal)?;
        Ok(Self {
            issuer: issuer(fields.issuer, key_id, spare)?,
            expires_at: date(
                fields.expires_at.ok_or(VerifyError::ExpiryMissing)?,
                VerifyError::ExpiryInvalid,
            )?,
            issued_at: date(
                fields.issued_at.ok_or(VerifyError::IssuedAtMissing)?,
                VerifyError::IssuedAtInvalid,
            )?,
            audience: audience(fields.audience, spare)?,
            token_id: text(
                fields.token_id.ok_or(VerifyError::TokenIdMissing)?,
                spare,
                VerifyError::TokenIdInvalid,
            )?,
            not_before: fields
                .not_before
                .map(|value| date(value, VerifyError::NotBeforeInvalid))
                .transpose()?,
            subject: fields
                .subject
                .map(|value| text(value, spare, VerifyError::SubjectInvalid))
                .transpose()?,
            document,
        })
    }

    /// When the token begins to be valid: "a missing nbf claim defaults to the value of iat".
    pub(crate) fn valid_from(&self) -> NumericDate<'a> {
        self.not_before.unwrap_or(self.issued_at)
    }
}

fn issuer<'a>(
    value: Option<Value<'a>>,
    key_id: KeyId<'_>,
    spare: &mut Spare<'a>,
) -> Result<&'a str, VerifyError> {
    let value = value.ok_or(VerifyError::IssuerMissing)?;
    let issuer = text(value, spare, VerifyError::IssuerInvalid)?;
    well_formed(issuer, key_id).ok_or(VerifyError::IssuerInvalid)
}

/// `issuer`, if it is a service identifier.
fn well_formed<'a>(issuer: &'a str, key_id: KeyId<'_>) -> Option<&'a str> {
    // The segments before a slash of a well-formed key id are a well-formed service identifier.
    (key_id.is_owned_by(issuer) || is_service_identifier(issuer)).then_some(issuer)
}

/// `aud`.
pub(crate) fn audience<'a>(
    value: Option<Value<'a>>,
    spare: &mut Spare<'a>,
) -> Result<Audience<'a>, VerifyError> {
    match value.ok_or(VerifyError::AudienceMissing)? {
        Value::Array(array) => Audience::array(array).ok_or(VerifyError::AudienceInvalid),
        value => text(value, spare, VerifyError::AudienceInvalid).map(Audience::single),
    }
}

/// A claim that is a string.
pub(crate) fn text<'a>(
    value: Value<'a>,
    spare: &mut Spare<'a>,
    invalid: VerifyError,
) -> Result<&'a str, VerifyError> {
    match value {
        Value::Text(text) => text.decode_into(spare).ok_or(invalid),
        _ => Err(invalid),
    }
}

/// A claim that is a time.
pub(crate) fn date(value: Value<'_>, invalid: VerifyError) -> Result<NumericDate<'_>, VerifyError> {
    match value {
        Value::Number(number) => Ok(NumericDate::new(number)),
        _ => Err(invalid),
    }
}

fields! {
    /// The claims as they stand in the document.
    struct Fields {
        issuer = "iss",
        expires_at = "exp",
        issued_at = "iat",
        audience = "aud",
        token_id = "jti",
        not_before = "nbf",
        subject = "sub",
    }
}

/// What is wrong with a payload that is no object of claims.
pub(crate) const fn refusal(error: FieldsError) -> VerifyError {
    match error {
        FieldsError::Syntax => VerifyError::InvalidClaims,
        FieldsError::TooDeep => VerifyError::NestingTooDeep,
        FieldsError::Duplicate => VerifyError::DuplicateClaim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#""iss":"svc","exp":2,"iat":1,"aud":"here","jti":"1""#;

    fn parse<R>(document: &str, look: impl FnOnce(Claims<'_>) -> R) -> Result<R, VerifyError> {
        let mut room = vec![0; document.len()];
        let key_id = KeyId::parse("svc/key").unwrap();
        Claims::parse(document.as_bytes(), key_id, &mut Spare::new(&mut room)).map(look)
    }

    fn code(document: &str) -> VerifyError {
        parse(document, |_| ()).unwrap_err()
    }

    #[test]
    fn the_named_claims_are_read_and_others_ignored_whatever_their_type() {
        let document = format!(
            r#"{{{GOOD},"sub":"sv\u0063","nbf":1.5,"x":null,"y":{{"iss":[]}},"exp ":"2","ISS":1,"":0}}"#
        );
        parse(&document, |claims| {
            assert_eq!(
                (claims.issuer, claims.token_id, claims.subject),
                ("svc", "1", Some("svc"))
            );
            assert!(claims.audience.contains("here"));
            assert_eq!(claims.valid_from().floor().to_string(), "1.5");
        })
        .unwrap();
        parse(&format!("{{{GOOD}}}"), |claims| {
            assert_eq!(claims.subject, None);
            assert_eq!(claims.valid_from().floor().to_string(), "1");
        })
        .unwrap();
    }

    #[test]
    fn five_hundred_unknown_claims_are_legal() {
        let others: String = (0..500)
            .map(|number| format!(",\"c{number}\":{number}"))
            .collect();
        assert!(parse(&format!("{{{GOOD}{others}}}"), |_| ()).is_ok());
        assert_eq!(
            code(&format!("{{{GOOD}{others},\"c499\":0}}")),
            VerifyError::DuplicateClaim
        );
    }

    #[test]
    fn each_missing_or_ill_typed_claim_has_its_code() {
        use VerifyError as E;
        for (claim, missing, invalid, bad) in [
            (
                r#""iss":"svc""#,
                E::IssuerMissing,
                E::IssuerInvalid,
                &["1", "null", "\"\"", "\"a/../b\"", "\"a b\"", "[\"svc\"]"][..],
            ),
            (
                r#""exp":2"#,
                E::ExpiryMissing,
                E::ExpiryInvalid,
                &["\"2\"", "null", "true", "[2]"],
            ),
            (
                r#""iat":1"#,
                E::IssuedAtMissing,
                E::IssuedAtInvalid,
                &["\"1\"", "null", "false", "{}"],
            ),
            (
                r#""aud":"here""#,
                E::AudienceMissing,
                E::AudienceInvalid,
                &["1", "null", "[1]", "[\"here\",null]", "{}"],
            ),
            (
                r#""jti":"1""#,
                E::TokenIdMissing,
                E::TokenIdInvalid,
                &["1", "null", "[]"],
            ),
        ] {
            let without = format!("{{{GOOD}}}").replacen(claim, "\"x\":0", 1);
            assert_eq!(code(&without), missing, "{without}");
            let (name, _) = claim.split_once(':').unwrap();
            for value in bad {
                let document = format!("{{{GOOD}}}").replacen(claim, &format!("{name}:{value}"), 1);
                assert_eq!(code(&document), invalid, "{document}");
            }
        }
        for value in ["\"1\"", "null", "[]"] {
            assert_eq!(
                code(&format!("{{{GOOD},\"nbf\":{value}}}")),
                E::NotBeforeInvalid
            );
        }
        for value in ["1", "null", "[]"] {
            assert_eq!(
                code(&format!("{{{GOOD},\"sub\":{value}}}")),
                E::SubjectInvalid
            );
        }
    }

    #[test]
    fn duplicates_are_found_after_unescaping() {
        for again in [
            r#""iss":"svc""#,
            r#""\u0069ss":"svc""#,
            r#""x":1,"\u0078":1"#,
        ] {
            assert_eq!(
                code(&format!("{{{GOOD},{again}}}")),
                VerifyError::DuplicateClaim
            );
        }
    }

    #[test]
    fn a_bad_byte_in_an_ignored_claim_refuses_the_payload() {
        let mut document = format!("{{{GOOD},\"x\":\"y\"}}").into_bytes();
        let position = document.len() - 3;
        document[position] = 0xff;
        let parsed = Claims::parse(
            &document,
            KeyId::parse("svc/key").unwrap(),
            &mut Spare::new(&mut []),
        );
        assert_eq!(parsed.err(), Some(VerifyError::InvalidClaims));
    }
}
