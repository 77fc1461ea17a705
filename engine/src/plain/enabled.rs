//! From what `asap-accel` reads to what the engine checks.

pub(crate) use asap_accel::PlainRoom;
use asap_accel::PlainToken;

use super::Plain;
use crate::claims::{Audience, Claims, NumericDate};
use crate::crypto::Algorithm;
use crate::jws::Header;
use crate::keys::KeyId;

impl<'a> Plain<'a> {
    /// Reads a token. `None` if it is not plain, if there may be something to refuse, or if the processor is not one for
    /// which there is such a reader.
    ///
    /// The grammar of `iss` is not looked at here: of an issuer that owns its key it is the key's.
    #[inline(always)]
    pub(crate) fn read(token: &'a [u8], room: &'a mut PlainRoom) -> Option<Self> {
        let plain = PlainToken::read(token, room)?;
        Some(Self {
            signing_input: plain.signing_input,
            signature: plain.signature,
            header: Header {
                algorithm: Algorithm::from_name(plain.algorithm)?,
                key_id: KeyId::parse(plain.key_id)?,
            },
            claims: Claims {
                issuer: plain.issuer,
                expires_at: NumericDate::Whole(plain.expires_at),
                issued_at: NumericDate::Whole(plain.issued_at),
                audience: Audience::from_spelling(plain.audience.spelling, plain.audience.is_array),
                token_id: plain.token_id,
                not_before: plain.not_before.map(NumericDate::Whole),
                subject: plain.subject,
                document: plain.document,
            },
        })
    }
}
